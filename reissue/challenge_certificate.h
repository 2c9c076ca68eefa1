/* SPDX-License-Identifier: BSD-2-Clause */
/* The certificate that meets tls-alpn-01 (RFC 8737, 3). */
#ifndef REISSUE_CHALLENGE_CERTIFICATE_H
#define REISSUE_CHALLENGE_CERTIFICATE_H

#include "card/error.h"

#include <openssl/types.h>
#include <stdbool.h>

/*
 * A self-signed certificate for the identifier with the hash of the key authorization in it. The
 * caller frees it.
 */
struct error *challenge_certificate(OSSL_LIB_CTX *library, EVP_PKEY *key, const char *identifier,
                                    const char *key_authorization, X509 **out) MUST_CHECK;

/*
 * The name by which a validator asks for an identifier (SNI): a DNS name itself, for an IP address
 * its name in the reverse tree (RFC 8738, 6). The caller frees it.
 */
struct error *challenge_server_name(const char *identifier, char **out) MUST_CHECK;

#endif
