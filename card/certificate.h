/* SPDX-License-Identifier: BSD-2-Clause */
/* X.509 certificates as cards hold them. */
#ifndef CARD_CERTIFICATE_H
#define CARD_CERTIFICATE_H

#include "buffer.h"
#include "error.h"

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* The longest certificate that is believed, in bytes; also after decompression. */
#define CERTIFICATE_MAX 65536

/*
 * The public key in a certificate (DER, and nothing after it), for EVP_PKEY_free(). Only kinds of
 * keys that a card can hold. ERROR_CARD_ANSWER.
 */
struct error *certificate_public_key(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length,
                                     EVP_PKEY **out) MUST_CHECK;

/* When its validity begins; *out is -1 for what is no time. ERROR_CARD_ANSWER for no certificate.
 */
struct error *certificate_not_before(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length,
                                     time_t *out) MUST_CHECK;

/*
 * Undoes gzip (RFC 1952), up to CERTIFICATE_MAX bytes, into the empty buffer `out`.
 * ERROR_CARD_ANSWER.
 */
struct error *certificate_decompress(const uint8_t *compressed, size_t length,
                                     struct buffer *out) MUST_CHECK;

#endif
