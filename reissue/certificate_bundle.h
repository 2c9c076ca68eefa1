/* SPDX-License-Identifier: BSD-2-Clause */
/* What CAs send back: certificates in PEM, DER or PKCS #7, in whatever order, with or without
 * chain. */
#ifndef REISSUE_CERTIFICATE_BUNDLE_H
#define REISSUE_CERTIFICATE_BUNDLE_H

#include "card/error.h"

#include <openssl/x509.h>
#include <stddef.h>

/* Every certificate in the bytes, for sk_X509_pop_free(). ERROR_ARGUMENT where there is none. */
struct error *certificate_bundle_parse(const void *bytes, size_t length,
                                       STACK_OF(X509) * *out) MUST_CHECK;

/* The same, as PEM one after the other, for free(). */
struct error *certificate_bundle_to_pem(const void *bytes, size_t length, char **out) MUST_CHECK;

/*
 * The certificate whose public key has that fingerprint, as PEM, and the chain from its issuer on
 * as far as it goes among the others, without a self-signed root; both for free(). What belongs to
 * neither is left out. ERROR_OTHER_KEY where none is for that key.
 */
struct error *certificate_bundle_split(const STACK_OF(X509) * bundle, const char *public_key,
                                       char **certificate, char **chain) MUST_CHECK;

#endif
