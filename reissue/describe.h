/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of certificates as text, safe to print. Each is for free(). */
#ifndef REISSUE_DESCRIBE_H
#define REISSUE_DESCRIBE_H

#include "card/error.h"

#include <openssl/x509.h>
#include <time.h>

/* Such as "CN=www.example.com, O=Company"; "" where it is empty. */
struct error *describe_name(const X509_NAME *name, char **out) MUST_CHECK;

/* The subject's last common name, or "". */
struct error *describe_common_name(const X509_NAME *subject, char **out) MUST_CHECK;

/* The serial number in hexadecimal digits, upper case, without colons: an even number of them. */
struct error *describe_serial(const X509 *certificate, char **out) MUST_CHECK;

/* A time of a certificate as seconds since 1970. ERROR_CERTIFICATE where it is none. */
struct error *describe_seconds(const ASN1_TIME *time, time_t *out) MUST_CHECK;

/* "2026-03-15 12:00 UTC". */
struct error *describe_time(const ASN1_TIME *time, char **out) MUST_CHECK;

#endif
