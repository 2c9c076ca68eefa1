/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EST (RFC 7030, RFC 8951): requests in PKCS #10 go out by https, certificates in PKCS #7 come
 * back. Who asks is known by TLS, or by a password.
 */
#ifndef REISSUE_EST_H
#define REISSUE_EST_H

#include "card/buffer.h"
#include "card/error.h"
#include "http.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

/* A server, and who asks it. */
struct est {
    struct http *http;
    const char *url;             /* https://HOST[:PORT] */
    const char *label;           /* which of the server's CAs (RFC 7030, 3.2.2); or NULL */
    const char *user, *password; /* or NULL */
};

/* The CA's own certificates (RFC 7030, 4.1); *out is for certificates_free(). */
struct error *est_cacerts(const struct est *est, STACK_OF(X509) * *out) MUST_CHECK;

/* What the CA would like in requests (RFC 7030, 4.5), in DER; empty where it has no wishes. */
struct error *est_csrattrs(const struct est *est, struct buffer *out) MUST_CHECK;

/*
 * What of such wishes (DER of CsrAttrs, from a stranger) the request does not have. A key of
 * another kind is an error: ERROR_CA_REFUSED. *out, for free(), names the others, with commas in
 * between; NULL where there are none. ERROR_SERVER_ANSWER.
 */
struct error *est_csrattrs_check(const struct buffer *attributes, X509_REQ *request,
                                 char **out) MUST_CHECK;

/*
 * Asks for a certificate; `again`, for the successor of the one that asks (simplereenroll). *out,
 * for certificates_free(), is NULL where the CA has taken the request, and wants to get it again in
 * *seconds. ERROR_CA_REFUSED, ERROR_CA_TROUBLE, ERROR_SERVER_ANSWER, ERROR_NETWORK.
 */
struct error *est_enroll(const struct est *est, bool again, const X509_REQ *request,
                         STACK_OF(X509) * *out, long *seconds) MUST_CHECK;

/* Base64 (RFC 4648, 4), with blanks and line ends anywhere, appended. ERROR_SERVER_ANSWER. */
struct error *est_base64_decode(const struct buffer *text, struct buffer *out) MUST_CHECK;

#endif
