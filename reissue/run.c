/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include "refusals.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const struct transition transitions[] = {
    {STEP_WANTED, STEP_KEY_STARTED, step_choose_key, "choosing where the key goes"},
    {STEP_KEY_STARTED, STEP_KEY_READY, step_make_key, "getting the key ready"},
    {STEP_KEY_READY, STEP_CSR_READY, step_make_request, "making the certificate signing request"},
    {STEP_CSR_READY, STEP_ORDER_SENT, step_prepare, "getting ready for the CA"},
    {STEP_ORDER_SENT, STEP_ORDER_KNOWN, step_order, "ordering from the CA"},
    {STEP_ORDER_KNOWN, STEP_PUBLISHED, step_publish, "publishing what the CA looks for"},
    {STEP_PUBLISHED, STEP_VALIDATION_ASKED, step_validate, "asking the CA to look"},
    {STEP_VALIDATION_ASKED, STEP_FINALIZE_SENT, step_await, "waiting for the CA's validation"},
    {STEP_FINALIZE_SENT, STEP_ISSUED, step_finalize, "getting the certificate"},
    {STEP_ISSUED, STEP_STORED, step_store, "storing the certificate"},
    {STEP_STORED, STEP_INSTALL_STARTED, step_look, "looking at what is on the card"},
    {STEP_INSTALL_STARTED, STEP_INSTALLED, step_install, "installing and verifying it"},
    {STEP_INSTALLED, STEP_SWITCHED, step_switch, "switching to it"},
    {STEP_SWITCHED, STEP_DEPLOYED, step_deploy, "telling the services"},
    {STEP_DEPLOYED, STEP_REVOCATION_OWED, step_owe_revocation, "settling the previous certificate"},
    {STEP_REVOCATION_OWED, STEP_REVOCATION_SENT, step_await_revocation,
     "waiting to revoke the previous certificate"},
    {STEP_REVOCATION_SENT, STEP_DONE, step_revoke, "revoking the previous certificate"},
};
const size_t transition_count = sizeof(transitions) / sizeof(transitions[0]);

/* How long to sleep before looking again, at least. */
#define PAUSE_MS 250

static const struct transition *transition_from(enum job_step step)
{
    for (size_t i = 0; i < transition_count; i++)
        if (transitions[i].from == step)
            return &transitions[i];
    return NULL;
}

void run_tell(const struct run *run, const struct job *job, const char *format, ...)
{
    char *text;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    run->tell(run->tell_argument, job, text);
    free(text);
}

void run_tell_trouble(const struct run *run, const struct job *job, const char *what,
                      struct error *error)
{
    char *text = error == NULL ? NULL : error_describe(error);

    if (error != NULL)
        run_tell(run, job, "%s: %s", what, text != NULL ? text : error_message(error));
    free(text);
    error_free(error);
}

void run_tell_step(const struct run *run, const struct job *job)
{
    const struct transition *transition = transition_from(job->step);

    if (transition != NULL)
        run_tell(run, job, "%s", transition->doing);
}

static void observe(const struct run *run, enum job_step step, const char *moment)
{
    if (run->observe != NULL)
        run->observe(step, moment);
}

/* Which does for tokens, and for cards that keep their management key behind it. */
static struct error *read_pin(const struct run *run, struct card_admin *out)
{
    out->behind_pin = true;
    out->pin_at_pad = card_pin_place(run->crypto->secrets.pin_source) == CARD_PIN_AT_PAD;
    return out->pin_at_pad ? NULL : card_pin_read(run->crypto->secrets.pin_source, &out->pin);
}

struct error *run_explain_admin(const struct run *run, struct error *error)
{
    if (error == NULL || run->admin_source != NULL ||
        (error_code(error) != ERROR_NOT_FOUND && error_code(error) != ERROR_DENIED))
        return error;
    return error_wrap(
        error, ERROR_DENIED,
        "the card is changed for who proves that he may, and its PIN does not do: say "
        "where its management key or admin PIN is, with --management-key-source");
}

struct error *run_read_admin(const struct run *run, struct card_admin *out)
{
    *out = (struct card_admin){0};
    if (run->admin_source == NULL && run->crypto->secrets.pin_source != NULL &&
        card_pin_place(run->crypto->secrets.pin_source) != CARD_PIN_ON_HOST)
        return read_pin(run, out);
    if (run->admin_source == NULL)
        return error_new(ERROR_DENIED,
                         "cards are changed for who proves that he may: say where the card's "
                         "management key or admin PIN is, with --management-key-source "
                         "(\"factory\" if it was never changed)");
    out->secret_at_pad = card_pin_place(run->admin_source) == CARD_PIN_AT_PAD;
    return out->secret_at_pad ? NULL : card_admin_read(run->admin_source, &out->secret);
}

