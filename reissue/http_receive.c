/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_receive.h"

#include "base64url.h"
#include "http_url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Longer than any nonce is worth being. */
#define NONCE_MAX 512

static struct error *replace(char **out, char *value)
{
    free(*out);
    *out = value;
    return value == NULL ? error_no_memory() : NULL;
}

/* Without parameters (RFC 9110, 8.3). */
static struct error *take_content_type(struct http_response *response, const char *value)
{
    char *type = strndup(value, strcspn(value, "; \t"));
    for (char *c = type; c != NULL && *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return replace(&response->content_type, type);
}

/* RFC 8555, 6.5.1: a nonce that is not base64url is to be ignored. */
static struct error *take_nonce(struct http_response *response, const char *value)
{
    return base64url_is(value, NONCE_MAX) ? replace(&response->nonce, strdup(value)) : NULL;
}

static struct error *take_location(struct http_response *response, const char *value)
{
    return replace(&response->location, strdup(value));
}

static struct error *take_links(struct http_response *response, const char *value)
{
    return http_links_add(&response->links, value);
}

static struct error *take_retry_after(struct http_response *response, const char *value)
{
    response->retry_after = http_retry_after(value, time(NULL));
    return NULL;
}

static const struct {
    const char *name;
    struct error *(*take)(struct http_response *response, const char *value);
} headers[] = {
    {"Content-Type", take_content_type}, {"Replay-Nonce", take_nonce},
    {"Location", take_location},         {"Link", take_links},
    {"Retry-After", take_retry_after},
};

/* `line` is "Name: value", without its end, and is changed. */
static struct error *take_header(struct http_response *response, char *line)
{
    char *value = strchr(line, ':');
    if (value == NULL)
        return NULL;
    *value++ = '\0';
    value += strspn(value, " \t");
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        if (strcasecmp(line, headers[i].name) == 0)
            return headers[i].take(response, value);
    }
    return NULL;
}

/* An interim answer (100, a proxy's 200) comes before the real one, with headers of its own. */
static void start_answer(struct http_receiver *receiver)
{
    size_t header_size = receiver->header_size;
    http_response_clear(receiver->response);
    receiver->header_size = header_size;
}

size_t http_receive_header(char *line, size_t size, size_t count, void *data)
{
    struct http_receiver *receiver = data;
    size_t length = size * count;
    if (length > HTTP_HEADERS_MAX - receiver->header_size) {
        receiver->error = error_new(ERROR_SERVER_ANSWER,
                                    "an answer with more than %zu bytes of "
                                    "headers was broken off",
                                    HTTP_HEADERS_MAX);
        return 0;
    }
    receiver->header_size += length;
    char *copy = strndup(line, length);
    if (copy == NULL) {
        receiver->error = error_no_memory();
        return 0;
    }
    size_t end = strlen(copy);
    while (end > 0 && isspace((unsigned char)copy[end - 1]))
        copy[--end] = '\0';
    if (strncasecmp(copy, "HTTP/", 5) == 0)
        start_answer(receiver);
    else
        receiver->error = take_header(receiver->response, copy);
    free(copy);
    return receiver->error == NULL ? length : 0;
}

size_t http_receive_body(char *bytes, size_t size, size_t count, void *data)
{
    struct http_receiver *receiver = data;
    size_t length = size * count;
    if (length > receiver->size_max - receiver->response->body.length)
        receiver->error =
            error_new(ERROR_SERVER_ANSWER, "an answer of more than %zu bytes was broken off",
                      receiver->size_max);
    else
        receiver->error = buffer_append(&receiver->response->body, bytes, length);
    return receiver->error == NULL ? length : 0;
}

/* What is no URL stays as it is: whoever wants to go there finds out. */
static struct error *make_absolute(char **url, const char *base)
{
    char *absolute;
    struct error *error = http_url_resolve(base, *url, &absolute);
    if (error != NULL && error_code(error) == ERROR_NO_MEMORY)
        return error;
    if (error == NULL) {
        free(*url);
        *url = absolute;
    }
    error_free(error);
    return NULL;
}

struct error *http_receive_end(struct http_receiver *receiver, const char *url)
{
    struct http_response *response = receiver->response;
    struct error *error =
        response->location != NULL ? make_absolute(&response->location, url) : NULL;
    for (size_t i = 0; i < response->links.count && error == NULL; i++)
        error = make_absolute(&response->links.links[i].target, url);
    return error;
}
