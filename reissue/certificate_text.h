/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates as the state keeps them: PEM text. */
#ifndef REISSUE_CERTIFICATE_TEXT_H
#define REISSUE_CERTIFICATE_TEXT_H

#include "card/error.h"
#include "public_key_text.h"

#include <openssl/x509.h>

/* The first certificate in `pem`, for X509_free(). */
struct error *certificate_from_pem(const char *pem, X509 **out) MUST_CHECK;

/* The certificate as PEM, for free(). */
struct error *certificate_to_pem(X509 *certificate, char **out) MUST_CHECK;

/* SHA-256 of the first certificate in `pem`. */
struct error *certificate_fingerprint(const char *pem, char out[FINGERPRINT_SIZE]) MUST_CHECK;

/* When it ends, as Unix time. */
struct error *certificate_end(const X509 *certificate, time_t *out) MUST_CHECK;

#endif
