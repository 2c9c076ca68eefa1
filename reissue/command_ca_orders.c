/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue ca orders: what an account has with its CA, and what is to be done next. */
#include "ca.h"
#include "certificate_file.h"
#include "command_ca.h"
#include "json_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY          (24L * 60 * 60)
#define DAYS_DEFAULT 400 /* a little more than certificates last */
#define DAYS_MAX     4000

static struct error *read_days(const char *text, int *out)
{
    char *end;
    long days = strtol(text, &end, 10);

    if (end == text || *end != '\0' || days < 1 || days > DAYS_MAX)
        return error_new(ERROR_ARGUMENT, "\"%s\" is no number of days from 1 to %d", text,
                         DAYS_MAX);
    *out = (int)days;
    return NULL;
}

/* ---- printing ---------------------------------------------------------------------------- */

static void write_text(struct json_writer *writer, const char *name, const char *text)
{
    if (text != NULL)
        json_write_string(writer, name, text);
}

static struct error *print_json(const struct ca_order_list *list)
{
    struct json_writer writer = {0};
    char *text;
    struct error *error;

    json_write_array(&writer, NULL);
    for (size_t i = 0; i < list->count; i++) {
        const struct ca_order *order = &list->items[i];

        json_write_object(&writer, NULL);
        json_write_string(&writer, "order", order->id);
        json_write_string(&writer, "state", order->state);
        write_text(&writer, "name", order->name);
        write_text(&writer, "serial", order->serial);
        if (order->begins != 0)
            json_write_integer(&writer, "begins", (long)order->begins);
        if (order->ends != 0)
            json_write_integer(&writer, "ends", (long)order->ends);
        write_text(&writer, "next", order->next);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    error = json_write_end(&writer, &text);
    if (error == NULL)
        puts(text);
    free(text);
    return error;
}

static void print_order(const struct ca_order *order)
{
    char end[16] = "-", days[24] = "";
    struct tm local;

    if (order->ends != 0) {
        (void)strftime(end, sizeof(end), "%Y-%m-%d", localtime_r(&order->ends, &local));
        if (order->ends > time(NULL))
            (void)snprintf(days, sizeof(days), "%ld", (long)(order->ends - time(NULL)) / DAY);
    }
    printf("%-16s %-13s %-10s %5s  %.32s\n", order->id, order->state, end, days,
           order->name != NULL ? order->name : "");
    if (order->next != NULL)
        printf("                 %s\n", order->next);
}

static struct error *print(const struct ca_order_list *list, bool json)
{
    if (json)
        return print_json(list);
    if (list->count == 0) {
        printf("There are none.\n");
        return NULL;
    }
    printf("order            state         ends        days  name\n");
    for (size_t i = 0; i < list->count; i++)
        print_order(&list->items[i]);
    return NULL;
}

/* ---- doing ------------------------------------------------------------------------------- */

static struct error *list_orders(struct job_command *command, const struct ca *ca,
                                 const struct config_ca *config,
                                 const struct ca_orders_options *wish)
{
    struct ca_orders_wish orders = {.days = DAYS_DEFAULT, .expiring = wish->expiring != NULL};
    const char *days = wish->expiring != NULL ? wish->expiring : wish->days;
    struct ca_order_list list;
    struct error *error = days == NULL ? NULL : read_days(days, &orders.days);

    if (error == NULL)
        error = ca->orders(&command->run, config, &orders, &list);
    if (error != NULL)
        return error;
    error = print(&list, command->json);
    ca_order_list_clear(&list);
    return error;
}

/* A CA may send them in any order. */
static struct error *write_certificate(struct job_command *command, const struct ca *ca,
                                       const struct config_ca *config, const char *id)
{
    STACK_OF(X509) *certificates = NULL;
    struct certificate_bundle bundle;
    unsigned char *text = NULL;
    size_t length;
    struct error *error = ca->download(&command->run, config, id, &certificates);

    if (error != NULL)
        return error;
    error = certificate_bundle_make(certificates, NULL, &bundle);
    if (error == NULL)
        error = certificate_encode(&bundle, CERTIFICATE_PART_FULL, CERTIFICATE_PEM, &text, &length);
    if (error == NULL)
        fputs((const char *)text, stdout);
    certificate_bundle_clear(&bundle);
    certificates_free(certificates);
    free(text);
    return error;
}

struct error *ca_orders(struct job_command *command, const char *name,
                        const struct ca_orders_options *wish)
{
    const struct ca *ca;
    const struct config_ca *config;
    struct error *error = job_command_open(command);

    if (error == NULL)
        error = ca_find_name(command->run.config, name, &ca);
    if (error != NULL)
        return error;
    config = config_find_ca(command->run.config, name);
    if (ca->orders == NULL || config == NULL)
        return error_new(ERROR_UNSUPPORTED, "the CA %s (%s) has no list of orders", name,
                         ca->title);
    return wish->certificate != NULL ? write_certificate(command, ca, config, wish->certificate)
                                     : list_orders(command, ca, config, wish);
}
