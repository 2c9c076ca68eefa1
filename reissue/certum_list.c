/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of the Partner API: orders, and certificates that end soon; page after page. */
#include "certum_error.h"
#include "certum_internal.h"
#include "describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const certificate_words[] = {"VALID", "REVOKING", "REVOKED", NULL};

/* ---- one order --------------------------------------------------------------------------- */

static void clear_order(struct certum_order *order)
{
    free(order->product);
    free(order->name);
    X509_free(order->certificate);
    EVP_PKEY_free(order->requested);
    *order = (struct certum_order){0};
}

void certum_orders_clear(struct certum_orders *orders)
{
    for (size_t i = 0; i < orders->count; i++)
        clear_order(&orders->items[i]);
    free(orders->items);
    *orders = (struct certum_orders){0};
}

/* The certificate itself is what is believed, where it is there. */
static struct error *take_from_certificate(struct certum_order *order)
{
    const X509 *certificate = order->certificate;
    char *serial = NULL;
    struct error *error = describe_seconds(X509_get0_notBefore(certificate), &order->begins);

    if (error == NULL)
        error = describe_seconds(X509_get0_notAfter(certificate), &order->ends);
    if (error == NULL)
        error = describe_serial(certificate, &serial);
    if (error == NULL)
        (void)snprintf(order->serial, sizeof(order->serial), "%s", serial + strspn(serial, "0"));
    free(serial);
    return error;
}

static struct error *read_certificate(const struct xml *details, struct certum_order *order)
{
    int state = CERTUM_VALID;
    struct error *error;

    if (details == NULL || xml_child(details, NULL) == NULL)
        return NULL;
    error = certum_parse_word(details, "certificateStatus", certificate_words, &state);
    order->certificate_state = (enum certum_certificate_state)state;
    if (error == NULL)
        error = certum_parse_text(details, "commonName", &order->name);
    if (error == NULL)
        error = certum_parse_serial(details, order->serial);
    if (error == NULL)
        error = certum_parse_time(details, "startDate", &order->begins);
    if (error == NULL)
        error = certum_parse_time(details, "endDate", &order->ends);
    if (error == NULL)
        error = certum_parse_certificate(xml_child(details, "X509Cert"), &order->certificate);
    return error != NULL || order->certificate == NULL ? error : take_from_certificate(order);
}

static struct error *read_order(const struct xml *element, struct certum_order *order)
{
    const struct xml *status = xml_child(element, "orderStatus");
    const char *reissue = xml_attribute(element, "reissue");
    int state = CERTUM_AWAITING;
    struct error *error = certum_parse_id(status, order->id);

    if (error == NULL)
        error = certum_parse_word(status, "orderStatus", certum_order_words, &state);
    if (error == NULL)
        error = certum_parse_time(status, "orderDate", &order->ordered);
    if (error == NULL)
        error = certum_parse_text(status, "productCode", &order->product);
    if (error == NULL)
        error = certum_parse_serial(status, order->serial);
    if (error == NULL)
        error = read_certificate(xml_child(element, "certificateDetails"), order);
    if (error == NULL)
        error = certum_parse_request_key(xml_child(element, "orderDetails"), &order->requested);
    order->state = (enum certum_order_state)state;
    order->reissue = reissue != NULL && (strcmp(reissue, "true") == 0 || strcmp(reissue, "1") == 0);
    return error;
}

/* ---- one page ---------------------------------------------------------------------------- */

static struct error *add_order(struct certum_orders *orders, const struct xml *element)
{
    struct certum_order *items;

    if (orders->count == CERTUM_ORDERS_MAX)
        return error_new(ERROR_SERVER_ANSWER,
                         "Certum lists more than %d orders: ask for fewer days", CERTUM_ORDERS_MAX);
    items = reallocarray(orders->items, orders->count + 1, sizeof(*items));
    if (items == NULL)
        return error_no_memory();
    orders->items = items;
    items[orders->count] = (struct certum_order){0};
    return read_order(element, &items[orders->count++]);
}

/* One order or many: both are elements beside one another. */
static struct error *read_orders(const struct certum_answer *answer, struct certum_orders *out)
{
    const struct xml *order = xml_child(xml_child(answer->content, "orders"), "Order");
    struct error *error = NULL;

    for (; error == NULL && order != NULL; order = xml_next(order))
        error = add_order(out, order);
    return error;
}

/* ---- all pages --------------------------------------------------------------------------- */

struct range {
    char from[32], to[32];
    char page[12];
    char days[12]; /* of what ends soon */
};

/* The names and values in the schema's order. */
static void write_option(struct xml_writer *writer)
{
    xml_write_open(writer, "orderOption", NULL);
    xml_write_text(writer, "certificateDetails", "true");
    xml_write_text(writer, "orderDetails", "true");
    xml_write_text(writer, "orderStatus", "true");
    xml_write_close(writer, "orderOption");
}

static void write_range(struct xml_writer *writer, const void *argument)
{
    const struct range *range = argument;

    xml_write_text(writer, "fromDate", range->from);
    write_option(writer);
    xml_write_text(writer, "pageNumber", range->page);
    xml_write_text(writer, "toDate", range->to);
}

static void write_time(time_t time, const char *clock, char *out, size_t size)
{
    char day[24] = "";
    struct tm utc;

    (void)strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&time, &utc));
    (void)snprintf(out, size, "%sT%sZ", day, clock);
}

