/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON Web Signatures (RFC 7515) in the flattened JSON serialization, as ACME wants them (RFC 8555,
 * 6.2), by any EVP_PKEY: one on a card as well as one from a file. RSA keys sign RS256; P-256,
 * P-384 and P-521 keys ES256, ES384 and ES512; Ed25519 and Ed448 keys EdDSA (RFC 7518, RFC 8037).
 */
#ifndef REISSUE_JWS_H
#define REISSUE_JWS_H

#include "card/error.h"

#include <openssl/types.h>
#include <stddef.h>

/* How a key signs: "RS256" and so on. ERROR_UNSUPPORTED for other keys, and for RSA below 2048
 * bits. */
struct error *jws_algorithm(EVP_PKEY *key, const char **out) MUST_CHECK;

/*
 * The public key as a JSON Web Key (RFC 7517), in the form that RFC 7638 hashes: required members
 * only, in their order, no space. The caller frees it.
 */
struct error *jws_jwk(EVP_PKEY *key, char **out) MUST_CHECK;

/* The key's thumbprint (RFC 7638) with SHA-256, in base64url. The caller frees it. */
struct error *jws_thumbprint(EVP_PKEY *key, char **out) MUST_CHECK;

/* A challenge's key authorization (RFC 8555, 8.1): token "." thumbprint. The caller frees it. */
struct error *jws_key_authorization(EVP_PKEY *key, const char *token, char **out) MUST_CHECK;

/*
 * Signs: `header` is the protected header and `payload` what is signed (NULL: the empty payload of
 * a POST-as-GET), both as text. The caller frees *out, the whole JWS.
 */
struct error *jws_sign(EVP_PKEY *key, const char *header, const char *payload,
                       char **out) MUST_CHECK;

/* The same with HMAC-SHA256 (HS256), for external account binding (RFC 8555, 7.3.4). */
struct error *jws_sign_hmac(const void *secret, size_t length, const char *header,
                            const char *payload, char **out) MUST_CHECK;

#endif
