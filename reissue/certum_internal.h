/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of Certum's Partner API share: calls, and the types of its answers. */
#ifndef REISSUE_CERTUM_INTERNAL_H
#define REISSUE_CERTUM_INTERNAL_H

#include "card/secret.h"
#include "certum.h"
#include "soap.h"

struct certum {
    struct soap *soap;
    const char *user;
    struct secret *password; /* with a NUL behind it */
    int last_code;
};

/* ---- calls: certum_call.c ---------------------------------------------------------------- */

struct certum_call {
    const char *operation;
    const char *what; /* in messages: "the reissue" */
    bool once;
    void (*write)(struct xml_writer *writer, const void *argument); /* what follows the header */
    const void *argument;
};

struct certum_answer {
    struct xml *document;
    const struct xml *content; /* in it, the operation's answer */
    long page, pages;          /* 1 and 1, where it has none */
};

/* Makes a call; refusals are errors. *out is for certum_answer_clear(), also after an error. */
struct error *certum_call(struct certum *certum, const struct certum_call *call,
                          struct certum_answer *out) MUST_CHECK;
void certum_answer_clear(struct certum_answer *answer);

/* The same, where nothing but success is wanted of the answer. */
struct error *certum_call_plainly(struct certum *certum, const struct certum_call *call) MUST_CHECK;

/* ---- types: certum_parse.c --------------------------------------------------------------- */
/* Each takes the child `name` of `parent`. ERROR_SERVER_ANSWER where it is not what it should be.
 */

/* Which texts there are, ending with NULL; their places are an enumeration's values. */
struct error *certum_parse_word(const struct xml *parent, const char *name,
                                const char *const *words, int *out) MUST_CHECK;

/* A whole number that is not negative; `otherwise` where it is missing (-1: it must be there). */
struct error *certum_parse_number(const struct xml *parent, const char *name, long otherwise,
                                  long *out) MUST_CHECK;

/* An order's number; ERROR_SERVER_ANSWER also where it is missing. */
struct error *certum_parse_id(const struct xml *parent, char out[CERTUM_ID_SIZE]) MUST_CHECK;

/* A serial number, in upper case and without colons and leading zeros; "" where it is missing. */
struct error *certum_parse_serial(const struct xml *parent,
                                  char out[CERTUM_SERIAL_SIZE]) MUST_CHECK;

/* xs:dateTime; 0 where it is missing. Without a zone it is UTC. */
struct error *certum_parse_time(const struct xml *parent, const char *name, time_t *out) MUST_CHECK;

/* A text for a terminal, for free(); NULL where it is missing. */
struct error *certum_parse_text(const struct xml *parent, const char *name, char **out) MUST_CHECK;

/* Certificates and requests: PEM with or without its lines, or base64 alone. NULL: it is missing.
 */
struct error *certum_parse_certificate(const struct xml *element, X509 **out) MUST_CHECK;
struct error *certum_parse_request_key(const struct xml *parent, EVP_PKEY **out) MUST_CHECK;

extern const char *const certum_verification_words[]; /* enum certum_verification_state */
extern const char *const certum_order_words[];        /* enum certum_order_state */

/* ---- requests ---------------------------------------------------------------------------- */

void certum_write_order(struct xml_writer *writer, const void *id); /* <orderID> */

#endif
