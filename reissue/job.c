/* SPDX-License-Identifier: BSD-2-Clause */
#include "job.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const step_names[STEP_COUNT] = {
    [STEP_WANTED] = "wanted",
    [STEP_KEY_STARTED] = "key-started",
    [STEP_KEY_READY] = "key-ready",
    [STEP_CSR_READY] = "csr-ready",
    [STEP_ORDER_SENT] = "order-sent",
    [STEP_ORDER_KNOWN] = "order-known",
    [STEP_PUBLISHED] = "challenge-published",
    [STEP_VALIDATION_ASKED] = "validation-asked",
    [STEP_FINALIZE_SENT] = "finalize-sent",
    [STEP_ISSUED] = "issued",
    [STEP_STORED] = "stored",
    [STEP_INSTALL_STARTED] = "install-started",
    [STEP_INSTALLED] = "installed",
    [STEP_SWITCHED] = "switched",
    [STEP_DEPLOYED] = "deployed",
    [STEP_REVOCATION_OWED] = "revocation-owed",
    [STEP_REVOCATION_SENT] = "revocation-sent",
    [STEP_DONE] = "done",
    [STEP_CANCELLED] = "cancelled",
};

static const char *const value_names[JOB_VALUE_COUNT] = {
    [JOB_NAME] = "name",
    [JOB_CA] = "ca",
    [JOB_REASON] = "reason",
    [JOB_PREDECESSOR] = "predecessor",
    [JOB_PREDECESSOR_FROM] = "predecessor-from",
    [JOB_SUBJECT] = "subject",
    [JOB_PREDECESSOR_KEY] = "predecessor-key",
    [JOB_NAMES] = "names",
    [JOB_VALIDATION] = "validation",
    [JOB_PROFILE] = "profile",
    [JOB_PREFERRED_CHAIN] = "preferred-chain",
    [JOB_KEY_KIND] = "key-kind",
    [JOB_KEY_WANTED] = "key-wanted",
    [JOB_KEY_OVERWRITE] = "key-overwrite",
    [JOB_ALGORITHM] = "algorithm",
    [JOB_KEY_SLOT_BEFORE] = "key-slot-before",
    [JOB_KEY] = "key",
    [JOB_KEY_PEM] = "key-pem",
    [JOB_PUBLIC_KEY] = "public-key",
    [JOB_CSR] = "csr",
    [JOB_ORDER] = "order",
    [JOB_ORDER_DETAILS] = "order-details",
    [JOB_PUBLISHED] = "published",
    [JOB_ANSWER] = "answer",
    [JOB_CERTIFICATE] = "certificate",
    [JOB_CHAIN] = "chain",
    [JOB_INSTALL] = "install",
    [JOB_INSTALL_BEFORE] = "install-before",
    [JOB_REVOKE] = "revoke",
    [JOB_REVOKE_AT] = "revoke-at",
    [JOB_WAITS_FOR] = "waits-for",
    [JOB_WAITS_UNTIL] = "waits-until",
    [JOB_FAILURE] = "failure",
};

#define ID_BYTES 4 /* eight digits to type; job_save() refuses one that is taken */

const char *job_step_name(enum job_step step)
{
    return step_names[step];
}

/* ---- in memory --------------------------------------------------------------------------- */

struct error *job_new(struct job **out)
{
    struct job *job = calloc(1, sizeof(*job));
    unsigned char random[ID_BYTES];

    *out = NULL;
    if (job == NULL || RAND_bytes(random, sizeof(random)) != 1 ||
        asprintf(&job->id, "%02x%02x%02x%02x", random[0], random[1], random[2], random[3]) < 0) {
        free(job);
        return error_no_memory();
    }
    job->step = STEP_WANTED;
    *out = job;
    return NULL;
}

void job_free(struct job *job)
{
    if (job == NULL)
        return;
    for (size_t i = 0; i < JOB_VALUE_COUNT; i++)
        free(job->values[i]);
    free(job->id);
    free(job);
}

const char *job_get(const struct job *job, enum job_value value)
{
    return job->values[value];
}

bool job_is(const struct job *job, enum job_value value, const char *text)
{
    return job->values[value] != NULL && strcmp(job->values[value], text) == 0;
}

struct error *job_set(struct job *job, enum job_value value, const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text);

    if (text != NULL && copy == NULL)
        return error_no_memory();
    free(job->values[value]);
    job->values[value] = copy;
    return NULL;
}

struct error *job_set_number(struct job *job, enum job_value value, long long number)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%lld", number);
    return job_set(job, value, text);
}

long long job_get_number(const struct job *job, enum job_value value, long long otherwise)
{
    const char *text = job->values[value];

    return text == NULL ? otherwise : strtoll(text, NULL, 10);
}

bool job_is_over(const struct job *job)
{
    return job->step == STEP_DONE || job->step == STEP_CANCELLED;
}

/* ---- writing ----------------------------------------------------------------------------- */

static struct error *write_values(struct state *state, const struct job *job)
{
    struct error *error =
        state_run(state, "DELETE FROM job_value WHERE job = ?1", STATE_VALUES(job->id));

    for (size_t i = 0; error == NULL && i < JOB_VALUE_COUNT; i++)
        if (job->values[i] != NULL)
            error = state_run(state, "INSERT INTO job_value (job, name, value) VALUES (?1, ?2, ?3)",
                              STATE_VALUES(job->id, value_names[i], job->values[i]));
    return error;
}

static struct error *write_job(struct state *state, struct job *job, const char *note)
{
    char now[24];
    const char *step = step_names[job->step];
    struct error *error;

