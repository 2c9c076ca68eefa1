/* SPDX-License-Identifier: BSD-2-Clause */
/* The account's orders with Certum, and what is to be done with each. */
#include "ca_certum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY (24L * 60 * 60)

/* From when on a certificate is said to end soon; and the most days that Certum looks ahead. */
#define SOON         (30 * DAY)
#define EXPIRING_MAX 30

static const char *state_of(const struct certum_order *order)
{
    static const char *const states[] = {"awaiting", "verification", "accepted", "issued",
                                         "rejected"};

    if (order->state != CERTUM_ENROLLED)
        return states[order->state];
    if (order->certificate_state == CERTUM_REVOKED)
        return "revoked";
    if (order->certificate_state == CERTUM_REVOKING)
        return "being revoked";
    if (order->ends != 0 && order->ends < time(NULL))
        return "expired";
    return order->ends != 0 ? "valid" : states[CERTUM_ENROLLED];
}

/* A job of ours, and the certificate's name in it. */
struct our_job {
    char *id, *name;
};

static struct error *copy(const char *text, char **out)
{
    *out = text == NULL || text[0] == '\0' ? NULL : strdup(text);
    return text != NULL && text[0] != '\0' && *out == NULL ? error_no_memory() : NULL;
}

static void clear_job(struct our_job *job)
{
    free(job->id);
    free(job->name);
    *job = (struct our_job){0};
}

static struct error *take_job(void *argument, const char *const *row)
{
    struct our_job *job = argument;
    struct error *error;

    clear_job(job);
    error = copy(row[0], &job->id);
    return error != NULL ? error : copy(row[1], &job->name);
}

/* The job that has the order and is not at its end, for clear_job(). */
static struct error *find_job(struct run *run, const char *ca, const char *id, struct our_job *out)
{
    *out = (struct our_job){0};
    return state_query(run->state,
                       "SELECT number.job, name.value FROM job_value AS number"
                       " JOIN job_value AS ca USING (job) JOIN job_value AS name USING (job)"
                       " JOIN job ON job.id = number.job"
                       " WHERE number.name = 'order' AND number.value = ?1 AND ca.name = 'ca'"
                       " AND ca.value = ?2 AND name.name = 'name'"
                       " AND job.step NOT IN ('done', 'cancelled')",
                       STATE_VALUES(id, ca), take_job, out);
}

/* NULL in *out: there is nothing to do. */
static struct error *next_of(const struct config_ca *config, const struct certum_order *order,
                             const char *job, char **out)
{
    bool open = order->state == CERTUM_AWAITING || order->state == CERTUM_VERIFICATION;
    bool soon = order->state == CERTUM_ENROLLED && order->certificate_state == CERTUM_VALID &&
                order->ends > time(NULL) && order->ends - time(NULL) < SOON;
    int length = 0;

    *out = NULL;
    if (job != NULL)
        length = asprintf(out, "reissue resume %s", job);
    else if (open)
        length = asprintf(out, "verify it in the web account, or cancel it there");
    else if (soon)
        length = asprintf(out, "it ends soon: reissue start CERTIFICATE --ca %s", config->name);
    return length < 0 ? error_no_memory() : NULL;
}

static struct error *add_order(struct run *run, const struct config_ca *config,
                               const struct certum_order *order, struct ca_order_list *list)
{
    struct ca_order *items = reallocarray(list->items, list->count + 1, sizeof(*items));
    struct ca_order *next;
    struct our_job job;
    struct error *error;

    if (items == NULL)
        return error_no_memory();
    list->items = items;
    next = &items[list->count++];
    *next =
        (struct ca_order){.state = state_of(order), .begins = order->begins, .ends = order->ends};
    error = find_job(run, config->name, order->id, &job);
    if (error == NULL)
        error = copy(order->id, &next->id);
    if (error == NULL)
        error = copy(order->name != NULL ? order->name : job.name, &next->name);
    if (error == NULL)
        error = copy(order->serial, &next->serial);
    if (error == NULL)
        error = next_of(config, order, job.id, &next->next);
    clear_job(&job);
    return error;
}

static struct error *add_made(struct run *run, struct certum_ca *ca, int days,
                              struct ca_order_list *list)
{
    struct certum_orders orders;
    time_t now = time(NULL);
    struct error *error = certum_orders_made(ca->certum, now - days * DAY, now + DAY, &orders);

    for (size_t i = 0; error == NULL && i < orders.count; i++)
        error = add_order(run, ca->config, &orders.items[i], list);
    certum_orders_clear(&orders);
    return error;
}

/* The list of what ends soon has no names: each order is asked for. */
static struct error *add_expiring(struct run *run, struct certum_ca *ca,
                                  const struct certum_expiring *expiring,
                                  struct ca_order_list *list)
{
    struct certum_orders orders;
    struct error *error = certum_order_get(ca->certum, expiring->id, &orders);

    for (size_t i = 0; error == NULL && i < orders.count; i++)
        if (strcmp(orders.items[i].serial, expiring->serial) == 0)
            error = add_order(run, ca->config, &orders.items[i], list);
    certum_orders_clear(&orders);
    return error;
}

static struct error *add_all_expiring(struct run *run, struct certum_ca *ca, int days,
                                      struct ca_order_list *list)
{
    struct certum_expiring_list expiring;
    struct error *error;

    if (days < 1 || days > EXPIRING_MAX)
        return error_new(ERROR_ARGUMENT, "Certum lists what ends within 1 to %d days",
                         EXPIRING_MAX);
    error = certum_expiring(ca->certum, days, &expiring);
    for (size_t i = 0; error == NULL && i < expiring.count; i++)
        error = add_expiring(run, ca, &expiring.items[i], list);
    free(expiring.items);
    return error;
}

struct error *certum_list_orders(struct run *run, const struct config_ca *config,
                                 const struct ca_orders_wish *wish, struct ca_order_list *out)
{
    struct certum_ca *ca;
    struct error *error = certum_ca_reach(run, config, &ca);

    *out = (struct ca_order_list){0};
    if (error != NULL)
        return error;
    error = (wish->expiring ? add_all_expiring : add_made)(run, ca, wish->days, out);
    if (error != NULL)
        ca_order_list_clear(out);
    return error;
}

struct error *certum_download(struct run *run, const struct config_ca *config, const char *id,
                              STACK_OF(X509) * *out)
{
    struct certum_ca *ca;
    struct error *error = certum_ca_reach(run, config, &ca);

    *out = NULL;
    return error != NULL ? error : certum_certificate(ca->certum, id, NULL, out);
}
