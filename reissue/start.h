/* SPDX-License-Identifier: BSD-2-Clause */
/* From what `reissue start` was told to a job. */
#ifndef REISSUE_START_H
#define REISSUE_START_H

#include "run.h"

/* What was given, as text; NULL for what was not. */
struct start_wish {
    const char *certificate; /* the predecessor: a file, a card: URI, or a name of ours */
    const char *name;
    const char *ca;
    const char *names;   /* with blanks in between; NULL: the predecessor's */
    const char *csr;     /* file: these three exclude each other */
    const char *key;     /* URI or file */
    const char *new_key; /* URI or file */
    const char *algorithm;
    bool overwrite_key;
    const char *install; /* URI, or "none" */
    const char *reason;
    const char *revoke; /* "no", "now" */
    const char *revoke_after;
    const char *profile;
    bool numbered_file; /* a file for a new key gets the job's id at its end */
};

/*
 * A job for that wish, not saved yet, for job_free(). Everything that can be wrong with the wish is
 * said here: ERROR_ARGUMENT, _NOT_FOUND, _AMBIGUOUS; what its CA does not do: ERROR_UNSUPPORTED.
 */
struct error *start_make_job(struct run *run, const struct start_wish *wish,
                             struct job **out) MUST_CHECK;

/* A job that only revokes that certificate, at STEP_REVOCATION_SENT, not saved yet. */
struct error *start_make_revocation(struct run *run, const char *certificate, const char *ca,
                                    struct job **out) MUST_CHECK;

#endif
