/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Only printable ASCII, and within the limit: the rest need not be shown to a parser. */
static struct error *check_characters(const char *url)
{
    size_t length = strnlen(url, HTTP_URL_MAX + 1);
    if (length == 0 || length > HTTP_URL_MAX)
        return error_new(ERROR_SERVER_ANSWER, "a URL is empty, or longer than %d characters",
                         HTTP_URL_MAX);
    for (size_t i = 0; i < length; i++) {
        if (url[i] <= ' ' || url[i] > '~')
            return error_new(ERROR_SERVER_ANSWER, "a URL has characters that no URL has");
    }
    return NULL;
}

static struct error *bad_url(const char *url, const char *what)
{
    return error_new(ERROR_SERVER_ANSWER, "%s %s", url, what);
}

/* One part of a parsed URL, for curl_free(); NULL where there is none. */
static char *part_of(CURLU *parsed, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    return curl_url_get(parsed, part, &text, flags) == CURLUE_OK ? text : NULL;
}

static struct error *format_origin(CURLU *parsed, const char *url, char **out)
{
    struct error *error = NULL;
    char *scheme = part_of(parsed, CURLUPART_SCHEME, 0);
    char *host = part_of(parsed, CURLUPART_HOST, 0);
    char *port = part_of(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (scheme == NULL || host == NULL || port == NULL || host[0] == '\0')
        error = bad_url(url, "names no host");
    else if (asprintf(out, "%s://%s:%s", scheme, host, port) < 0) {
        *out = NULL;
        error = error_no_memory();
    }
    for (char *c = *out; c != NULL && *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return error;
}

static struct error *check_scheme(CURLU *parsed, const char *url, bool plain)
{
    char *scheme = part_of(parsed, CURLUPART_SCHEME, 0);
    char *user = part_of(parsed, CURLUPART_USER, 0);
    char *password = part_of(parsed, CURLUPART_PASSWORD, 0);
    struct error *error = NULL;
    if (scheme == NULL ||
        (strcasecmp(scheme, "https") != 0 && !(plain && strcasecmp(scheme, "http") == 0)))
        error = bad_url(url, "is not https, and nothing else is trusted");
    else if (user != NULL || password != NULL)
        error = bad_url(url, "has a user or password in it, which is not taken");
    curl_free(scheme);
    curl_free(user);
    curl_free(password);
    return error;
}

static struct error *find_origin(const char *url, bool plain, char **out)
{
    *out = NULL;
    struct error *error = check_characters(url);
    if (error != NULL)
        return error;
    CURLU *parsed = curl_url();
    if (parsed == NULL)
        return error_no_memory();
    if (curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK)
        error = bad_url(url, "is not an https URL");
    if (error == NULL)
        error = check_scheme(parsed, url, plain);
    if (error == NULL)
        error = format_origin(parsed, url, out);
    curl_url_cleanup(parsed);
    return error;
}

struct error *http_url_origin(const char *url, char **out)
{
    return find_origin(url, false, out);
}

static struct error *check_allowed(const char *url, const char *const *allowed, size_t count,
                                   bool plain)
{
    char *origin;
    struct error *error = find_origin(url, plain, &origin);
    bool found = false;
    for (size_t i = 0; i < count && error == NULL && !found; i++) {
        char *other;
        error = find_origin(allowed[i], plain, &other);
        found = error == NULL && strcmp(origin, other) == 0;
        free(other);
    }
    if (error == NULL && !found)
        error = error_new(ERROR_SERVER_ANSWER,
                          "%s is on another server than %s: nothing signed is sent there", url,
                          count > 0 ? allowed[0] : "any that is allowed");
    free(origin);
    return error;
}

struct error *http_url_allowed(const char *url, const char *const *allowed, size_t count)
{
    return check_allowed(url, allowed, count, false);
}

struct error *http_url_allowed_plain(const char *url, const char *const *allowed, size_t count)
{
    return check_allowed(url, allowed, count, true);
}

struct error *http_url_resolve(const char *base, const char *reference, char **out)
{
    *out = NULL;
    struct error *error = check_characters(reference);
    if (error != NULL)
        return error;
    CURLU *parsed = curl_url();
    if (parsed == NULL)
        return error_no_memory();
    char *text = NULL;
    if (curl_url_set(parsed, CURLUPART_URL, base, 0) != CURLUE_OK ||
        curl_url_set(parsed, CURLUPART_URL, reference, 0) != CURLUE_OK)
        error = error_new(ERROR_SERVER_ANSWER, "%s is no URL", reference);
    else if ((text = part_of(parsed, CURLUPART_URL, 0)) == NULL || (*out = strdup(text)) == NULL)
        error = error_no_memory();
    curl_free(text);
    curl_url_cleanup(parsed);
    return error;
}
