/* SPDX-License-Identifier: BSD-2-Clause */
/* The names that a certificate is for (RFC 5280 section 4.2.1.6): read, compared, written. */
#ifndef REISSUE_NAMES_H
#define REISSUE_NAMES_H

#include "card/error.h"

#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stddef.h>

enum name_type {
    NAME_DNS,
    NAME_IP,
    NAME_EMAIL,
    NAME_URI,
    NAME_OTHER, /* what is not understood here, such as a UPN; its text is for people */
};

struct name {
    enum name_type type;
    char *text; /* in one form, so that equal names are equal texts; clean enough to print */
    unsigned char *der; /* of a NAME_OTHER: the whole GeneralName; else NULL */
    size_t der_length;
};

/* Each name once, in the order of their coming. A zeroed one is empty. */
struct names {
    struct name *items;
    size_t count;
};

/* More than any authority puts into a certificate; what has more is refused. */
#define NAMES_MAX 2000

/*
 * Adds a name from its text: "dns:NAME", "ip:ADDRESS", "email:ADDRESS", "uri:URI", or one of the
 * first three without the prefix, told by its form. DNS names and the domains of mail addresses
 * become lower case, addresses get their shortest form. What is there already is not added again.
 * ERROR_ARGUMENT says what is wrong with it.
 */
struct error *names_add(struct names *names, const char *text) MUST_CHECK;

/* Takes all away but each NAME_OTHER. */
void names_keep_others(struct names *names);

/* Adds each of a list with blanks, or commas, in between. */
struct error *names_add_list(struct names *names, const char *list) MUST_CHECK;

/*
 * Adds those of a subjectAltName; what is no proper name becomes a NAME_OTHER. ERROR_CERTIFICATE
 * where there are too many.
 */
struct error *names_add_general(struct names *names, const GENERAL_NAMES *from) MUST_CHECK;

/*
 * The names of a certificate: its subjectAltName's; where it has none, the common name if that is a
 * DNS name or an address, and the mail addresses in the subject. `out` is empty before.
 */
struct error *names_of_certificate(const X509 *certificate, struct names *out) MUST_CHECK;

/* The same for a certificate request. */
struct error *names_of_request(const X509_REQ *request, struct names *out) MUST_CHECK;

/* They as a subjectAltName, each NAME_OTHER as it was; *out is for GENERAL_NAMES_free(). */
struct error *names_to_general(const struct names *names, GENERAL_NAMES **out) MUST_CHECK;

bool names_contain(const struct names *names, const struct name *name);

/* Whether they are the same, in any order. */
bool names_equal(const struct names *one, const struct names *other);

/* "dns", "ip", "email", "uri", "other". */
const char *name_type_text(enum name_type type);

/* "NAME, ADDRESS, ..." for people, at most `max` names; the caller frees *out. */
struct error *names_text(const struct names *names, size_t max, char **out) MUST_CHECK;

void names_clear(struct names *names);

#endif
