/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the ACME backend share: the session of a process with one server. */
#ifndef REISSUE_CA_ACME_H
#define REISSUE_CA_ACME_H

#include "acme.h"
#include "ca.h"
#include "challenge.h"
#include "config.h"

/* What kind of key an account gets where it has none. */
#define ACME_ACCOUNT_ALGORITHM "P-256"

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

/* Whose account the session is with, without making one: ERROR_ACCOUNT_UNKNOWN where the CA has
   none for the key, or there is no key yet. */
struct error *acme_ca_find_account(struct run *run, const char *name,
                                   struct acme_ca **out) MUST_CHECK;

/* Where the account's key is: a file, or a card: URI; for free(). */
struct error *acme_ca_key_path(struct run *run, const struct config_ca *config,
                               char **out) MUST_CHECK;

/*
 * Changes the account's key for a new one, in the file where it was (ca_acme_rollover.c). The new
 * one is on disk, beside the other, before the CA hears of it; where the answer is lost, whoever
 * opens the session next asks which of both is valid. ERROR_UNSUPPORTED for a key on a card.
 */
struct error *acme_ca_change_key(struct run *run, struct acme_ca *ca) MUST_CHECK;

/* Finishes a change of key that was interrupted, if one was: the session has the right key then. */
struct error *acme_ca_settle_key(struct run *run, struct acme_ca *ca, bool *changed) MUST_CHECK;

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
