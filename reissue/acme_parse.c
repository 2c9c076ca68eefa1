/* SPDX-License-Identifier: BSD-2-Clause */
/* What several of ACME's objects have in them. */
#include "acme_internal.h"
#include "http_url.h"

#include <stdlib.h>
#include <string.h>

/* RFC 8555, 7.1.6. */
static const struct {
    const char *name;
    enum acme_status status;
} statuses[] = {
    {"pending", ACME_STATUS_PENDING},       {"ready", ACME_STATUS_READY},
    {"processing", ACME_STATUS_PROCESSING}, {"valid", ACME_STATUS_VALID},
    {"invalid", ACME_STATUS_INVALID},       {"deactivated", ACME_STATUS_DEACTIVATED},
    {"expired", ACME_STATUS_EXPIRED},       {"revoked", ACME_STATUS_REVOKED},
};

struct error *acme_status_parse(const struct json *document, enum acme_status *out)
{
    const char *name;
    *out = ACME_STATUS_OTHER;
    struct error *error = json_string(document, "status", &name);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]) && error == NULL; i++) {
        if (strcmp(name, statuses[i].name) == 0)
            *out = statuses[i].status;
    }
    return error;
}

static struct error *check_url(const char *url, const char *name)
{
    char *origin;
    struct error *error = http_url_origin(url, &origin);
    free(origin);
    if (error != NULL && error_code(error) == ERROR_SERVER_ANSWER)
        error = error_wrap(error, ERROR_SERVER_ANSWER, "\"%s\" cannot be used", name);
    return error;
}

struct error *acme_url_parse(const struct json *document, const char *name, bool required,
                             const char **out)
{
    struct error *error =
        required ? json_string(document, name, out) : json_string_optional(document, name, out);
    if (error != NULL || *out == NULL)
        return error;
    return check_url(*out, name);
}

struct error *acme_identifier_parse(const struct json *document, struct acme_identifier *out)
{
    char canonical[ACME_NAME_SIZE];
    bool is_address = false;
    struct error *error = json_string(document, "type", &out->type);
    if (error == NULL)
        error = json_string(document, "value", &out->value);
    if (error != NULL)
        return error;
    error = acme_name_canonical(out->value, canonical, &is_address);
    if (error == NULL && strcmp(out->type, is_address ? "ip" : "dns") == 0)
        return NULL;
    error_free(error);
    return error_new(ERROR_SERVER_ANSWER, "an identifier is neither a DNS name nor an IP address");
}

/* Whether the text begins as the pattern says, in which 0 is any digit. */
static bool begins_as(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; text++, pattern++) {
        bool digit = *text >= '0' && *text <= '9';
        if (*pattern == '0' ? !digit : *text != *pattern)
            return false;
    }
    return true;
}

/* Two digits of a text whose form was checked. */
static int two(const char *text)
{
    return (text[0] - '0') * 10 + text[1] - '0';
}

/* The offset from UTC in seconds, which ends the text. */
static bool take_offset(const char *text, time_t *out)
{
    *out = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return true;
    if ((*text != '+' && *text != '-') || !begins_as(text + 1, "00:00") || text[6] != '\0')
        return false;
    *out = (two(text + 1) * 60L + two(text + 4)) * 60;
    *out = *text == '-' ? -*out : *out;
    return true;
}

bool acme_time_parse(const char *text, time_t *out)
{
    time_t offset;
    if (!begins_as(text, "0000-00-00") || (text[10] != 'T' && text[10] != 't') ||
        !begins_as(text + 11, "00:00:00"))
        return false;
    struct tm fields = {.tm_year = two(text) * 100 + two(text + 2) - 1900,
                        .tm_mon = two(text + 5) - 1,
                        .tm_mday = two(text + 8),
                        .tm_hour = two(text + 11),
                        .tm_min = two(text + 14),
                        .tm_sec = two(text + 17)};
    if (fields.tm_mon < 0 || fields.tm_mon > 11 || fields.tm_mday < 1 || fields.tm_mday > 31 ||
        fields.tm_hour > 23 || fields.tm_min > 59 || fields.tm_sec > 60)
        return false;
    text += 19;
    if (*text == '.') /* fractions of a second are left out */
        text += 1 + strspn(text + 1, "0123456789");
    if (!take_offset(text, &offset))
        return false;
    *out = timegm(&fields) - offset;
    return true;
}

struct error *acme_time_member(const struct json *document, const char *name, time_t *out)
{
    const char *text;
    *out = 0;
    struct error *error = json_string_optional(document, name, &text);
    if (error != NULL || text == NULL || acme_time_parse(text, out))
        return error;
    return error_new(ERROR_SERVER_ANSWER, "\"%s\" is no time", name);
}

struct error *acme_problem_member(const struct json *document, struct acme_problem **out)
{
    const struct json *problem;
    *out = NULL;
    struct error *error = json_object_optional(document, "error", &problem);
    if (error != NULL || problem == NULL)
        return error;
    return acme_problem_parse(problem, 0, -1, out);
}

/* ---- lists of URLs ----------------------------------------------------------------------- */

struct error *acme_urls_add(struct acme_urls *urls, const char *url, size_t max)
{
    if (urls->count >= max)
        return error_new(ERROR_SERVER_ANSWER, "the server's list has more than %zu entries", max);
    if ((urls->count & (urls->count - 1)) == 0) { /* full at each power of two */
        size_t capacity = urls->count == 0 ? 1 : urls->count * 2;
        char **grown = realloc(urls->urls, capacity * sizeof(*grown));
        if (grown == NULL)
            return error_no_memory();
        urls->urls = grown;
    }
    urls->urls[urls->count] = strdup(url);
    if (urls->urls[urls->count] == NULL)
        return error_no_memory();
    urls->count++;
    return NULL;
}

void acme_urls_clear(struct acme_urls *urls)
{
    for (size_t i = 0; i < urls->count; i++)
        free(urls->urls[i]);
    free(urls->urls);
    *urls = (struct acme_urls){0};
}

/* RFC 8555, 7.1.2.1. */
struct error *acme_urls_parse(const struct json *document, struct acme_urls *out)
{
    const struct json *orders;
    const char *url;
    struct error *error = json_array(document, "orders", &orders);
    if (error != NULL)
        return error;
    for (const struct json *element = json_first(orders); element != NULL && error == NULL;
         element = json_next(element)) {
        error = json_element_string(element, "orders", &url);
        if (error == NULL)
            error = check_url(url, "orders");
        if (error == NULL)
            error = acme_urls_add(out, url, ACME_ORDERS_MAX);
    }
    return error;
}
