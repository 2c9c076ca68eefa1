/* SPDX-License-Identifier: BSD-2-Clause */
/* Certification authorities, as tables of functions: the work of the steps that need one. */
#ifndef REISSUE_CA_H
#define REISSUE_CA_H

#include "certificate_file.h"
#include "config.h"
#include "run.h"

/* What can be asked of a CA, beside a successor with a new key. Revoking is its function. */
enum ca_offer {
    CA_FIRST = 1,         /* a certificate that has no predecessor */
    CA_SAME_KEY = 2,      /* a successor for the predecessor's key */
    CA_GIVEN_REQUEST = 4, /* a request that was made elsewhere */
    CA_UNATTENDED = 8,    /* all of it without a person */
    CA_ADDS_NAMES = 16,   /* no offer: it may certify names beside those, such as "www." */
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
};

extern const struct ca manual_ca;
extern const struct ca acme_ca;

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

/* The reason for the revocation of the job's predecessor (RFC 5280, 5.3.1). */
int ca_revocation_reason(const struct job *job);

/* Notes the certificate and its chain as what the CA gave, and tells what came beside them. */
struct error *ca_note_bundle(struct run *run, struct job *job,
                             const struct certificate_bundle *bundle) MUST_CHECK;

/* Has the job look again in so many seconds; `what` is being waited for. */
struct error *ca_look_later(struct job *job, long seconds, const char *what,
                            enum step_end *end) MUST_CHECK;

/*
 * The conversation that this process has with a CA's server lasts from step to step: NULL where
 * there is none with that CA yet. One is kept at a time; keeping another, or closing it (as whoever
 * made the run does in the end), closes it by its own function.
 */
void *ca_session(const struct run *run, const struct config_ca *config);
void ca_session_keep(struct run *run, const struct config_ca *config, void *session,
                     void (*close)(void *session));
void ca_session_close(struct run *run);

#endif
