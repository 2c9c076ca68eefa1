/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What key URIs have in common, whatever their scheme: name=value;name=value?name=value&name=value,
 * values %-encoded (RFC 7512 sections 2.3 and 2.4). `scheme` is for messages, which never show a
 * value: it may be a PIN.
 */
#ifndef CARD_URI_TEXT_H
#define CARD_URI_TEXT_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One attribute, as it stands in the text: nothing is copied or decoded. */
struct uri_pair {
    const char *name;
    size_t name_length;
    const char *value; /* NULL where there is no '=' */
    size_t value_length;
    bool query; /* after the '?' */
};

/* Is handed each attribute in turn; an error ends the reading. */
typedef struct error *uri_pair_function(void *argument, const struct uri_pair *pair);

/*
 * Takes apart what comes after the scheme's colon. Nothing between two separators, or after the
 * last, is nothing. Returns what `take` did.
 */
struct error *uri_split(const char *text, uri_pair_function *take, void *argument) MUST_CHECK;

/* Whether that is the attribute's name. */
bool uri_pair_is_called(const struct uri_pair *pair, const char *name);

/* ERROR_URI for an attribute that is not among the `known`, which a sentence lists. */
struct error *uri_unknown_attribute(const char *scheme, const struct uri_pair *pair,
                                    const char *known) MUST_CHECK;

/*
 * Undoes the %-encoding of `length` characters into `out`, which has room for as many; any byte may
 * come out. ERROR_URI for a % without two hexadecimal digits.
 */
struct error *uri_decode(const char *scheme, const char *name, const char *text, size_t length,
                         uint8_t *out, size_t *out_length) MUST_CHECK;

/* ERROR_URI for control characters: a NUL would cut the value, a line end cut a message in two. */
struct error *uri_check_text(const char *scheme, const char *name, const uint8_t *bytes,
                             size_t length) MUST_CHECK;

#endif
