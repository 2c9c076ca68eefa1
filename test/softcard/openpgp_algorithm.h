/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_OPENPGP_ALGORITHM_H
#define SOFTCARD_OPENPGP_ALGORITHM_H

#include "bytes.h"
#include "crypto.h"
#include "openpgp_state.h"

/* How algorithm attributes name what a key is for (OpenPGP card 3.4.1, 4.4.3; RFC 4880 and
 * 6637). */
enum soft_pgp_kind {
    SOFT_PGP_RSA = 0x01,
    SOFT_PGP_ECDH = 0x12,
    SOFT_PGP_ECDSA = 0x13,
    SOFT_PGP_EDDSA = 0x16,
};

/*
 * What algorithm attributes (the value of C1, C2 or C3) mean: the algorithm, or NULL where a card
 * whose RSA keys have exponents of so many bits has none such for that key.
 */
const struct soft_algorithm *soft_pgp_attributes_read(enum soft_pgp_slot slot, const uint8_t *data,
                                                      size_t length, uint8_t exponent_bits);

/* Appends the attributes of a key of that algorithm. False when such keys are of no use there. */
bool soft_pgp_attributes_append(enum soft_pgp_slot slot, const struct soft_algorithm *algorithm,
                                uint8_t exponent_bits, struct soft_bytes *out);

/* The key's attributes as they are, and the algorithm that they stand for: NULL only in a state
 * that was edited by hand. */
const struct soft_bytes *soft_pgp_attributes(const struct soft_openpgp *openpgp,
                                             enum soft_pgp_slot slot);
const struct soft_algorithm *soft_pgp_algorithm(const struct soft_openpgp *openpgp,
                                                enum soft_pgp_slot slot);

/* Appends what DO FA holds: the attributes of everything that there is, for each key. */
void soft_pgp_algorithms_append(uint8_t exponent_bits, struct soft_bytes *out);

/* The object identifier of a curve, without tag and length; NULL for RSA. */
const uint8_t *soft_pgp_curve(const struct soft_algorithm *algorithm, size_t *length);

/*
 * Appends the fingerprint, 20 bytes, that OpenPGP (RFC 4880, 12.2) gives such a key made at `time`,
 * seconds since 1970. False when OpenSSL fails.
 */
bool soft_pgp_fingerprint(enum soft_pgp_slot slot, const struct soft_algorithm *algorithm,
                          EVP_PKEY *key, uint32_t time, struct soft_bytes *out);

#endif
