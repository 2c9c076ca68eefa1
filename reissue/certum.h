/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certum's Partner API, the interface for partners to the web account: the protocol alone, one call
 * after another. What it is made from (public clients) is in docs/certum.md; it was never tried on
 * the live service.
 *
 * Every text that comes from the service was checked, or is cleaned for a terminal, before it is
 * handed out. Errors: what soap_call() has; the service's own refusals, by certum_error.h.
 */
#ifndef REISSUE_CERTUM_H
#define REISSUE_CERTUM_H

#include "card/error.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define CERTUM_URL "https://gs.certum.pl/service/PartnerApi.wsdl"

/* Bounds on what is taken from the service. */
#define CERTUM_PAGES_MAX  100 /* it has no more: error 1153 */
#define CERTUM_ORDERS_MAX 20000
#define CERTUM_NAMES_MAX  1000
#define CERTUM_CHAIN_MAX  16

/* An order's number, a serial number in hexadecimal digits, a verification's code, with their NUL.
 */
#define CERTUM_ID_SIZE     65
#define CERTUM_SERIAL_SIZE 65
#define CERTUM_CODE_SIZE   129

struct certum_options {
    const char *url; /* NULL: CERTUM_URL */
    const char *user;
    const char
        *password_file;  /* read by file_load_secret(); a line end at its end does not count */
    const char *ca_file; /* whom to trust in place of the system's CAs; or NULL */
};

struct certum;

/* Opens a session: reads the password, and sends nothing. The caller closes it. */
struct error *certum_open(const struct certum_options *options, struct certum **out) MUST_CHECK;
void certum_close(struct certum *certum);

/* The code of the service's last refusal (certum_error.h); 0 where the last call had none. */
int certum_last_code(const struct certum *certum);

/* ---- orders ------------------------------------------------------------------------------ */

enum certum_order_state {
    CERTUM_AWAITING,
    CERTUM_VERIFICATION,
    CERTUM_ACCEPTED,
    CERTUM_ENROLLED, /* issued */
    CERTUM_REJECTED,
};

enum certum_certificate_state { CERTUM_VALID, CERTUM_REVOKING, CERTUM_REVOKED };

/* An order as lists have it. What was not said is empty, NULL or 0. */
struct certum_order {
    char id[CERTUM_ID_SIZE];
    enum certum_order_state state;
    bool reissue;
    time_t ordered;
    char *product;     /* its code */
    X509 *certificate; /* NULL: not issued yet, or not asked for */
    enum certum_certificate_state certificate_state;
    char *name; /* the common name; cleaned */
    char serial[CERTUM_SERIAL_SIZE];
    time_t begins, ends;
    EVP_PKEY *requested; /* the key in its request, where the service shows that; or NULL */
};

struct certum_orders {
    struct certum_order *items;
    size_t count;
};

/* All orders that were made, or changed, from one day to another (UTC), every page of them, newest
   first; with their certificates. *out is for certum_orders_clear(). */
struct error *certum_orders_made(struct certum *certum, time_t from, time_t to,
                                 struct certum_orders *out) MUST_CHECK;
struct error *certum_orders_changed(struct certum *certum, time_t from, time_t to,
                                    struct certum_orders *out) MUST_CHECK;

/* The orders under one number: one, or more after a reissue. */
struct error *certum_order_get(struct certum *certum, const char *id,
                               struct certum_orders *out) MUST_CHECK;
void certum_orders_clear(struct certum_orders *orders);

/* ---- one order --------------------------------------------------------------------------- */

/* What the service checks before it issues; each for itself. */
enum certum_verification_state {
    CERTUM_NOT_REQUIRED,
    CERTUM_REQUIRED,
    CERTUM_FAILED,
    CERTUM_VERIFIED,
};

struct certum_verification {
    char type[32]; /* "DOMAIN", "EMAIL", "ORGANIZATION" ...: capital letters and underscores */
    enum certum_verification_state state;
};

