/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of the previous certificate: nothing, unless it was asked for, and not before its
 * time. */
#include "ca.h"
#include "certificate_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct error *step_owe_revocation(struct run *run, struct job *job, enum step_end *end)
{
    const char *revoke = job_get(job, JOB_REVOKE);
    long long delay;

    (void)run;
    if (revoke == NULL || strcmp(revoke, "no") == 0 || job_get(job, JOB_PREDECESSOR) == NULL) {
        *end = STEP_END_FINAL;
        return NULL;
    }
    delay = strcmp(revoke, "now") == 0 ? 0 : strtoll(revoke, NULL, 10);
    return job_set_number(job, JOB_REVOKE_AT, (long long)time(NULL) + delay);
}

/* ---- whether it may be revoked ----------------------------------------------------------- */

struct looking {
    const char *own; /* the lineage's name */
    bool elsewhere;  /* another one uses the certificate */
    char successor[FINGERPRINT_SIZE];
};

static struct error *take_user(void *argument, const char *const *row)
{
    struct looking *looking = argument;

    if (strcmp(row[0], looking->own) != 0)
        looking->elsewhere = true;
    return NULL;
}

static struct error *take_current(void *argument, const char *const *row)
{
    struct looking *looking = argument;

    (void)snprintf(looking->successor, sizeof(looking->successor), "%s", row[0]);
    return NULL;
}

/* Why the certificate must not be revoked, or NULL. */
static struct error *find_objection(struct run *run, const struct job *job, const char **out)
{
    struct looking looking = {.own = job_get(job, JOB_NAME)};
    char predecessor[FINGERPRINT_SIZE];
    char successor[FINGERPRINT_SIZE];
    struct error *error = certificate_pem_fingerprint(job_get(job, JOB_PREDECESSOR), predecessor);

    *out = NULL;
    if (error == NULL)
        error = certificate_pem_fingerprint(job_get(job, JOB_CERTIFICATE), successor);
    if (error == NULL)
        error = state_query(run->state, "SELECT name FROM lineage WHERE fingerprint = ?1",
                            STATE_VALUES(predecessor), take_user, &looking);
    if (error == NULL)
        error = state_query(run->state, "SELECT fingerprint FROM lineage WHERE name = ?1",
                            STATE_VALUES(looking.own), take_current, &looking);
    if (error != NULL)
        return error;
    if (looking.elsewhere)
        *out = "another lineage uses it";
    else if (strcmp(looking.successor, predecessor) == 0)
        *out = "it is in use again";
    else if (strcmp(looking.successor, successor) != 0)
        *out = "its successor is not what is in use";
    return NULL;
}

static struct error *wait_for_date(struct job *job, time_t at)
{
    char date[32];
    char text[160];
    struct tm local;
    struct error *error;

    (void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M", localtime_r(&at, &local));
    (void)snprintf(text, sizeof(text),
                   "%s, when the previous certificate is revoked (reissue cancel %s takes that "
                   "back)",
                   date, job->id);
    error = job_set(job, JOB_WAITS_FOR, text);
    return error != NULL ? error : job_set_number(job, JOB_WAITS_UNTIL, (long long)at);
}

struct error *step_await_revocation(struct run *run, struct job *job, enum step_end *end)
{
    time_t at = (time_t)job_get_number(job, JOB_REVOKE_AT, 0);
    const char *objection;
    struct error *error;

    if (time(NULL) < at) {
        *end = STEP_END_ASK; /* nobody sits and waits for that: a later run does it */
        return wait_for_date(job, at);
    }
    error = find_objection(run, job, &objection);
    if (error != NULL || objection == NULL)
        return error;
    run_tell(run, job, "the previous certificate is not revoked: %s", objection);
    *end = STEP_END_FINAL;
    return NULL;
}

/* ---- revoking ---------------------------------------------------------------------------- */

static struct error *note_revoked(struct run *run, const struct job *job)
{
    char fingerprint[FINGERPRINT_SIZE];
    char now[24];
    struct error *error = certificate_pem_fingerprint(job_get(job, JOB_PREDECESSOR), fingerprint);

    if (error != NULL)
        return error;
    (void)snprintf(now, sizeof(now), "%lld", (long long)time(NULL));
    return state_run(run->state, "UPDATE certificate SET revoked = ?2 WHERE fingerprint = ?1",
                     STATE_VALUES(fingerprint, now));
}

struct error *step_revoke(struct run *run, struct job *job, enum step_end *end)
{
    const struct ca *ca;
    struct error *error = ca_find(run, job, &ca);

    if (error != NULL)
        return error;
    if (ca->revoke == NULL)
        return error_new(
            ERROR_UNSUPPORTED,
            "the CA %s cannot be asked to revoke: revoke the previous certificate with "
            "it yourself, then reissue cancel %s",
            job_get(job, JOB_CA), job->id);
    run_tell_step(run, job);
    error = ca->revoke(run, job, end);
    return error != NULL || *end != STEP_END_NEXT ? error : note_revoked(run, job);
}
