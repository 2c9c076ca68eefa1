/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the ACME backend share: the session of a process with one server. */
#ifndef REISSUE_CA_ACME_H
#define REISSUE_CA_ACME_H

#include "acme.h"
#include "ca.h"
#include "challenge.h"
#include "config.h"

struct acme_ca {
    const struct config_ca *config;
    struct acme *acme;
    EVP_PKEY *account_key;
    struct challenge_listener *listener; /* or NULL */
    bool asked;                          /* this process has asked for a validation */
    unsigned looks;                      /* how often this process had to look again */
};

/*
 * The session with the job's CA, opened where there is none yet, with an account that the CA knows:
 * made, or found again. Belongs to the run.
 */
struct error *acme_ca_open(struct run *run, const struct job *job, struct acme_ca **out) MUST_CHECK;

/* The same for a CA by its name, for requests that need no account: none is made. */
struct error *acme_ca_reach(struct run *run, const char *name, struct acme_ca **out) MUST_CHECK;

/* The account is gone from the CA's memory: forgets it, so that acme_ca_open() makes another. */
struct error *acme_ca_forget_account(struct run *run, const struct job *job) MUST_CHECK;

/*
 * What to do about an error (owned; NULL is none): a server that forgot the account gets it anew,
 * and the order, and *end says so; the key stays. Whatever else went wrong is for a person.
 */
struct error *acme_ask_again(struct run *run, struct job *job, struct error *error,
                             enum step_end *end) MUST_CHECK;

/* The challenges: ca_acme_challenge.c. */
step_function acme_publish, acme_validate;
void acme_clean_up(struct run *run, struct job *job);

/* Publishes again what ends with the process that published it: the listener's answers. */
struct error *acme_ensure_published(struct run *run, struct job *job) MUST_CHECK;

#endif
