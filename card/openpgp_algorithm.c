/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP: kinds of keys, and the attributes that stand for them. Sections 4.4.3.9 and 4.4.3.10. */
#include "openpgp.h"
#include "public_key.h"

#include <string.h>
#include <strings.h>

/* How an RSA key would be imported: modulus and exponent, and the primes ("standard", 00). */
#define IMPORT_STANDARD 0x00

/* Curve25519's are GnuPG's object identifiers, which it named before RFC 8410 had others. */
static const struct openpgp_algorithm algorithms[] = {
    {"RSA-2048", "RSA", 2048, NULL, {0}, 0},
    {"RSA-3072", "RSA", 3072, NULL, {0}, 0},
    {"RSA-4096", "RSA", 4096, NULL, {0}, 0},
    {"P-256", "EC", 256, "P-256", {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07}, 8},
    {"P-384", "EC", 384, "P-384", {0x2B, 0x81, 0x04, 0x00, 0x22}, 5},
    {"P-521", "EC", 521, "P-521", {0x2B, 0x81, 0x04, 0x00, 0x23}, 5},
    {"secp256k1", "EC", 256, "secp256k1", {0x2B, 0x81, 0x04, 0x00, 0x0A}, 5},
    {"brainpoolP256r1",
     "EC",
     256,
     "brainpoolP256r1",
     {0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07},
     9},
    {"brainpoolP384r1",
     "EC",
     384,
     "brainpoolP384r1",
     {0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0B},
     9},
    {"brainpoolP512r1",
     "EC",
     512,
     "brainpoolP512r1",
     {0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0D},
     9},
    {"Ed25519", "ED25519", 256, NULL, {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01}, 9},
    {"X25519",
     "X25519",
     253,
     NULL,
     {0x2B, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01},
     10},
};

#define ALGORITHM_COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

const struct openpgp_algorithm *openpgp_algorithm_at(size_t index)
{
    return index < ALGORITHM_COUNT ? &algorithms[index] : NULL;
}

const struct openpgp_algorithm *openpgp_algorithm_named(const char *name)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++)
        if (strcasecmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    return NULL;
}

const struct openpgp_algorithm *openpgp_algorithm_of_key(const EVP_PKEY *key)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        const struct openpgp_algorithm *algorithm = &algorithms[i];
        if (EVP_PKEY_is_a(key, algorithm->type) && EVP_PKEY_get_bits(key) == algorithm->bits &&
            (algorithm->curve == NULL || public_key_is_on(key, algorithm->curve)))
            return algorithm;
    }
    return NULL;
}

static const struct openpgp_algorithm *rsa_of_bits(int bits)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++)
        if (algorithms[i].oid_length == 0 && algorithms[i].bits == bits)
            return &algorithms[i];
    return NULL;
}

/* After the curve there may be a format for imports: FF, or 00. */
static bool is_curve(const struct openpgp_algorithm *algorithm,
                     const struct openpgp_attributes *attributes)
{
    size_t length = 1 + algorithm->oid_length;
    if (algorithm->oid_length == 0 || attributes->length < length ||
        memcmp(attributes->bytes + 1, algorithm->oid, algorithm->oid_length) != 0)
        return false;
    return attributes->length == length ||
           (attributes->length == length + 1 &&
            (attributes->bytes[length] == 0xFF || attributes->bytes[length] == 0x00));
}

const struct openpgp_algorithm *openpgp_algorithm_of(const struct openpgp_attributes *attributes)
{
    const uint8_t *bytes = attributes->bytes;
    if (attributes->length == 0)
        return NULL;
    if (bytes[0] == OPENPGP_RSA)
        return attributes->length < 5 ? NULL : rsa_of_bits(bytes[1] << 8 | bytes[2]);
    if (bytes[0] != OPENPGP_ECDH && bytes[0] != OPENPGP_ECDSA && bytes[0] != OPENPGP_EDDSA)
        return NULL;
    for (size_t i = 0; i < ALGORITHM_COUNT; i++)
        if (is_curve(&algorithms[i], attributes))
            return &algorithms[i];
    return NULL;
}

uint8_t openpgp_algorithm_kind(enum openpgp_slot slot, const struct openpgp_algorithm *algorithm)
{
    bool decrypts = slot == OPENPGP_DEC;
    if (strcmp(algorithm->type, "RSA") == 0)
        return OPENPGP_RSA;
    if (strcmp(algorithm->type, "EC") == 0)
        return decrypts ? OPENPGP_ECDH : OPENPGP_ECDSA;
    if (strcmp(algorithm->type, "X25519") == 0)
        return decrypts ? OPENPGP_ECDH : 0;
    return decrypts ? 0 : OPENPGP_EDDSA;
}

void openpgp_attributes_make(enum openpgp_slot slot, const struct openpgp_algorithm *algorithm,
                             uint8_t exponent_bits, struct openpgp_attributes *out)
{
    *out = (struct openpgp_attributes){{openpgp_algorithm_kind(slot, algorithm)}, 1};
    if (algorithm->oid_length > 0) {
        memcpy(out->bytes + 1, algorithm->oid, algorithm->oid_length);
        out->length += algorithm->oid_length;
        return;
    }
    out->bytes[1] = (uint8_t)(algorithm->bits >> 8);
    out->bytes[2] = (uint8_t)algorithm->bits;
    out->bytes[3] = 0;
    out->bytes[4] = exponent_bits;
    out->bytes[5] = IMPORT_STANDARD;
    out->length = 6;
}
