/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A job takes one certificate to its successor. It is a place in a table of steps, and what is
 * known so far; both are in the state, and change together, in one transaction.
 */
#ifndef REISSUE_JOB_H
#define REISSUE_JOB_H

#include "state.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/*
 * Where a job is. A step says what may have begun, and is durable before that begins: whatever
 * follows from it is done in such a way that it can be done again.
 */
enum job_step {
    STEP_WANTED,           /* nothing but the wish */
    STEP_KEY_STARTED,      /* the key is being made, or not yet, or already */
    STEP_KEY_READY,        /* its public half is known */
    STEP_CSR_READY,        /* signed, and checked; the CA is being made ready (accounts) */
    STEP_ORDER_SENT,       /* the CA may have the order, and we its answer */
    STEP_ORDER_KNOWN,      /* the challenges are being published */
    STEP_PUBLISHED,        /* the CA may have been asked to look */
    STEP_VALIDATION_ASKED, /* the CA looks */
    STEP_FINALIZE_SENT,    /* the CA may have the CSR, and may be issuing */
    STEP_ISSUED,           /* the certificate is here, and was checked; it is being stored */
    STEP_STORED,           /* as a file; what is on the card is being looked at */
    STEP_INSTALL_STARTED,  /* the card may have the certificate */
    STEP_INSTALLED,        /* and a signature showed that they fit; the live files are switched */
    STEP_SWITCHED,         /* services are being told */
    STEP_DEPLOYED,         /* the successor is in use */
    STEP_REVOCATION_OWED,  /* of the predecessor, at its time */
    STEP_REVOCATION_SENT,  /* the CA may have revoked it */
    STEP_DONE,
    STEP_CANCELLED,
    STEP_COUNT,
};

/* The step's name, as the state and `status` have it. */
const char *job_step_name(enum job_step step);

/* What a job knows, all as text. */
enum job_value {
    JOB_NAME,             /* of the lineage */
    JOB_CA,               /* the CA's section in the configuration, or "manual" */
    JOB_REASON,           /* of the reissue, as --reason has it */
    JOB_PREDECESSOR,      /* its certificate, PEM */
    JOB_PREDECESSOR_FROM, /* where that was found: a path or URI */
    JOB_SUBJECT,          /* to ask for, as "/C=PL/CN=NAME"; not there: the predecessor's */
    JOB_PREDECESSOR_KEY,  /* where its key is, if a CA is asked with that */
    JOB_NAMES,            /* to ask for, with blanks in between; not there: the predecessor's */
    JOB_VALIDATION,       /* the CA's, as validation.h names it; not there: the usual one */
    JOB_PROFILE,          /* the CA's */
    JOB_PREFERRED_CHAIN,  /* the common name of an issuer that the chain is to have */
    JOB_KEY_KIND,         /* "card", "file", "same" or "csr" */
    JOB_KEY_WANTED,       /* where the key is to be made: URI or file; for "same", where it is */
    JOB_KEY_OVERWRITE,    /* "yes": the slot's key may be replaced; or not there */
    JOB_ALGORITHM,        /* "RSA-3072", "P-256" ... */
    JOB_KEY_SLOT_BEFORE,  /* SHA-256 of the public key that the slot held, or "empty" */
    JOB_KEY,              /* where the key is: full URI, or path */
    JOB_KEY_PEM,          /* what a program is given that wants a key file: the key's reference */
    JOB_PUBLIC_KEY,       /* SHA-256 of its SubjectPublicKeyInfo, hexadecimal */
    JOB_CSR,              /* PEM */
    JOB_ORDER,            /* the CA's own: where the order is ... */
    JOB_ORDER_DETAILS,    /* ... and what else the CA's functions want to remember */
    JOB_PUBLISHED,        /* what is to be taken back after the validation: the CA's own */
    JOB_ANSWER,           /* what a person brought back from the CA, PEM */
    JOB_CERTIFICATE,      /* PEM */
    JOB_CHAIN,            /* PEM, in order, without the certificate; may be empty */
    JOB_INSTALL,          /* where else it goes: a card: URI, INSTALL_BESIDE_KEY, or not there */
    JOB_INSTALL_BEFORE,   /* the certificate that was there, PEM, or "none" */
    JOB_REVOKE,           /* "no", "now" or a number of seconds after the switch */
    JOB_REVOKE_AT,        /* Unix time */
    JOB_WAITS_FOR,        /* what a person has to do, or what is waited for */
    JOB_WAITS_UNTIL,      /* Unix time: when to look again; or not there */
    JOB_FAILURE,          /* what went wrong last */
    JOB_VALUE_COUNT,
};

/* JOB_INSTALL as long as it is not known where the key is. */
#define INSTALL_BESIDE_KEY "beside-key"

struct job {
    char *id;
    enum job_step step;
    time_t created, updated;
    char *values[JOB_VALUE_COUNT];
};

/* A new job, in memory only, at STEP_WANTED. For job_free(). */
struct error *job_new(struct job **out) MUST_CHECK;
void job_free(struct job *job);

/* A value, or NULL. Belongs to the job until it is set again. */
const char *job_get(const struct job *job, enum job_value value);

/* Whether a value is there, and is this. */
bool job_is(const struct job *job, enum job_value value, const char *text);

/* Sets a value to a copy of `text`; NULL takes it away. In memory only, until job_save(). */
struct error *job_set(struct job *job, enum job_value value, const char *text) MUST_CHECK;
struct error *job_set_number(struct job *job, enum job_value value, long long number) MUST_CHECK;

/* A value as a number; `otherwise` where it is not there. */
long long job_get_number(const struct job *job, enum job_value value, long long otherwise);

/* Writes step and values, and `note` into the journal (NULL: nothing), durably. ERROR_STATE. */
struct error *job_save(struct state *state, struct job *job, const char *note) MUST_CHECK;

/* The job of that id (or of that beginning, if no other has it). ERROR_NOT_FOUND, _AMBIGUOUS. */
struct error *job_load(struct state *state, const char *id, struct job **out) MUST_CHECK;

/* Every job, oldest first; with `open` only those that are not at their end. */
struct job_list {
    struct job **items;
    size_t count;
};
struct error *job_list_load(struct state *state, bool open, struct job_list *out) MUST_CHECK;
void job_list_clear(struct job_list *list);

/*
 * Takes the job's lock: one process at a time runs it. ERROR_BUSY, also where another one has taken
 * the job further since it was loaded. *out is for state_unlock().
 */
struct error *job_lock(struct state *state, const struct job *job, int *out) MUST_CHECK;

/* Whether nothing is left to do. */
bool job_is_over(const struct job *job);

#endif
