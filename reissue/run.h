/* SPDX-License-Identifier: BSD-2-Clause */
/* Running jobs: what they need, and the table of their steps. */
#ifndef REISSUE_RUN_H
#define REISSUE_RUN_H

#include "crypto.h"
#include "job.h"

struct config;
struct config_ca;
struct ca_session_kind;

/* A conversation with a CA's server: see ca_session_open(). */
struct run_session {
    const struct config_ca *config; /* whose it is */
    void *own;                      /* the CA's own; NULL: there is none */
    const struct ca_session_kind *kind;
};

/* What every step may use. */
struct run {
    struct crypto *crypto;
    struct state *state;
    const struct config *config;
    bool try_refused;         /* what a card refused in an earlier run may be sent again */
    const char *admin_source; /* for the card's management key or admin PIN, or NULL */
    struct run_session session;
    time_t wait_until; /* how long this process may wait for others, as run_clock() says */

    /* Tells a person what is being done; `job` NULL where there is none yet. */
    void (*tell)(void *argument, const struct job *job, const char *text);
    void *tell_argument;

    /*
     * What the tests break off at: called with the step that the job is at, before its work
     * ("before"), after it and before that is durable ("done"), and after ("after"). NULL in the
     * program.
     */
    void (*observe)(enum job_step step, const char *moment);
};

/* How a step's work ended, other than by an error. */
enum step_end {
    STEP_END_NEXT,  /* the next step */
    STEP_END_WAIT,  /* not yet: JOB_WAITS_FOR says what for, JOB_WAITS_UNTIL until when */
    STEP_END_ASK,   /* not before a person has done what JOB_WAITS_FOR says */
    STEP_END_FINAL, /* there is nothing left to do */
    STEP_END_AGAIN, /* the CA's order is gone: another one, for the same key, from STEP_CSR_READY on
                     */
};

/*
 * A step's work. It may have been done before, wholly or in part, by a process that did not live to
 * write that down: it looks first. What it learns it puts into the job.
 */
typedef struct error *step_function(struct run *run, struct job *job, enum step_end *end);

struct transition {
    enum job_step from, to;
    step_function *work;
    const char *doing; /* for people: "making the key" */
};

/* The table: one line for each step that has work to do, in order. */
extern const struct transition transitions[];
extern const size_t transition_count;

/*
 * Goes through the steps from where the job is, until it is over (*waits is false) or has to wait
 * longer than this process may (true). Holds the job's lock. On an error the job stays where it is,
 * and can be resumed.
 */
struct error *run_job(struct run *run, struct job *job, bool *waits) MUST_CHECK;

/* Seconds on a clock that nobody sets: what this process waits is measured by it. */
time_t run_clock(void);

/* Tells what the job's step does: called by a step's work as soon as it finds that there is any. */
void run_tell_step(const struct run *run, const struct job *job);

/*
 * What proves that cards may be changed, for run_clear_admin(): ERROR_DENIED where nobody said
 * where that is.
 */
struct error *run_read_admin(const struct run *run, struct card_admin *out) MUST_CHECK;
void run_clear_admin(struct card_admin *admin);

/* Says what was missing, where an error (owned; or NULL) came of that. */
struct error *run_explain_admin(const struct run *run, struct error *error) MUST_CHECK;

/* Says something to the person. */
void run_tell(const struct run *run, const struct job *job, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says what failed that does not keep the job: `what`, and the error (owned; NULL: nothing). */
void run_tell_trouble(const struct run *run, const struct job *job, const char *what,
                      struct error *error);

/* The steps' work, by the file that has it. */
step_function step_choose_key, step_make_key;                          /* step_key.c */
step_function step_make_request;                                       /* step_request.c */
step_function step_prepare, step_order, step_publish, step_validate;   /* step_ca.c */
step_function step_await, step_finalize;                               /* step_ca.c */
step_function step_store, step_switch;                                 /* step_store.c */
step_function step_look, step_install;                                 /* step_install.c */
step_function step_deploy;                                             /* step_deploy.c */
step_function step_owe_revocation, step_await_revocation, step_revoke; /* step_revoke.c */

#endif
