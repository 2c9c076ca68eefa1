/* SPDX-License-Identifier: BSD-2-Clause */
/* From what `reissue start` was told to a job. */
#ifndef REISSUE_START_H
#define REISSUE_START_H

#include "run.h"

/* What was given, as text; NULL for what was not. */
struct start_wish {
    const char *certificate; /* the predecessor, as certificate_lookup() finds it */
    const char *name;
    const char *ca;
    const char *subject; /* "/C=PL/CN=NAME"; NULL: the predecessor's */
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
    const char *validation, *profile, *preferred_chain;
    bool numbered_file; /* a file for a new key gets the job's id at its end */
};

/*
 * A job for that wish, not saved yet, for job_free(). Everything that can be wrong with the wish is
 * said here: ERROR_ARGUMENT, _NOT_FOUND, _AMBIGUOUS; what its CA does not do: ERROR_UNSUPPORTED.
 */
struct error *start_make_job(struct run *run, const struct start_wish *wish,
                             struct job **out) MUST_CHECK;

/* What start does by itself where nothing was said: the kind of a new key, as the predecessor's
   (NULL: there is none) where that is strong enough; static. */
const char *start_usual_algorithm(const X509 *predecessor);

/* The name that the certificate goes by here: the one that it has, else its common name, as far as
   that can be a name, else "certificate"; of a first one by its subject, or the first of its names.
   For free(). ERROR_ARGUMENT where the wish has neither. */
struct error *start_usual_name(struct run *run, const X509 *predecessor,
                               const struct start_wish *wish, char **out) MUST_CHECK;

/* ERROR_ARGUMENT where a text cannot be a name here, a list of names, a subject. */
struct error *start_check_name(const char *text) MUST_CHECK;
struct error *start_check_names(const char *text) MUST_CHECK;
struct error *start_check_subject(const char *text) MUST_CHECK;

/* The common name in that subject, if it is the name of a machine, which a first certificate is
   then for; else *out is NULL. For free(). */
struct error *start_common_name(const char *subject, char **out) MUST_CHECK;

/* Why a certificate is reissued: ends with NULL. The first is the usual one. */
extern const struct start_reason {
    const char *name, *meaning;
    bool keeps_key;   /* the present key will do for the next certificate, too */
    bool revokes_now; /* the previous certificate is revoked unless somebody says otherwise */
} start_reasons[];

/* NULL: there is no such reason. */
const struct start_reason *start_find_reason(const char *name);

/* A job that only revokes that certificate, at STEP_REVOCATION_SENT, not saved yet. */
struct error *start_make_revocation(struct run *run, const char *certificate, const char *ca,
                                    struct job **out) MUST_CHECK;

#endif