#define CERTUM_VERIFICATIONS_MAX 16
struct certum_progress {
    enum certum_order_state state;
    struct certum_verification verifications[CERTUM_VERIFICATIONS_MAX];
    size_t count;
};

struct error *certum_order_progress(struct certum *certum, const char *id,
                                    struct certum_progress *out) MUST_CHECK;

/* Takes an order back, with a note for the service's people. */
struct error *certum_order_cancel(struct certum *certum, const char *id,
                                  const char *note) MUST_CHECK;

/* ---- reissue and verification ------------------------------------------------------------ */

/* How the service is shown that the domain is the customer's. */
struct certum_approver {
    const char *method; /* the service's own word: "DNS_TXT_PREFIX" */
    const char *prefix; /* "ADMIN" ...: of the mail's address; NULL for other methods */
};

/* What is to be published, and for which names. */
struct certum_challenge {
    char code[CERTUM_CODE_SIZE]; /* letters, digits, hyphens, underscores; "": none is wanted */
    char *email;                 /* whom the mail went to; cleaned, or NULL */
    char **names;                /* DNS names in lower case, without "*." */
    size_t count;
};

struct certum_reissue {
    const char *serial;                     /* of the predecessor */
    const char *csr;                        /* PEM */
    const struct certum_approver *approver; /* NULL: there is nothing to verify */
    const char *const *new_names;           /* DNS names that the predecessor has not */
    size_t new_name_count;
};

/*
 * Orders a reissue. `id` has room for CERTUM_ID_SIZE; *challenge is for certum_challenge_clear().
 * It is sent once: after ERROR_NETWORK and ERROR_SERVER_ANSWER the order may be there.
 */
struct error *certum_reissue(struct certum *certum, const struct certum_reissue *wish, char *id,
                             struct certum_challenge *challenge) MUST_CHECK;

/* Has the service make a new code, or send its mail, for the names of an order that want it. */
struct error *certum_add_verification(struct certum *certum, const char *id,
                                      const struct certum_approver *approver,
                                      struct certum_challenge *challenge) MUST_CHECK;

/* Has the service look for what was published with that code. */
struct error *certum_perform_verification(struct certum *certum, const char *code) MUST_CHECK;

/* Has the service send the mail to the address in the certificate again (S/MIME). */
struct error *certum_add_email_verification(struct certum *certum, const char *id) MUST_CHECK;

/* How it stands with each name of an order. */
struct certum_name_state {
    char *name;
    enum certum_verification_state state;
    char *objection; /* the service's own checks that it failed (CAA ...), or NULL; cleaned */
};
struct certum_name_states {
    struct certum_name_state *items;
    size_t count;
};
struct error *certum_name_states_get(struct certum *certum, const char *id,
                                     struct certum_name_states *out) MUST_CHECK;
void certum_name_states_clear(struct certum_name_states *states);

void certum_challenge_clear(struct certum_challenge *challenge);

/* ---- certificates ------------------------------------------------------------------------ */

/*
 * An order's certificate, or that of a serial number (the other is NULL), and those above it, in
 * the service's order: *out is for sk_X509_pop_free().
 */
struct error *certum_certificate(struct certum *certum, const char *id, const char *serial,
                                 STACK_OF(X509) * *out) MUST_CHECK;

struct certum_expiring {
    char id[CERTUM_ID_SIZE];
    char serial[CERTUM_SERIAL_SIZE];
    time_t ends;
};
struct certum_expiring_list {
    struct certum_expiring *items;
    size_t count;
};

/* Those that end within so many days (1 to 30); *out's items are for free(). */
struct error *certum_expiring(struct certum *certum, int days,
                              struct certum_expiring_list *out) MUST_CHECK;

struct certum_revocation {
    const char *serial;
    const char *reason; /* the service's own word: "KEYCOMPROMISE"; NULL: not said */
    time_t compromised; /* since when; 0: not said */
    const char *note;
};

/* Revokes. ERROR_ALREADY_REVOKED where that is done, or under way. */
struct error *certum_revoke(struct certum *certum, const struct certum_revocation *wish) MUST_CHECK;

#endif
