/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACME (RFC 8555, RFC 8738, RFC 9773), the protocol alone: each call makes one request, or the few
 * that are named. What comes when, what survives a crash, and waiting are the caller's.
 *
 * "One request" may be up to three exchanges, and more where the server rejects nonces: the
 * directory and a first nonce are fetched where they are missing, and a request whose nonce was
 * rejected (which the server therefore did not carry out) is signed and sent again,
 * ACME_NONCE_TRIES times at most. A request is never sent again for any other reason: after
 * ERROR_NETWORK the caller looks whether it was carried out.
 *
 * Every URL that the server names has to be https and of the directory's origin, or of one that the
 * options name, before anything is sent there.
 */
#ifndef REISSUE_ACME_H
#define REISSUE_ACME_H

#include "acme_problem.h"
#include "card/error.h"
#include "http.h"
#include "json.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <time.h>

#define ACME_NONCE_TRIES 20

/* Bounds on what a server may make us take. */
#define ACME_NAMES_MAX  1000 /* identifiers in an order, and so authorizations */
#define ACME_PAGES_MAX  1000 /* of a list of orders */
#define ACME_ORDERS_MAX 100000
#define ACME_CHAIN_MAX  20 /* certificates in a chain */
#define ACME_TOKEN_MAX  256

/* ---- a session with one server ----------------------------------------------------------- */

struct acme;

struct acme_options {
    const char *directory;      /* the directory's URL */
    const char *const *origins; /* further URLs whose origins the server's URLs may have */
    size_t origin_count;
    struct http_options http;
};

/* What was sent in this session. */
struct acme_counts {
    unsigned long exchanges;
    unsigned long nonces_rejected;
};

/* Opens a session; sends nothing. The caller closes it. */
struct error *acme_open(const struct acme_options *options, struct acme **out) MUST_CHECK;
void acme_close(struct acme *acme);

/* The key that signs from here on. Keeps a reference; drops the account's URL. */
void acme_use_key(struct acme *acme, EVP_PKEY *key);

/* The account that signs, known from before. ERROR_SERVER_ANSWER where its URL is another server's.
 */
struct error *acme_use_account(struct acme *acme, const char *url) MUST_CHECK;

/* The account's URL, or NULL. Belongs to the session. */
const char *acme_account_url(const struct acme *acme);

/* What the CA had to say when the last call failed; NULL if that was no problem document. */
const struct acme_problem *acme_last_problem(const struct acme *acme);

/* Seconds that the server's last answer asked to wait (Retry-After), -1 if it did not. */
long acme_retry_after(const struct acme *acme);

struct acme_counts acme_counts(const struct acme *acme);

/* ---- the directory (RFC 8555, 7.1.1) ----------------------------------------------------- */

/* What is optional is NULL where absent. Belongs to the session. */
struct acme_directory {
    struct json *document;
    const char *new_nonce, *new_account, *new_order, *revoke_certificate, *key_change;
    const char *renewal_info;     /* RFC 9773 */
    const char *terms_of_service; /* these two are for people only, and not checked */
    const char *website;
    bool external_account_required;
    const struct json *profiles; /* an object: names and descriptions; or NULL */
};

/* Fetches the directory, once in a session. */
struct error *acme_directory(struct acme *acme, const struct acme_directory **out) MUST_CHECK;

/* ---- accounts (7.3) ---------------------------------------------------------------------- */

enum acme_status {
    ACME_STATUS_OTHER,
    ACME_STATUS_PENDING,
    ACME_STATUS_READY,
    ACME_STATUS_PROCESSING,
    ACME_STATUS_VALID,
    ACME_STATUS_INVALID,
    ACME_STATUS_DEACTIVATED,
    ACME_STATUS_EXPIRED,
    ACME_STATUS_REVOKED,
};

struct acme_account_request {
    const char *const *contacts; /* mailto: URLs */
    size_t contact_count;
    bool terms_agreed;
    bool only_existing;  /* asks for the account of this key, and makes none */
    const char *eab_id;  /* external account binding: the key's identifier, or NULL */
    const void *eab_key; /* the key itself, decoded */
    size_t eab_key_length;
};

struct acme_account {
    struct json *document;
    char *url;
    enum acme_status status;
    const char *orders; /* the URL of the list of its orders, or NULL */
    bool created;       /* it did not exist before */
};

/*
 * Makes the key's account, or finds the one that it has (the server answers alike, so a request
 * whose answer was lost can be sent again). The session signs with it from here on.
 * ERROR_ACCOUNT_BINDING, ERROR_ACCOUNT_UNKNOWN (only_existing), ERROR_CA_REFUSED.
 */
struct error *acme_account_new(struct acme *acme, const struct acme_account_request *request,
                               struct acme_account *out) MUST_CHECK;

/* The session's account as it is now. ERROR_ACCOUNT_UNKNOWN. */
struct error *acme_account_get(struct acme *acme, struct acme_account *out) MUST_CHECK;

/* Replaces its contacts. */
struct error *acme_account_update(struct acme *acme, const char *const *contacts, size_t count,
                                  struct acme_account *out) MUST_CHECK;

/* Deactivates it, for good. */
struct error *acme_account_deactivate(struct acme *acme, struct acme_account *out) MUST_CHECK;

/*
 * Changes the account's key (7.3.5). The session signs with the new one afterwards. After
 * ERROR_NETWORK either may be valid: see acme_account_find_key().
 */
struct error *acme_key_change(struct acme *acme, EVP_PKEY *new_key) MUST_CHECK;

/*
 * Which of `keys` the server has an account for, one request for each until it is found. The
 * session signs with that key and account afterwards. ERROR_ACCOUNT_UNKNOWN: with none.
 */
