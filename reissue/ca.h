/* SPDX-License-Identifier: BSD-2-Clause */
/* Certification authorities, as tables of functions: the work of the steps that need one. */
#ifndef REISSUE_CA_H
#define REISSUE_CA_H

#include "certificate_file.h"
#include "config.h"
#include "names.h"
#include "run.h"

#include <openssl/x509.h>

/* What can be asked of a CA, beside a successor with a new key. Revoking is its function. */
enum ca_offer {
    CA_FIRST = 1,         /* a certificate that has no predecessor */
    CA_SAME_KEY = 2,      /* a successor for the predecessor's key */
    CA_GIVEN_REQUEST = 4, /* a request that was made elsewhere */
    CA_UNATTENDED = 8,    /* all of it without a person */
    CA_ADDS_NAMES = 16,   /* no offer: it may certify names beside those, such as "www." */
};

/* An order that a CA has of the account's. Texts are cleaned, and for free(), or NULL. */
struct ca_order {
    char *id;
    const char *state;   /* in a word or two */
    char *name;          /* the common name */
    char *serial;        /* the certificate's, in hexadecimal digits */
    time_t begins, ends; /* 0: not known */
    char *next;          /* what is to be done next */
};

struct ca_order_list {
    struct ca_order *items;
    size_t count;
};

void ca_order_list_clear(struct ca_order_list *list);

/* Which orders are listed. */
struct ca_orders_wish {
    int days;      /* those made in so many days until now ... */
    bool expiring; /* ... or, with this, those whose certificates end in so many days */
};

struct ca {
    const char *type;  /* as in the configuration: "manual", "acme" */
    const char *title; /* for people: "ACME (RFC 8555)" */
    unsigned offers;   /* enum ca_offer */

    /*
     * What the CA's rules say of a job that is about to start, beside `offers`: NULL, or why it
     * cannot be. Asks no server. NULL where there are no such rules.
     */
    struct error *(*check)(struct run *run, const struct job *job);

    /*
     * The steps from STEP_CSR_READY to STEP_ISSUED; NULL where there is nothing to do. finalize()
     * ends with JOB_CERTIFICATE and JOB_CHAIN set, which are checked afterwards.
     */
    step_function *prepare; /* what has to be in place before an order, such as an account */
    step_function *order;
    step_function *publish;
    step_function *validate;
    step_function *await;
    step_function *finalize;

    /* Takes back what publish() did (JOB_PUBLISHED), after the validation, however that ended, or
       when the job is cancelled. What it cannot, it tells. */
    void (*clean_up)(struct run *run, struct job *job);

    /* Tells the CA that a job's order is not wanted any more. NULL: it need not know. */
    struct error *(*cancel)(struct run *run, struct job *job);

    /* Revokes JOB_PREDECESSOR; that it is revoked already is no error. NULL: it cannot be asked to.
     */
    step_function *revoke;

    /* Has the CA send the mail again that the job's order waits for. NULL: it sends none. */
    struct error *(*resend_mail)(struct run *run, struct job *job);

    /* The account's orders, for ca_order_list_clear(). NULL: it has no list. */
    struct error *(*orders)(struct run *run, const struct config_ca *config,
                            const struct ca_orders_wish *wish, struct ca_order_list *out);

    /* The certificate of one of them, and those above it, for certificates_free(). */
    struct error *(*download)(struct run *run, const struct config_ca *config, const char *id,
                              STACK_OF(X509) * *out);
};

extern const struct ca manual_ca;
extern const struct ca acme_ca;
extern const struct ca certum_ca;
extern const struct ca cmp_ca;
extern const struct ca est_ca;

/* Every type of CA there is, in the order in which they are shown; ends with NULL. */
extern const struct ca *const ca_types[];

/* The table for the job's CA. ERROR_CONFIG where there is none of that name. */
struct error *ca_find(const struct run *run, const struct job *job,
                      const struct ca **out) MUST_CHECK;

/* The same by the CA's name. */
struct error *ca_find_name(const struct config *config, const char *name,
                           const struct ca **out) MUST_CHECK;

/*
 * Whether the CA can be asked for what the job wants: before anything is started, and before
 * anybody hears of it. ERROR_UNSUPPORTED, ERROR_CONFIG.
 */
struct error *ca_check(struct run *run, const struct job *job) MUST_CHECK;

/* ---- for the CAs themselves -------------------------------------------------------------- */

/* The names that the job asks for: those in its request, or as long as there is none, those that
   will be. For names_clear(). */
struct error *ca_names_wanted(const struct job *job, struct names *out) MUST_CHECK;

/* The reason for the revocation of the job's predecessor (RFC 5280, 5.3.1). */
int ca_revocation_reason(const struct job *job);

/* Notes the certificate and its chain as what the CA gave, and tells what came beside them. */
struct error *ca_note_bundle(struct run *run, struct job *job,
                             const struct certificate_bundle *bundle) MUST_CHECK;

/*
 * Takes the certificate for the job's request out of what the CA sent (in any order, with whatever
 * came beside it): checked in each way, also that it leads to `trust_file` (NULL: to any top), and
 * noted. ERROR_CA_REFUSED, and nothing noted.
 */
struct error *ca_take_certificates(struct run *run, struct job *job, const struct ca *ca,
                                   STACK_OF(X509) * certificates,
                                   const char *trust_file) MUST_CHECK;

/* Has the job look again in so many seconds; `what` is being waited for. */
struct error *ca_look_later(struct job *job, long seconds, const char *what,
                            enum step_end *end) MUST_CHECK;

/* The conversation that this process has with a CA's server lasts from step to step. Its kind: */
struct ca_session_kind {
    size_t size; /* of the CA's own struct, which is zeroed before open() */
    struct error *(*open)(struct run *run, const struct config_ca *config, void *session);
    void (*close)(void *session); /* lets go of what it holds, also where open() failed */
};

/* The one with that CA; NULL where there is none yet. */
void *ca_session(const struct run *run, const struct config_ca *config);

/*
 * The same, opened where there is none yet. Belongs to the run, which keeps one at a time: another
 * one, and whoever made the run in the end, closes it. Errors as of open().
 */
struct error *ca_session_open(struct run *run, const struct config_ca *config,
                              const struct ca_session_kind *kind, void **out) MUST_CHECK;
void ca_session_close(struct run *run);

#endif
