/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates as the state keeps them: PEM text. */
#ifndef REISSUE_CERTIFICATE_TEXT_H
#define REISSUE_CERTIFICATE_TEXT_H

#include "certificate_file.h"
#include "fingerprint.h"

/* The first certificate in `pem`, for X509_free(). ERROR_CERTIFICATE. */
struct error *certificate_from_pem(const char *pem, X509 **out) MUST_CHECK;

/* A part of the bundle as PEM, for free(). */
struct error *certificate_bundle_pem(const struct certificate_bundle *bundle,
                                     enum certificate_part part, char **out) MUST_CHECK;

/* The certificate as PEM, for free(). */
struct error *certificate_to_pem(X509 *certificate, char **out) MUST_CHECK;

/* SHA-256 of the first certificate in `pem`. */
struct error *certificate_pem_fingerprint(const char *pem, char out[FINGERPRINT_SIZE]) MUST_CHECK;

#endif