struct error *acme_account_find_key(struct acme *acme, EVP_PKEY *const *keys, size_t count,
                                    size_t *which) MUST_CHECK;

void acme_account_clear(struct acme_account *account);

/* A list of URLs. */
struct acme_urls {
    char **urls;
    size_t count;
};

/*
 * All orders in the list at `url` (acme_account.orders), page by page, ACME_PAGES_MAX requests at
 * most.
 */
struct error *acme_account_orders(struct acme *acme, const char *url,
                                  struct acme_urls *out) MUST_CHECK;

void acme_urls_clear(struct acme_urls *urls);

/* ---- orders (7.4) ------------------------------------------------------------------------ */

struct acme_identifier {
    const char *type; /* "dns" or "ip" */
    const char *value;
};

struct acme_order_request {
    const char *const *names; /* DNS names (also "*.name"), and IP addresses */
    size_t name_count;
    const char *profile;  /* or NULL */
    const char *replaces; /* the predecessor, as acme_certificate_id() names it; or NULL */
};

/* Texts belong to the document. Of a wildcard the identifier begins with "*.". */
struct acme_order {
    struct json *document;
    char *url;
    enum acme_status status;
    time_t expires; /* 0: not said */
    struct acme_identifier *identifiers;
    size_t identifier_count;
    const char **authorizations; /* URLs */
    size_t authorization_count;
    const char *finalize;
    const char *certificate;      /* NULL until it is issued */
    const char *profile;          /* or NULL */
    const char *replaces;         /* or NULL */
    struct acme_problem *problem; /* why it is invalid, or NULL */
    long retry_after;             /* seconds, or -1 */
};

/*
 * Sends an order. ERROR_ARGUMENT for names that are none. The answer may be lost (ERROR_NETWORK):
 * the order is then in the account's list, where the server has one.
 */
struct error *acme_order_new(struct acme *acme, const struct acme_order_request *request,
                             struct acme_order *out) MUST_CHECK;

struct error *acme_order_get(struct acme *acme, const char *url, struct acme_order *out) MUST_CHECK;

/*
 * Sends the CSR (DER) for an order that is ready. ERROR_ORDER_NOT_READY, also where it was sent
 * before: look at the order then.
 */
struct error *acme_order_finalize(struct acme *acme, const struct acme_order *order,
                                  const void *csr, size_t length,
                                  struct acme_order *out) MUST_CHECK;

/* Whether the order is for exactly these names, in any order and case. */
bool acme_order_is_for(const struct acme_order *order, const char *const *names, size_t count);

void acme_order_clear(struct acme_order *order);

/* ---- authorizations and challenges (7.5, 8) ---------------------------------------------- */

struct acme_challenge {
    const char *type; /* "http-01" and so on */
    const char *url;
    const char *token; /* base64url; NULL for types that are not known here */
    enum acme_status status;
    struct acme_problem *problem; /* why it failed, or NULL */
};

struct acme_authorization {
    struct json *document;
    enum acme_status status;
    time_t expires;
    struct acme_identifier identifier; /* of a wildcard, without "*." */
    bool wildcard;
    struct acme_challenge *challenges;
    size_t challenge_count;
    long retry_after;
};

struct error *acme_authorization_get(struct acme *acme, const char *url,
                                     struct acme_authorization *out) MUST_CHECK;

/* Gives an authorization up (7.5.2). */
struct error *acme_authorization_deactivate(struct acme *acme, const char *url,
                                            struct acme_authorization *out) MUST_CHECK;

/* The challenge of that type, or NULL. */
const struct acme_challenge *acme_challenge_find(const struct acme_authorization *authorization,
                                                 const char *type);

/* Tells the server that the challenge is published and may be looked at. */
struct error *acme_challenge_respond(struct acme *acme, const char *url) MUST_CHECK;

void acme_authorization_clear(struct acme_authorization *authorization);

/* ---- certificates (7.4.2, 7.6) ----------------------------------------------------------- */

struct acme_chain {
    STACK_OF(X509) * certificates; /* the certificate first */
    struct acme_urls alternates;   /* other chains for it */
};

/* Fetches a chain. ERROR_SERVER_ANSWER where anything but certificates is in it. */
struct error *acme_certificate_get(struct acme *acme, const char *url,
                                   struct acme_chain *out) MUST_CHECK;

void acme_chain_clear(struct acme_chain *chain);

/* A chain as PEM, for free(). */
struct error *acme_chain_pem(const struct acme_chain *chain, char **out) MUST_CHECK;

/*
 * Revokes, signed by the account's key, or by the certificate's own where `certificate_key` is
 * given. `reason` as in RFC 5280, 5.3.1; -1: none. ERROR_ALREADY_REVOKED.
 */
struct error *acme_revoke(struct acme *acme, X509 *certificate, int reason,
                          EVP_PKEY *certificate_key) MUST_CHECK;

/* ---- renewal information (RFC 9773) ------------------------------------------------------ */

/* The certificate's identifier; the caller frees it. ERROR_UNSUPPORTED without an authority key id.
 */
struct error *acme_certificate_id(X509 *certificate, char **out) MUST_CHECK;

struct acme_renewal {
    time_t start, end; /* when to renew: some time in between */
    char *explanation; /* a URL for people, cleaned; or NULL */
    long retry_after;  /* when to ask again: seconds, or -1 */
};

/* Asks when to renew. ERROR_UNSUPPORTED where the server does not say such things. */
struct error *acme_renewal_get(struct acme *acme, const char *certificate_id,
                               struct acme_renewal *out) MUST_CHECK;

void acme_renewal_clear(struct acme_renewal *renewal);

#endif