    job->updated = time(NULL);
    (void)snprintf(now, sizeof(now), "%lld", (long long)job->updated);
    if (job->created == 0) {
        job->created = job->updated;
        error =
            state_run(state, "INSERT INTO job (id, step, created, updated) VALUES (?1, ?2, ?3, ?3)",
                      STATE_VALUES(job->id, step, now));
    } else {
        error = state_run(state, "UPDATE job SET step = ?2, updated = ?3 WHERE id = ?1",
                          STATE_VALUES(job->id, step, now));
    }
    if (error == NULL)
        error = write_values(state, job);
    if (error == NULL && note != NULL)
        error =
            state_run(state, "INSERT INTO journal (job, time, step, note) VALUES (?1, ?2, ?3, ?4)",
                      STATE_VALUES(job->id, now, step, note));
    return error;
}

struct error *job_save(struct state *state, struct job *job, const char *note)
{
    struct error *error = state_begin(state);

    if (error != NULL)
        return error;
    error = write_job(state, job, note);
    if (error == NULL)
        error = state_commit(state);
    if (error != NULL)
        state_rollback(state);
    return error;
}

/* ---- reading ----------------------------------------------------------------------------- */

static struct error *take_value(void *argument, const char *const *row)
{
    struct job *job = argument;

    for (size_t i = 0; i < JOB_VALUE_COUNT; i++)
        if (strcmp(value_names[i], row[0]) == 0)
            return job_set(job, (enum job_value)i, row[1]);
    return error_new(ERROR_STATE, "the job %s has a value \"%s\" that is not known here", job->id,
                     row[0]);
}

static struct error *fill_in(struct job *job, const char *const *row)
{
    job->id = strdup(row[0]);
    job->created = (time_t)strtoll(row[2], NULL, 10);
    job->updated = (time_t)strtoll(row[3], NULL, 10);
    if (job->id == NULL)
        return error_no_memory();
    for (size_t i = 0; i < STEP_COUNT; i++)
        if (strcmp(step_names[i], row[1]) == 0) {
            job->step = (enum job_step)i;
            return NULL;
        }
    return error_new(ERROR_STATE, "the job %s is at a step \"%s\" that is not known here", row[0],
                     row[1]);
}

static struct error *add_job(struct job_list *list, const char *const *row)
{
    struct job **items = reallocarray(list->items, list->count + 1, sizeof(*items));
    struct job *job = calloc(1, sizeof(*job));
    struct error *error;

    if (items != NULL)
        list->items = items;
    if (items == NULL || job == NULL) {
        free(job);
        return error_no_memory();
    }
    error = fill_in(job, row);
    if (error != NULL) {
        job_free(job);
        return error;
    }
    items[list->count++] = job;
    return NULL;
}

/* Takes id, step, created and updated, and a value's name and text: a row for each value of a job,
   or one without for a job that has none. */
#define JOB_COLUMNS                                                                                \
    "SELECT id, step, created, updated, name, value FROM job LEFT JOIN job_value ON job = id"
static struct error *take_job(void *argument, const char *const *row)
{
    struct job_list *list = argument;
    struct job *last = list->count == 0 ? NULL : list->items[list->count - 1];
    struct error *error = NULL;

    if (last == NULL || strcmp(last->id, row[0]) != 0)
        error = add_job(list, row);
    if (error != NULL || row[4] == NULL)
        return error;
    return take_value(list->items[list->count - 1], row + 4);
}

struct error *job_list_load(struct state *state, bool open, struct job_list *out)
{
    struct error *error;

    *out = (struct job_list){0};
    error = state_query(state,
                        JOB_COLUMNS " WHERE ?1 = '0' OR step NOT IN ('done', 'cancelled')"
                                    " ORDER BY CAST(created AS INTEGER), job.rowid",
                        STATE_VALUES(open ? "1" : "0"), take_job, out);
    if (error != NULL)
        job_list_clear(out);
    return error;
}

void job_list_clear(struct job_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        job_free(list->items[i]);
    free(list->items);
    *list = (struct job_list){0};
}

struct error *job_load(struct state *state, const char *id, struct job **out)
{
    struct job_list list = {0};
    struct error *error = state_query(state,
                                      JOB_COLUMNS " WHERE substr(id, 1, length(?1)) = ?1"
                                                  " ORDER BY job.rowid",
                                      STATE_VALUES(id), take_job, &list);

    *out = NULL;
    if (error == NULL && (list.count == 0 || id[0] == '\0'))
        error = error_new(ERROR_NOT_FOUND, "there is no job \"%s\": reissue status lists them", id);
    if (error == NULL && list.count > 1)
        error = error_new(ERROR_AMBIGUOUS, "%zu jobs begin with %s: give more of its name",
                          list.count, id);
    if (error == NULL) {
        *out = list.items[0];
        list.count = 0;
    }
    job_list_clear(&list);
    return error;
}

/* ---- one process at a time --------------------------------------------------------------- */

static struct error *compare_step(void *argument, const char *const *row)
{
    const struct job *job = argument;

    if (strcmp(row[0], step_names[job->step]) == 0 &&
        strtoll(row[1], NULL, 10) == (long long)job->updated)
        return NULL;
    return error_new(ERROR_BUSY,
                     "another reissue has taken the job %s further meanwhile: try again", job->id);
}

struct error *job_lock(struct state *state, const struct job *job, int *out)
{
    char name[64];
    char what[64];
    struct error *error;

    (void)snprintf(name, sizeof(name), "job-%s", job->id);
    (void)snprintf(what, sizeof(what), "the job %s", job->id);
    error = state_lock(state, name, what, out);
    if (error != NULL)
        return error;
    error = state_query(state, "SELECT step, updated FROM job WHERE id = ?1", STATE_VALUES(job->id),
                        compare_step, (void *)(uintptr_t)job); /* is only read */
    if (error != NULL) {
        state_unlock(*out);
        *out = -1;
    }
    return error;
}
