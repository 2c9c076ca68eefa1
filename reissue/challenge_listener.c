/* SPDX-License-Identifier: BSD-2-Clause */
#include "challenge_listener.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS_MAX 4
/* A CA looks from several places at once; and one who only holds connections should not be enough.
 */
#define THREADS 16

struct challenge_listener {
    int sockets[SOCKETS_MAX];
    size_t socket_count;
    int stop; /* an eventfd */
    pthread_t threads[THREADS];
    size_t thread_count;
    challenge_serve *serve;
    void *context;
    challenge_context_free *context_free;
};

static long long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- connections ------------------------------------------------------------------------- */

int challenge_connection_wait(struct challenge_connection *connection, short events)
{
    for (;;) {
        struct pollfd wanted[] = {{connection->socket, events, 0}, {connection->stop, POLLIN, 0}};
        long long left = connection->deadline - milliseconds();
        if (left <= 0)
            return -1;
        int count = poll(wanted, 2, (int)left);
        if (count < 0 && errno != EINTR)
            return -1;
        if (count > 0)
            return wanted[1].revents == 0 ? 0 : -1;
    }
}

static void serve_one(struct challenge_listener *listener, int descriptor)
{
    struct challenge_connection connection = {
        .socket = accept4(descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC),
        .stop = listener->stop,
        .deadline = milliseconds() + CHALLENGE_CONNECTION_TIME};
    if (connection.socket < 0) /* another thread was quicker */
        return;
    listener->serve(&connection, listener->context);
    close(connection.socket);
}

static void *serve_all(void *data)
{
    struct challenge_listener *listener = data;
    struct pollfd wanted[SOCKETS_MAX + 1];
    for (;;) {
        wanted[0] = (struct pollfd){listener->stop, POLLIN, 0};
        for (size_t i = 0; i < listener->socket_count; i++)
            wanted[i + 1] = (struct pollfd){listener->sockets[i], POLLIN, 0};
        if (poll(wanted, listener->socket_count + 1, -1) < 0 && errno != EINTR)
            return NULL;
        if (wanted[0].revents != 0)
            return NULL;
        for (size_t i = 0; i < listener->socket_count; i++) {
            if (wanted[i + 1].revents != 0)
                serve_one(listener, listener->sockets[i]);
        }
    }
}

/* ---- listening --------------------------------------------------------------------------- */

static struct error *cannot_listen(unsigned port, int reason)
{
    const char *advice = "";
    if (reason == EADDRINUSE)
        advice = ": another program has it; let that one serve the challenge";
    else if (reason == EACCES)
        advice = ": it takes root, or CAP_NET_BIND_SERVICE";
    return error_new(ERROR_NETWORK, "cannot listen at port %u: %s%s", port, strerror(reason),
                     advice);
}

static int open_socket(const struct addrinfo *address)
{
    static const int yes = 1;
    int descriptor =
        socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;
    bool good = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0;
    if (good && address->ai_family == AF_INET6)
        good = setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) == 0;
    if (good && bind(descriptor, address->ai_addr, address->ai_addrlen) == 0 &&
        listen(descriptor, 64) == 0)
        return descriptor;
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}

/* Each address that there is; a machine without IPv6 has no socket for it. */
static struct error *open_sockets(struct challenge_listener *listener, const char *address,
                                  unsigned port)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char service[16];
    int reason = EADDRNOTAVAIL;
    (void)snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(address, service, &hints, &found) != 0)
        return error_new(ERROR_ARGUMENT, "%s is no address to listen at", address);
    for (struct addrinfo *a = found; a != NULL && listener->socket_count < SOCKETS_MAX;
         a = a->ai_next) {
        int descriptor = open_socket(a);
        if (descriptor >= 0)
            listener->sockets[listener->socket_count++] = descriptor;
        else if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL) {
            reason = errno;
            freeaddrinfo(found);
            return cannot_listen(port, reason);
        }
    }
    freeaddrinfo(found);
    return listener->socket_count > 0 ? NULL : cannot_listen(port, reason);
}

/* Signals are for the program's own thread. */
static struct error *start_threads(struct challenge_listener *listener)
{
    sigset_t all, before;
    int reason = 0;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (reason == 0 && listener->thread_count < THREADS) {
        reason =
            pthread_create(&listener->threads[listener->thread_count], NULL, serve_all, listener);
        if (reason == 0)
            listener->thread_count++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return listener->thread_count > 0
               ? NULL
               : error_new(ERROR_INTERNAL, "cannot start a thread: %s", strerror(reason));
}

struct error *challenge_listener_open(const char *address, unsigned port, challenge_serve *serve,
                                      void *context, challenge_context_free *context_free,
                                      struct challenge_listener **out)
{
    *out = NULL;
    struct challenge_listener *listener = calloc(1, sizeof(*listener));
    if (listener == NULL) {
        context_free(context);
        return error_no_memory();
    }
    listener->serve = serve;
    listener->context = context;
    listener->context_free = context_free;
    listener->stop = eventfd(0, EFD_CLOEXEC);
    struct error *error = listener->stop >= 0
                              ? open_sockets(listener, address, port)
                              : error_new(ERROR_INTERNAL, "eventfd: %s", strerror(errno));
    if (error == NULL)
        error = start_threads(listener);
    if (error != NULL) {
        challenge_listener_close(listener);
        return error;
    }
    *out = listener;
    return NULL;
}

void challenge_listener_close(struct challenge_listener *listener)
{
    const uint64_t one = 1;
    if (listener == NULL)
        return;
    if (listener->stop >= 0)
        (void)!write(listener->stop, &one, sizeof(one)); /* cannot fail: the counter is 0 */
    for (size_t i = 0; i < listener->thread_count; i++)
        (void)pthread_join(listener->threads[i], NULL);
    for (size_t i = 0; i < listener->socket_count; i++)
        close(listener->sockets[i]);
    if (listener->stop >= 0)
        close(listener->stop);
    listener->context_free(listener->context);
    free(listener);
}

/* ---- answers ----------------------------------------------------------------------------- */

void challenge_answers_free(struct challenge_answer *answers, size_t count)
{
    for (size_t i = 0; answers != NULL && i < count; i++) {
        free((char *)(uintptr_t)answers[i].identifier);
        free((char *)(uintptr_t)answers[i].token);
        free((char *)(uintptr_t)answers[i].key_authorization);
    }
    free(answers);
}

struct error *challenge_answers_copy(const struct challenge_answer *answers, size_t count,
                                     struct challenge_answer **out)
{
    struct challenge_answer *copy = calloc(count + 1, sizeof(*copy));
    bool good = copy != NULL;
    for (size_t i = 0; good && i < count; i++) {
        copy[i].identifier = strdup(answers[i].identifier);
        copy[i].token = strdup(answers[i].token);
        copy[i].key_authorization = strdup(answers[i].key_authorization);
        good = copy[i].identifier != NULL && copy[i].token != NULL &&
               copy[i].key_authorization != NULL;
    }
    *out = good ? copy : NULL;
    if (good)
        return NULL;
    challenge_answers_free(copy, count);
    return error_no_memory();
}
