/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_ATTEST_H
#define SOFTCARD_ATTEST_H

#include "state.h"

#include <openssl/x509.h>

/* What the card calls its firmware: the first three bytes of the answer to Yubico's FD. */
extern uint8_t soft_firmware[3];

/*
 * Gives a new card its attestation key F9, with a certificate under a root made for the occasion.
 * The root's certificate stays in the state, its key is thrown away. Returns false when OpenSSL
 * fails.
 */
bool soft_attest_init(struct soft_state *state);

/*
 * Appends a certificate, DER, signed with F9, that says that the key in the slot was made on this
 * card, with Yubico's extensions for firmware, serial number and policies. False when OpenSSL
 * fails.
 */
bool soft_attest_key(const struct soft_state *state, uint8_t slot, struct soft_bytes *out);

/*
 * Makes a certificate. `subject` is written /CN=x/O=y; issuer NULL means self-signed. NULL when
 * OpenSSL fails or `subject` is malformed. The caller owns it; it is not signed yet.
 */
X509 *soft_certificate_new(const char *subject, const X509 *issuer, EVP_PKEY *key);

/* Adds an extension by OpenSSL's name for it, and signs with the digest that goes with the key. */
bool soft_certificate_extend(X509 *certificate, int nid, const char *value);
bool soft_certificate_sign(X509 *certificate, EVP_PKEY *key);

/* Stores a certificate where GET DATA finds it: 53 { 70 certificate, 71 info, FE }, with gzip if
 * so. */
bool soft_certificate_store(struct soft_state *state, uint32_t tag, const X509 *certificate,
                            bool gzip);

#endif
