/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a certificate is reissued, and what becomes of the previous one. */
#include "ca.h"
#include "job_command.h"
#include "start_internal.h"

#include <string.h>

const struct start_reason start_reasons[] = {
    {"next-period", "it ends, and the next one is wanted", true, false},
    {"lost-key", "its key is lost", false, false},
    {"compromised-key", "somebody else may have its key", false, true},
    {"new-algorithm", "another kind of key is wanted", false, false},
    {"mismatch", "something in it is wrong", true, false},
    {"server-change", "it moves to another machine", true, false},
    {NULL, NULL, false, false},
};

const struct start_reason *start_find_reason(const char *name)
{
    for (const struct start_reason *reason = start_reasons; reason->name != NULL; reason++)
        if (strcmp(reason->name, name) == 0)
            return reason;
    return NULL;
}

struct error *start_note_reason(struct job *job, const struct start_wish *wish)
{
    const char *name = wish->reason == NULL ? start_reasons[0].name : wish->reason;
    const struct start_reason *reason = start_find_reason(name);

    if (reason == NULL)
        return error_new(ERROR_ARGUMENT,
                         "\"%s\" is no reason: there are next-period, lost-key, compromised-key, "
                         "new-algorithm, mismatch and server-change",
                         name);
    if (wish->key != NULL && !reason->keeps_key)
        return error_new(ERROR_ARGUMENT,
                         "for the reason %s (%s) the key cannot be kept: ask for a new one, with "
                         "--new-key",
                         name, reason->meaning);
    return job_set(job, JOB_REASON, name);
}

/* Unless somebody says otherwise: nothing is revoked, but what somebody else may have the key of,
   where the CA can be asked to. */
static struct error *usual_revocation(const struct run *run, const struct job *job,
                                      const char **out)
{
    const struct ca *ca;
    struct error *error = ca_find(run, job, &ca);

    *out = "no";
    if (error != NULL || !start_find_reason(job_get(job, JOB_REASON))->revokes_now)
        return error;
    if (ca->revoke != NULL && job_get(job, JOB_PREDECESSOR) != NULL)
        *out = "now";
    else if (job_get(job, JOB_PREDECESSOR) != NULL)
        run_tell(run, job,
                 "the CA cannot be asked to revoke the previous certificate, whose key "
                 "is compromised: have it revoked yourself");
    return NULL;
}

struct error *start_note_revocation(struct run *run, struct job *job, const struct start_wish *wish)
{
    long seconds;
    const char *usual;
    struct error *error;

    if (wish->revoke != NULL && strcmp(wish->revoke, "now") != 0 && strcmp(wish->revoke, "no") != 0)
        return error_new(ERROR_ARGUMENT, "--revoke is \"now\" or \"no\"; --revoke-after takes a "
                                         "duration, such as 14d");
    if (wish->revoke != NULL && wish->revoke_after != NULL)
        return error_new(ERROR_ARGUMENT, "--revoke and --revoke-after contradict each other");
    if (wish->revoke != NULL)
        return job_set(job, JOB_REVOKE, wish->revoke);
    if (wish->revoke_after == NULL) {
        error = usual_revocation(run, job, &usual);
        return error != NULL ? error : job_set(job, JOB_REVOKE, usual);
    }
    error = duration_parse(wish->revoke_after, &seconds);
    return error != NULL ? error : job_set_number(job, JOB_REVOKE, seconds);
}
