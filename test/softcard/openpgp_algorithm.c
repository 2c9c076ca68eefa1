/* SPDX-License-Identifier: BSD-2-Clause */
#include "openpgp_algorithm.h"

#include "tlv.h"

#include <string.h>

#define FORMAT_MOST 0x03 /* of RSA keys for import: standard or CRT, with or without modulus */

struct curve {
    uint8_t id;
    uint8_t length;
    uint8_t oid[10];
};

/* OpenPGP card 3.4.1, 4.4.3; the last two are GnuPG's, which names them so, and not as RFC 8410
 * does. */
static const struct curve curves[] = {
    {SOFT_P256, 8, {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07}},
    {SOFT_P384, 5, {0x2B, 0x81, 0x04, 0x00, 0x22}},
    {SOFT_P521, 5, {0x2B, 0x81, 0x04, 0x00, 0x23}},
    {SOFT_SECP256K1, 5, {0x2B, 0x81, 0x04, 0x00, 0x0A}},
    {SOFT_BRAINPOOL_256, 9, {0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07}},
    {SOFT_BRAINPOOL_384, 9, {0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0B}},
    {SOFT_BRAINPOOL_512, 9, {0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0D}},
    {SOFT_ED25519, 9, {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01}},
    {SOFT_X25519, 10, {0x2B, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01}},
};

static const uint8_t rsa_ids[] = {SOFT_RSA_2048, SOFT_RSA_3072, SOFT_RSA_4096};

#define CURVE_COUNT (sizeof(curves) / sizeof(curves[0]))

/* What keys of that algorithm are called there, or 0: Ed25519 decrypts nothing, X25519 does nothing
 * else. */
static uint8_t kind_of(enum soft_pgp_slot slot, const struct soft_algorithm *algorithm)
{
    switch (algorithm->type) {
    case SOFT_TYPE_RSA:
        return SOFT_PGP_RSA;
    case SOFT_TYPE_EC:
        return slot == SOFT_PGP_DEC ? SOFT_PGP_ECDH : SOFT_PGP_ECDSA;
    case SOFT_TYPE_ED25519:
        return slot == SOFT_PGP_DEC ? 0 : SOFT_PGP_EDDSA;
    case SOFT_TYPE_X25519:
        return slot == SOFT_PGP_DEC ? SOFT_PGP_ECDH : 0;
    }
    return 0;
}

const uint8_t *soft_pgp_curve(const struct soft_algorithm *algorithm, size_t *length)
{
    for (size_t i = 0; i < CURVE_COUNT; i++) {
        if (curves[i].id == algorithm->id) {
            *length = curves[i].length;
            return curves[i].oid;
        }
    }
    return NULL;
}

/* 01, bits of the modulus, bits of the exponent, import format. */
static const struct soft_algorithm *rsa_read(const uint8_t *data, size_t length,
                                             uint8_t exponent_bits)
{
    size_t bits;

    if (length != 6 || data[3] != 0 || data[4] != exponent_bits || data[5] > FORMAT_MOST)
        return NULL;
    bits = (size_t)data[1] << 8 | data[2];
    for (size_t i = 0; i < sizeof(rsa_ids); i++) {
        const struct soft_algorithm *algorithm = soft_algorithm_find(rsa_ids[i]);

        if (algorithm->size * 8 == bits)
            return algorithm;
    }
    return NULL;
}

const struct soft_algorithm *soft_pgp_attributes_read(enum soft_pgp_slot slot, const uint8_t *data,
                                                      size_t length, uint8_t exponent_bits)
{
    if (length > 0 && data[0] == SOFT_PGP_RSA)
        return rsa_read(data, length, exponent_bits);
    /* The last byte may be the import format: FF says "with the public key". */
    if (length > 1 && data[length - 1] == 0xFF)
        length--;
    for (size_t i = 0; i < CURVE_COUNT; i++) {
        const struct soft_algorithm *algorithm = soft_algorithm_find(curves[i].id);

        if (length == 1u + curves[i].length && data[0] == kind_of(slot, algorithm) &&
            memcmp(data + 1, curves[i].oid, curves[i].length) == 0)
            return algorithm;
    }
    return NULL;
}

bool soft_pgp_attributes_append(enum soft_pgp_slot slot, const struct soft_algorithm *algorithm,
                                uint8_t exponent_bits, struct soft_bytes *out)
{
    uint8_t kind = kind_of(slot, algorithm);
    const uint8_t *oid;
    size_t length;

    if (kind == SOFT_PGP_RSA && memchr(rsa_ids, algorithm->id, sizeof(rsa_ids)) != NULL) {
        const uint8_t attributes[] = {kind, (uint8_t)(algorithm->size >> 5), 0, 0, exponent_bits,
                                      0x00};

        soft_bytes_append(out, attributes, sizeof(attributes));
        return true;
    }
    oid = soft_pgp_curve(algorithm, &length);
    if (kind == 0 || oid == NULL)
        return false;
    soft_bytes_append_byte(out, kind);
    soft_bytes_append(out, oid, length);
    return true;
}

const struct soft_bytes *soft_pgp_attributes(const struct soft_openpgp *openpgp,
                                             enum soft_pgp_slot slot)
{
    return soft_objects_find(&openpgp->objects, 0xC1u + (uint32_t)slot);
}

const struct soft_algorithm *soft_pgp_algorithm(const struct soft_openpgp *openpgp,
                                                enum soft_pgp_slot slot)
{
    const struct soft_bytes *attributes = soft_pgp_attributes(openpgp, slot);

    if (attributes == NULL || attributes->length < 5)
        return NULL;
    /* Whatever the exponent's bits are: they were right when the attributes were written. */
    return soft_pgp_attributes_read(slot, attributes->data, attributes->length,
                                    attributes->data[4]);
}

static void algorithm_append(enum soft_pgp_slot slot, uint8_t id, uint8_t exponent_bits,
                             struct soft_bytes *out)
{
    struct soft_bytes attributes = {0};

    if (soft_pgp_attributes_append(slot, soft_algorithm_find(id), exponent_bits, &attributes))
        soft_tlv_append(out, 0xC1u + (uint32_t)slot, attributes.data, attributes.length);
    soft_bytes_free(&attributes);
}

void soft_pgp_algorithms_append(uint8_t exponent_bits, struct soft_bytes *out)
{
    for (unsigned slot = 0; slot < SOFT_PGP_SLOTS; slot++) {
        for (size_t i = 0; i < sizeof(rsa_ids); i++)
            algorithm_append((enum soft_pgp_slot)slot, rsa_ids[i], exponent_bits, out);
        for (size_t i = 0; i < CURVE_COUNT; i++)
            algorithm_append((enum soft_pgp_slot)slot, curves[i].id, exponent_bits, out);
    }
}
