/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts inside JSON (RFC 8259, 3, 6 and 7): strings with escapes, numbers, literals. */
#ifndef REISSUE_JSON_TEXT_H
#define REISSUE_JSON_TEXT_H

#include <stddef.h>

/*
 * Decodes what is between a string's quotes into `out` (room for `length` bytes), without a final
 * NUL. NULL, or what is wrong with it: an unknown escape, half a surrogate pair, a bare control
 * character, bad UTF-8.
 */
const char *json_decode_string(const char *text, size_t length, char *out, size_t *out_length);

/* Whether it is true, false, null or a number. NULL, or what is wrong with it. */
const char *json_check_primitive(const char *text, size_t length);

/*
 * The length of the UTF-8 character that `text` begins with (RFC 3629: no surrogates, nothing
 * overlong, nothing beyond U+10FFFF); 0 if it is none.
 */
size_t json_utf8_length(const char *text, size_t length);

#endif
