/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the ACME client share. */
#ifndef REISSUE_ACME_INTERNAL_H
#define REISSUE_ACME_INTERNAL_H

#include "acme.h"
#include "http.h"
#include "json.h"
#include "json_write.h"

#include <stdbool.h>
#include <time.h>

struct acme {
    struct http *http;
    const char **allowed; /* the directory's URL, and others' whose origins are as good */
    size_t allowed_count;
    char *directory_url;
    struct acme_directory directory;
    EVP_PKEY *key;
    char *account_url;
    char *nonce; /* for the next request, or NULL */
    struct acme_problem *problem;
    long retry_after;
    struct acme_counts counts;
};

/* ---- requests (acme_call.c) -------------------------------------------------------------- */

struct acme_call {
    const char *what; /* that fails, as in "cannot order a certificate" */
    const char *url;
    const char *payload; /* JSON; NULL: POST-as-GET */
    EVP_PKEY *key;       /* signs, and is in the request itself; NULL: the account signs */
    const char *accept;  /* NULL: JSON */
};

/*
 * A signed request (RFC 8555, 6.2). Any status but success is an error, and the CA's problem is
 * kept in the session. The caller clears the response, also after an error.
 */
struct error *acme_call(struct acme *acme, const struct acme_call *call,
                        struct http_response *response) MUST_CHECK;

/* The same, with an answer in JSON; *document is the caller's. */
struct error *acme_call_json(struct acme *acme, const struct acme_call *call,
                             struct http_response *response, struct json **document) MUST_CHECK;

/* One exchange as it is, counted; keeps the nonce and Retry-After. */
struct error *acme_exchange(struct acme *acme, const struct http_request *request,
                            struct http_response *response) MUST_CHECK;

/* The error for an answer whose status is no success; NULL for one that is. */
struct error *acme_judge(struct acme *acme, const char *what,
                         const struct http_response *response) MUST_CHECK;

/* An unsigned GET with an answer in JSON. */
struct error *acme_fetch_json(struct acme *acme, const char *what, const char *url,
                              struct http_response *response, struct json **document) MUST_CHECK;

/* ---- parsing: each takes what it needs of a document, which stays the caller's ------------- */

struct error *acme_directory_parse(const struct json *document,
                                   struct acme_directory *out) MUST_CHECK;
struct error *acme_account_parse(const struct json *document, struct acme_account *out) MUST_CHECK;
struct error *acme_order_parse(const struct json *document, struct acme_order *out) MUST_CHECK;
struct error *acme_authorization_parse(const struct json *document,
                                       struct acme_authorization *out) MUST_CHECK;
struct error *acme_renewal_parse(const struct json *document, struct acme_renewal *out) MUST_CHECK;
struct error *acme_urls_parse(const struct json *document, struct acme_urls *out) MUST_CHECK;

/* Parts of these. A URL that is not https is ERROR_SERVER_ANSWER. */
struct error *acme_status_parse(const struct json *document, enum acme_status *out) MUST_CHECK;
struct error *acme_url_parse(const struct json *document, const char *name, bool required,
                             const char **out) MUST_CHECK;
struct error *acme_identifier_parse(const struct json *document,
                                    struct acme_identifier *out) MUST_CHECK;
struct error *acme_time_member(const struct json *document, const char *name,
                               time_t *out) MUST_CHECK;
struct error *acme_problem_member(const struct json *document,
                                  struct acme_problem **out) MUST_CHECK;

/* A time as in RFC 3339, 5.6. False for anything else. */
bool acme_time_parse(const char *text, time_t *out);

/* ---- names (acme_name.c) ----------------------------------------------------------------- */

#define ACME_NAME_SIZE 256

/*
 * A DNS name (also "*.name") in lower case, or an IP address in its usual form (RFC 5952), into
 * `out`, ACME_NAME_SIZE bytes. ERROR_ARGUMENT for what is neither.
 */
struct error *acme_name_canonical(const char *name, char *out, bool *is_address) MUST_CHECK;

/* Frees and empties a list of URLs; adds a copy of one. */
struct error *acme_urls_add(struct acme_urls *urls, const char *url, size_t max) MUST_CHECK;

#endif
