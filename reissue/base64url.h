/* SPDX-License-Identifier: BSD-2-Clause */
/* base64url without padding (RFC 4648, 5; RFC 7515, 2), as everything in ACME is written. */
#ifndef REISSUE_BASE64URL_H
#define REISSUE_BASE64URL_H

#include "card/buffer.h"
#include "card/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Encodes `length` bytes; the caller frees the text. */
struct error *base64url_encode(const void *bytes, size_t length, char **out) MUST_CHECK;

/*
 * Decodes `length` characters of it, appended to `out`. Padding, other characters, and bits that
 * are left over and not zero are ERROR_ARGUMENT; the message does not repeat the text, which may be
 * a key.
 */
struct error *base64url_decode(const char *text, size_t length, struct buffer *out) MUST_CHECK;

/* Whether the text has 1 to `max` characters, all of that alphabet. */
bool base64url_is(const char *text, size_t max);

#endif
