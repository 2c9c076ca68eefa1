/* SPDX-License-Identifier: BSD-2-Clause */
/* http-01 (RFC 8555, 8.3) by a listener of our own, which knows nothing but the challenges. */
#include "challenge_listener.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than a validator's request takes. */
#define REQUEST_MAX 4096

struct http_context {
    struct challenge_answer *answers;
    size_t count;
};

static void context_free(void *data)
{
    struct http_context *context = data;
    challenge_answers_free(context->answers, context->count);
    free(context);
}

/* Reads to the end of the head. False: it breaks off, is too long, or takes too long. */
static bool read_head(struct challenge_connection *connection, char *head, size_t size)
{
    size_t length = 0;
    while (length < size - 1 && challenge_connection_wait(connection, POLLIN) == 0) {
        ssize_t count = recv(connection->socket, head + length, size - 1 - length, 0);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        length += count > 0 ? (size_t)count : 0;
        head[length] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL)
            return true;
    }
    return false;
}

static void write_all(struct challenge_connection *connection, const char *text)
{
    size_t left = strlen(text);
    while (left > 0 && challenge_connection_wait(connection, POLLOUT) == 0) {
        ssize_t count = send(connection->socket, text, left, MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return;
        text += count > 0 ? count : 0;
        left -= count > 0 ? (size_t)count : 0;
    }
}

/* What is asked for: GET of a token's path; NULL for anything else. */
static const struct challenge_answer *find_answer(const struct http_context *context,
                                                  const char *head)
{
    static const char path[] = "/.well-known/acme-challenge/";
    if (strncmp(head, "GET ", 4) != 0 || strncmp(head + 4, path, strlen(path)) != 0)
        return NULL;
    const char *token = head + 4 + strlen(path);
    size_t length = strcspn(token, " ?\r\n");
    for (size_t i = 0; i < context->count; i++) {
        const struct challenge_answer *answer = &context->answers[i];
        if (strlen(answer->token) == length && strncmp(answer->token, token, length) == 0)
            return answer;
    }
    return NULL;
}

static void serve(struct challenge_connection *connection, void *data)
{
    char head[REQUEST_MAX], *text;
    if (!read_head(connection, head, sizeof(head)))
        return;
    const struct challenge_answer *answer = find_answer(data, head);
    const char *body = answer != NULL ? answer->key_authorization : "";
    if (asprintf(&text,
                 "HTTP/1.1 %s\r\nContent-Type: application/octet-stream\r\n"
                 "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                 answer != NULL ? "200 OK" : "404 Not Found", strlen(body), body) < 0)
        return;
    write_all(connection, text);
    (void)shutdown(connection->socket, SHUT_WR);
    free(text);
}

struct error *challenge_http_listen(const char *address, unsigned port,
                                    const struct challenge_answer *answers, size_t count,
                                    struct challenge_listener **out)
{
    *out = NULL;
    struct http_context *context = calloc(1, sizeof(*context));
    if (context == NULL)
        return error_no_memory();
    context->count = count;
    struct error *error = challenge_answers_copy(answers, count, &context->answers);
    if (error != NULL) {
        context_free(context);
        return error;
    }
    return challenge_listener_open(address, port, serve, context, context_free, out);
}