void run_clear_admin(struct card_admin *admin)
{
    secret_free(admin->secret);
    secret_free(admin->pin);
    *admin = (struct card_admin){0};
}

/* ---- one step ---------------------------------------------------------------------------- */

/* What the job waited for, or failed at, is past. */
static struct error *forget_troubles(struct job *job)
{
    struct error *error = job_set(job, JOB_WAITS_FOR, NULL);

    if (error == NULL)
        error = job_set(job, JOB_WAITS_UNTIL, NULL);
    return error != NULL ? error : job_set(job, JOB_FAILURE, NULL);
}

static struct error *go_to(struct run *run, struct job *job, enum job_step step, const char *note)
{
    enum job_step from = job->step;
    struct error *error = forget_troubles(job);

    if (error != NULL)
        return error;
    observe(run, from, "done");
    job->step = step;
    error = job_save(run->state, job, note);
    if (error == NULL)
        observe(run, from, "after");
    return error;
}

static struct error *run_step(struct run *run, struct job *job, const struct transition *transition,
                              enum step_end *end)
{
    struct error *error;

    *end = STEP_END_NEXT;
    observe(run, job->step, "before");
    error = transition->work(run, job, end);
    if (error != NULL)
        return error;
    if (*end == STEP_END_WAIT || *end == STEP_END_ASK)
        return job_save(run->state, job, NULL);
    if (*end == STEP_END_AGAIN)
        return go_to(run, job, STEP_CSR_READY, "the order is gone, and made again");
    return go_to(run, job, *end == STEP_END_FINAL ? STEP_DONE : transition->to, transition->doing);
}

/* ---- waiting ----------------------------------------------------------------------------- */

time_t run_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Sleeps until it is time to look again; false where that is later than this process may wait. */
static bool sleep_until_due(const struct run *run, const struct job *job)
{
    time_t now = time(NULL);
    time_t due = (time_t)job_get_number(job, JOB_WAITS_UNTIL, (long long)now);
    struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

    if (due > now)
        pause = (struct timespec){.tv_sec = due - now};

    if (run_clock() + pause.tv_sec > run->wait_until)
        return false;
    (void)nanosleep(&pause, NULL);
    return true;
}

/* How often an order may be made again in one process: a CA that loses each of them gets no more.
 */
#define ORDERS_AGAIN 2

static struct error *too_many_orders(const struct job *job)
{
    return error_new(
        ERROR_CA_TROUBLE,
        "the CA %s loses each order that is made: try again later, with reissue resume "
        "%s",
        job_get(job, JOB_CA), job->id);
}

/* ---- all of them ------------------------------------------------------------------------- */

/* What went wrong is kept for `status`; that it cannot be is the lesser trouble. */
static void note_failure(struct run *run, struct job *job, const struct error *error)
{
    char *text = error_describe(error);

    error_free(job_set(job, JOB_FAILURE, text != NULL ? text : error_message(error)));
    error_free(job_save(run->state, job, job_get(job, JOB_FAILURE)));
    free(text);
}

/* Says which card is to be put back. */
static struct error *name_card(const struct job *job, struct error *error)
{
    const char *key =
        job_get(job, JOB_KEY) != NULL ? job_get(job, JOB_KEY) : job_get(job, JOB_KEY_WANTED);

    if ((error_code(error) != ERROR_NO_CARD && error_code(error) != ERROR_CARD_REMOVED) ||
        key == NULL || !crypto_is_card_uri(key))
        return error;
    return error_wrap(error, error_code(error), "the job needs the card of %s", key);
}

static struct error *run_steps(struct run *run, struct job *job, bool *waits)
{
    const struct transition *transition;
    struct error *error = NULL;
    int again = 0;

    while (error == NULL && (transition = transition_from(job->step)) != NULL) {
        enum step_end end;

        error = run_step(run, job, transition, &end);
        if (error == NULL && (end == STEP_END_ASK || end == STEP_END_WAIT))
            *waits = end == STEP_END_ASK || !sleep_until_due(run, job);
        if (error == NULL && end == STEP_END_AGAIN && ++again > ORDERS_AGAIN)
            error = too_many_orders(job);
        if (*waits)
            return NULL;
    }
    if (error == NULL)
        return NULL;
    error = name_card(job, error);
    note_failure(run, job, error);
    return error;
}

struct error *run_job(struct run *run, struct job *job, bool *waits)
{
    struct refusals *refusals = NULL;
    int lock;
    struct error *error = job_lock(run->state, job, &lock);

    *waits = false;
    if (error != NULL)
        return error;
    error = refusals_open(run->state, run->try_refused, &refusals);
    if (error == NULL)
        error = run_steps(run, job, waits);
    refusals_close(refusals);
    state_unlock(lock);
    return error;
}
