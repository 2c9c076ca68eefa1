/* SPDX-License-Identifier: BSD-2-Clause */
/* What OpenPGP would call a key, so that keys made by --key look to a stranger like those that
 * somebody's OpenPGP program made. */
#include "openpgp_algorithm.h"
#include "tlv.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

/* RFC 4880, 3.2: the number of bits, then the number without leading zeros. */
static void mpi_append(struct soft_bytes *out, const uint8_t *data, size_t length)
{
    size_t bits;

    while (length > 0 && data[0] == 0) {
        data++;
        length--;
    }
    bits = length * 8;
    for (unsigned mask = 0x80; length > 0 && (data[0] & mask) == 0; mask >>= 1)
        bits--;
    soft_bytes_append_byte(out, (uint8_t)(bits >> 8));
    soft_bytes_append_byte(out, (uint8_t)bits);
    soft_bytes_append(out, data, length);
}

/* RFC 6637, 9: the point; points of the 25519 curves are marked by a 40 before them. */
static void point_append(struct soft_bytes *out, const struct soft_algorithm *algorithm,
                         const struct soft_tlv *point)
{
    struct soft_bytes marked = {0};

    if (algorithm->type != SOFT_TYPE_EC)
        soft_bytes_append_byte(&marked, 0x40);
    soft_bytes_append(&marked, point->value, point->length);
    mpi_append(out, marked.data, marked.length);
    soft_bytes_free(&marked);
}

/* RFC 6637, 13: SHA-256 and AES-128, SHA-384 and AES-192, SHA-512 and AES-256. */
static void kdf_append(struct soft_bytes *out, const struct soft_algorithm *algorithm)
{
    const uint8_t hash = algorithm->size <= 32 ? 0x08 : algorithm->size <= 48 ? 0x09 : 0x0A;
    const uint8_t parameters[] = {0x03, 0x01, hash, (uint8_t)(hash - 1)};

    soft_bytes_append(out, parameters, sizeof(parameters));
}

/* RFC 4880, 5.5.2: what follows the version and the time. */
static bool material_append(enum soft_pgp_slot slot, const struct soft_algorithm *algorithm,
                            const struct soft_bytes *public, struct soft_bytes *out)
{
    struct soft_tlv first;
    struct soft_tlv second;
    const uint8_t *oid;
    size_t length;

    if (algorithm->type == SOFT_TYPE_RSA) {
        soft_bytes_append_byte(out, SOFT_PGP_RSA);
        if (!soft_tlv_find(public->data, public->length, 0x81, &first) ||
            !soft_tlv_find(public->data, public->length, 0x82, &second))
            return false;
        mpi_append(out, first.value, first.length);
        mpi_append(out, second.value, second.length);
        return true;
    }
    oid = soft_pgp_curve(algorithm, &length);
    if (oid == NULL || !soft_tlv_find(public->data, public->length, 0x86, &first))
        return false;
    soft_bytes_append_byte(out, slot == SOFT_PGP_DEC                   ? SOFT_PGP_ECDH
                                : algorithm->type == SOFT_TYPE_ED25519 ? SOFT_PGP_EDDSA
                                                                       : SOFT_PGP_ECDSA);
    soft_bytes_append_byte(out, (uint8_t)length);
    soft_bytes_append(out, oid, length);
    point_append(out, algorithm, &first);
    if (slot == SOFT_PGP_DEC)
        kdf_append(out, algorithm);
    return true;
}

bool soft_pgp_fingerprint(enum soft_pgp_slot slot, const struct soft_algorithm *algorithm,
                          EVP_PKEY *key, uint32_t time, struct soft_bytes *out)
{
    struct soft_bytes public = {0};
    struct soft_bytes packet = {0};
    uint8_t digest[SHA_DIGEST_LENGTH];
    size_t length;
    bool good;

    soft_bytes_append(&packet, "\x99\0\0\x04", 4);
    for (int shift = 24; shift >= 0; shift -= 8)
        soft_bytes_append_byte(&packet, (uint8_t)(time >> shift));
    good = soft_key_public(algorithm, key, &public) &&
           material_append(slot, algorithm, &public, &packet);
    length = packet.length - 3;
    packet.data[1] = (uint8_t)(length >> 8);
    packet.data[2] = (uint8_t)length;
    good = good && EVP_Digest(packet.data, packet.length, digest, NULL, EVP_sha1(), NULL) == 1;
    if (good)
        soft_bytes_append(out, digest, sizeof(digest));
    soft_bytes_free(&public);
    soft_bytes_free(&packet);
    return good;
}
