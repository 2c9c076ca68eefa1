/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_header.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Retry-After ------------------------------------------------------------------------- */

static long bounded(long long seconds)
{
    if (seconds < 0)
        return 0;
    return seconds > HTTP_RETRY_AFTER_MAX ? HTTP_RETRY_AFTER_MAX : (long)seconds;
}

long http_retry_after(const char *value, time_t now)
{
    size_t digits = strspn(value, "0123456789");
    if (digits > 0 && value[digits] == '\0') /* 9 digits are more than the limit */
        return digits > 9 ? HTTP_RETRY_AFTER_MAX : bounded(atoll(value));
    if (!isalpha((unsigned char)value[0])) /* an HTTP-date begins with the day's name */
        return -1;
    time_t date = curl_getdate(value, NULL);
    return date != -1 ? bounded((long long)date - (long long)now) : -1;
}

/* ---- Link (RFC 8288, 3) ------------------------------------------------------------------ */

static void skip_space(const char **text)
{
    *text += strspn(*text, " \t");
}

static bool skip_one(const char **text, char character)
{
    skip_space(text);
    if (**text != character)
        return false;
    (*text)++;
    return true;
}

/* A token, or a quoted string, for free(); NULL where neither follows, or without memory. */
static char *take_value(const char **text)
{
    skip_space(text);
    if (**text != '"') {
        size_t length = strcspn(*text, " \t;,=\"");
        char *token = length > 0 ? strndup(*text, length) : NULL;
        *text += length;
        return token;
    }
    char *value = malloc(strlen(*text)), *end = value;
    for ((*text)++; value != NULL && **text != '"' && **text != '\0'; (*text)++) {
        if (**text == '\\' && (*text)[1] != '\0')
            (*text)++;
        *end++ = **text;
    }
    if (value == NULL || **text != '"') {
        free(value);
        return NULL;
    }
    (*text)++;
    *end = '\0';
    return value;
}

static struct error *add_link(struct http_links *links, const char *relation, const char *target)
{
    if (links->count >= HTTP_LINKS_MAX)
        return error_new(ERROR_SERVER_ANSWER, "an answer with more than %d links", HTTP_LINKS_MAX);
    struct http_link *grown = realloc(links->links, (links->count + 1) * sizeof(*grown));
    if (grown == NULL)
        return error_no_memory();
    links->links = grown;
    struct http_link *link = &grown[links->count];
    link->relation = strdup(relation);
    link->target = strdup(target);
    if (link->relation == NULL || link->target == NULL) {
        free(link->relation);
        free(link->target);
        return error_no_memory();
    }
    for (char *c = link->relation; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    links->count++;
    return NULL;
}

/* A relation's value is a list of types with spaces between. */
static struct error *add_relations(struct http_links *links, char *relations, const char *target)
{
    char *rest = NULL;
    struct error *error = NULL;
    for (char *word = strtok_r(relations, " ", &rest); word != NULL && error == NULL;
         word = strtok_r(NULL, " ", &rest))
        error = add_link(links, word, target);
    return error;
}

/* The parameters of one link. Only the first "rel" counts (RFC 8288, 3.3). False: malformed. */
static bool take_parameters(const char **text, char **relations)
{
    *relations = NULL;
    while (skip_one(text, ';')) {
        char *name = take_value(text);
        char *value = name != NULL && skip_one(text, '=') ? take_value(text) : NULL;
        bool wanted = name != NULL && strcasecmp(name, "rel") == 0 && *relations == NULL;
        bool good = name != NULL;
        if (wanted && value != NULL)
            *relations = value;
        else
            free(value);
        free(name);
        if (!good)
            return false;
    }
    return true;
}

static struct error *take_link(struct http_links *links, const char **text, bool *more)
{
    *more = false;
    if (!skip_one(text, '<'))
        return NULL;
    size_t length = strcspn(*text, ">");
    if ((*text)[length] == '\0')
        return NULL;
    char *target = strndup(*text, length), *relations;
    *text += length + 1;
    if (target == NULL)
        return error_no_memory();
    struct error *error = NULL;
    if (take_parameters(text, &relations) && relations != NULL)
        error = add_relations(links, relations, target);
    free(relations);
    free(target);
    *more = skip_one(text, ',');
    return error;
}

struct error *http_links_add(struct http_links *links, const char *value)
{
    struct error *error;
    bool more;
    do
        error = take_link(links, &value, &more);
    while (error == NULL && more);
    return error;
}

void http_links_clear(struct http_links *links)
{
    for (size_t i = 0; i < links->count; i++) {
        free(links->links[i].relation);
        free(links->links[i].target);
    }
    free(links->links);
    *links = (struct http_links){0};
}
