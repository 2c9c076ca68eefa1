/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key URIs: card:[attribute=value[;attribute=value]...][?query]
 * Shape and %-encoding as in RFC 7512 sections 2.3 and 2.4; the attributes are listed in
 * docs/uri.md.
 */
#ifndef CARD_URI_H
#define CARD_URI_H

#include "error.h"

#include <stdbool.h>

enum card_object_type {
    CARD_OBJECT_ANY,
    CARD_OBJECT_PRIVATE_KEY,
    CARD_OBJECT_PUBLIC_KEY,
    CARD_OBJECT_CERTIFICATE,
};

struct secret;

/* A parsed URI. A string is NULL where the URI does not name the attribute. */
struct card_uri {
    char *serial;
    char *reader;
    char *app;
    char *slot;
    char *label;
    enum card_object_type type;
    char *pin_source;         /* "file:PATH", "env:NAME", "credential:NAME", "pad:", "host:" */
    struct secret *pin_value; /* works, is discouraged, and is never formatted */
    bool use_last_try;
    char *module_path;
};

/*
 * Parses `text`. On success *out is a new URI for card_uri_free(). ERROR_URI for an unknown or
 * repeated attribute, an unknown value of app, type or pin-source, broken %-encoding, or an
 * encoded NUL; the message names the attribute and lists those that exist.
 */
struct error *card_uri_parse(const char *text, struct card_uri **out) MUST_CHECK;

/* A copy for card_uri_free(). */
struct error *card_uri_copy(const struct card_uri *uri, struct card_uri **out) MUST_CHECK;

/*
 * The URI as text, attributes in the order of the documentation, %-encoded; the caller frees
 * it. A PIN value is left out, always.
 */
struct error *card_uri_format(const struct card_uri *uri, char **out) MUST_CHECK;

/* Whether it looks behind a PKCS #11 module, and nowhere else. */
bool card_uri_names_module(const struct card_uri *uri);

/* Frees a URI and wipes its PIN. NULL is fine. */
void card_uri_free(struct card_uri *uri);

#endif
