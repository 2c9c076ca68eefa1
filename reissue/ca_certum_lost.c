/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An order that was sent and never answered. Certum takes no number of ours with it, so it is
 * looked for by its public key; where an order does not show its key before it is issued, by being
 * the only reissue that was not there before.
 */
#include "ca_certum.h"
#include "csr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY (24L * 60 * 60) /* seconds: on each side, for clocks and zones that differ */

/* ---- before it is sent ------------------------------------------------------------------- */

static bool shows_key(const struct certum_order *order)
{
    return order->certificate != NULL || order->requested != NULL;
}

static struct error *note_orders(const struct certum_orders *orders, struct certum_details *details)
{
    struct error *error = NULL;

    for (size_t i = 0; error == NULL && i < orders->count; i++)
        if (!shows_key(&orders->items[i]))
            error = certum_details_add_before(details, orders->items[i].id,
                                              (long long)orders->items[i].ordered);
    return error;
}

struct error *certum_note_before(struct run *run, struct job *job, struct certum_ca *ca)
{
    struct certum_details details = {.sent = (long long)time(NULL)};
    struct certum_orders orders;
    time_t now = time(NULL);
    struct error *error = certum_orders_made(ca->certum, now - DAY, now + DAY, &orders);

    if (error != NULL)
        return error;
    error = note_orders(&orders, &details);
    if (error == NULL)
        error = certum_details_write(job, &details);
    if (error == NULL)
        error = job_save(run->state, job, "an order goes to the CA");
    certum_details_clear(&details);
    certum_orders_clear(&orders);
    return error;
}

/* ---- afterwards -------------------------------------------------------------------------- */

struct search {
    struct run *run;
    struct job *job;
    const struct certum_details *details;
    const EVP_PKEY *key;
    char found[CERTUM_ID_SIZE];     /* by its key */
    char candidate[CERTUM_ID_SIZE]; /* the first that may be ours */
    size_t candidates;
};

static bool was_before(const struct certum_details *details, const struct certum_order *order)
{
    for (size_t i = 0; i < details->before_count; i++)
        if (strcmp(details->before[i].id, order->id) == 0 &&
            details->before[i].ordered == (long long)order->ordered)
            return true;
    return false;
}

static struct error *take_known(void *argument, const char *const *row)
{
    (void)row;
    *(bool *)argument = true;
    return NULL;
}

/* Whether another job has it: that one's is never taken. */
static struct error *is_taken(const struct search *search, const char *id, bool *out)
{
    *out = false;
    return state_query(search->run->state,
                       "SELECT 1 FROM job_value AS number JOIN job_value AS ca USING (job)"
                       " WHERE number.name = 'order' AND number.value = ?1 AND ca.name = 'ca'"
                       " AND ca.value = ?2 AND number.job <> ?3",
                       STATE_VALUES(id, job_get(search->job, JOB_CA), search->job->id), take_known,
                       out);
}

static bool has_our_key(const struct search *search, const struct certum_order *order)
{
    const EVP_PKEY *key =
        order->certificate != NULL ? X509_get0_pubkey(order->certificate) : order->requested;

    return key != NULL && EVP_PKEY_eq(key, search->key) == 1;
}

static struct error *look_at(struct search *search, const struct certum_order *order)
{
    bool taken;
    struct error *error;

    if (has_our_key(search, order)) {
        (void)snprintf(search->found, sizeof(search->found), "%s", order->id);
        return NULL;
    }
    if (shows_key(order) || !order->reissue || order->state == CERTUM_REJECTED ||
        order->state == CERTUM_ENROLLED || was_before(search->details, order))
        return NULL;
    error = is_taken(search, order->id, &taken);
    if (error != NULL || taken)
        return error;
    if (search->candidates == 0)
        (void)snprintf(search->candidate, sizeof(search->candidate), "%s", order->id);
    if (search->candidates == 0 || strcmp(search->candidate, order->id) != 0)
        search->candidates++;
    return NULL;
}

static struct error *look_through(struct search *search, struct certum_ca *ca,
                                  struct error *(*list)(struct certum *certum, time_t from,
                                                        time_t to, struct certum_orders *out))
{
    struct certum_orders orders;
    time_t sent = (time_t)search->details->sent;
    struct error *error = list(ca->certum, sent - DAY, time(NULL) + DAY, &orders);

    for (size_t i = 0; error == NULL && search->found[0] == '\0' && i < orders.count; i++)
        error = look_at(search, &orders.items[i]);
    certum_orders_clear(&orders);
    return error;
}

static struct error *ask_which(const struct search *search, enum step_end *end)
{
    char *text = NULL;
    struct error *error;

    if (asprintf(&text,
                 "one of %zu new orders with Certum to show its key, so that it is known which is "
                 "ours (reissue ca orders %s; then: reissue resume %s)",
                 search->candidates, job_get(search->job, JOB_CA), search->job->id) < 0)
        return error_no_memory();
    *end = STEP_END_ASK;
    error = job_set(search->job, JOB_WAITS_FOR, text);
    free(text);
    return error;
}

static struct error *conclude(const struct search *search, enum step_end *end)
{
    if (search->found[0] != '\0') {
        run_tell(search->run, search->job, "the order had reached Certum: %s", search->found);
        return job_set(search->job, JOB_ORDER, search->found);
    }
    if (search->candidates > 1)
        return ask_which(search, end);
    if (search->candidates == 1) {
        run_tell(search->run, search->job,
                 "the order had reached Certum: %s is the only reissue that is new",
                 search->candidate);
        return job_set(search->job, JOB_ORDER, search->candidate);
    }
    return NULL;
}

static struct error *search_orders(struct search *search, struct certum_ca *ca, enum step_end *end)
{
    struct error *error = look_through(search, ca, certum_orders_changed);

    if (error == NULL && search->found[0] == '\0' && search->candidates == 0)
        error = look_through(search, ca, certum_orders_made);
    return error != NULL ? error : conclude(search, end);
}

struct error *certum_find_lost(struct run *run, struct job *job, struct certum_ca *ca,
                               enum step_end *end)
{
    const char *csr = job_get(job, JOB_CSR);
    struct certum_details details;
    X509_REQ *request = NULL;
    struct error *error = certum_details_read(job, &details);

    if (error != NULL)
        return error;
    if (details.sent != 0)
        error = csr_parse(csr, strlen(csr), "the job's request", &request, NULL);
    if (error == NULL && request != NULL) {
        struct search search = {
            .run = run, .job = job, .details = &details, .key = X509_REQ_get0_pubkey(request)};

        error = search_orders(&search, ca, end);
    }
    X509_REQ_free(request);
    certum_details_clear(&details);
    return error;
}