/* The page after the last may be an error: an answer to a question about nothing is. */
static bool is_end(const struct certum *certum, const struct error *error)
{
    return error != NULL && (certum_last_code(certum) == CERTUM_NO_SUCH_PAGE ||
                             certum_last_code(certum) == CERTUM_NO_CERTIFICATE);
}

/* Reads pages until there are no more; each is handed to `read`. */
static struct error *each_page(struct certum *certum, struct certum_call *call, struct range *range,
                               struct error *(*read)(const struct certum_answer *answer, void *out),
                               void *out)
{
    long pages = 1;
    struct error *error = NULL;

    call->argument = range;
    for (long page = 1; error == NULL && page <= pages && page <= CERTUM_PAGES_MAX; page++) {
        struct certum_answer answer;

        (void)snprintf(range->page, sizeof(range->page), "%ld", page);
        error = certum_call(certum, call, &answer);
        if (is_end(certum, error)) {
            error_free(error);
            error = NULL;
            pages = 0;
        } else if (error == NULL) {
            pages = answer.pages;
            error = read(&answer, out);
        }
        certum_answer_clear(&answer);
    }
    if (error == NULL && pages > CERTUM_PAGES_MAX)
        error = error_new(ERROR_SERVER_ANSWER,
                          "Certum has more than %d pages for %s: ask for fewer days",
                          CERTUM_PAGES_MAX, call->what);
    return error;
}

static struct error *read_page(const struct certum_answer *answer, void *out)
{
    return read_orders(answer, out);
}

static int newest_first(const void *one, const void *other)
{
    const struct certum_order *first = one, *second = other;

    if (first->ordered != second->ordered)
        return first->ordered < second->ordered ? 1 : -1;
    return strcmp(second->id, first->id);
}

static struct error *list(struct certum *certum, const char *operation, time_t from, time_t to,
                          struct certum_orders *out)
{
    struct certum_call call = {
        .operation = operation, .what = "the list of orders", .write = write_range};
    struct range range;
    struct error *error;

    *out = (struct certum_orders){0};
    write_time(from, "00:00:00", range.from, sizeof(range.from));
    write_time(to, "23:59:59", range.to, sizeof(range.to));
    error = each_page(certum, &call, &range, read_page, out);
    if (error != NULL)
        certum_orders_clear(out);
    else if (out->count > 1)
        qsort(out->items, out->count, sizeof(*out->items), newest_first);
    return error;
}

struct error *certum_orders_made(struct certum *certum, time_t from, time_t to,
                                 struct certum_orders *out)
{
    return list(certum, "getOrdersByDateRange", from, to, out);
}

struct error *certum_orders_changed(struct certum *certum, time_t from, time_t to,
                                    struct certum_orders *out)
{
    return list(certum, "getModifiedOrders", from, to, out);
}

static void write_one(struct xml_writer *writer, const void *id)
{
    certum_write_order(writer, id);
    write_option(writer);
}

struct error *certum_order_get(struct certum *certum, const char *id, struct certum_orders *out)
{
    const struct certum_call call = {
        .operation = "getOrderByOrderID", .what = "the order", .write = write_one, .argument = id};
    struct certum_answer answer;
    struct error *error = certum_call(certum, &call, &answer);

    *out = (struct certum_orders){0};
    if (error == NULL)
        error = read_orders(&answer, out);
    if (error != NULL)
        certum_orders_clear(out);
    certum_answer_clear(&answer);
    return error;
}

/* ---- what ends soon ---------------------------------------------------------------------- */

static void write_days(struct xml_writer *writer, const void *argument)
{
    const struct range *range = argument;

    xml_write_text(writer, "validityDaysLeft", range->days);
    xml_write_text(writer, "pageNumber", range->page);
}

static struct error *read_expiring(const struct xml *element, struct certum_expiring *out)
{
    struct error *error = certum_parse_id(element, out->id);

    if (error == NULL)
        error = certum_parse_serial(element, out->serial);
    return error != NULL ? error : certum_parse_time(element, "expiringDate", &out->ends);
}

static struct error *read_expiring_page(const struct certum_answer *answer, void *argument)
{
    const struct xml *element = xml_child(answer->content, "expiringCertificates");
    struct certum_expiring_list *list = argument;
    struct error *error = NULL;

    for (; error == NULL && element != NULL; element = xml_next(element)) {
        struct certum_expiring *items =
            list->count == CERTUM_ORDERS_MAX
                ? NULL
                : reallocarray(list->items, list->count + 1, sizeof(*items));

        if (items == NULL)
            return error_no_memory();
        list->items = items;
        error = read_expiring(element, &items[list->count++]);
    }
    return error;
}

struct error *certum_expiring(struct certum *certum, int days, struct certum_expiring_list *out)
{
    struct certum_call call = {.operation = "getExpiringCertificates",
                               .what = "the list of certificates that end soon",
                               .write = write_days};
    struct range range;
    struct error *error;

    *out = (struct certum_expiring_list){0};
    (void)snprintf(range.days, sizeof(range.days), "%d", days);
    error = each_page(certum, &call, &range, read_expiring_page, out);
    if (error != NULL) {
        free(out->items);
        *out = (struct certum_expiring_list){0};
    }
    return error;
}
