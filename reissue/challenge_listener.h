/* SPDX-License-Identifier: BSD-2-Clause */
/* What listeners for challenges have in common: sockets, threads, and deadlines. */
#ifndef REISSUE_CHALLENGE_LISTENER_H
#define REISSUE_CHALLENGE_LISTENER_H

#include "challenge.h"

/* Milliseconds that a connection may take in all: who opens one and is silent holds up little. */
#define CHALLENGE_CONNECTION_TIME 5000

/* A connection, which does not block. */
struct challenge_connection {
    int socket;
    int stop; /* becomes readable when the listener is closed */
    long long deadline;
};

/* What is done with each, in any thread; `context` is the listener's. */
typedef void challenge_serve(struct challenge_connection *connection, void *context);
typedef void challenge_context_free(void *context);

/*
 * Listens, and serves connections in threads until challenge_listener_close(), which frees the
 * context. The context is the listener's also after an error.
 */
struct error *challenge_listener_open(const char *address, unsigned port, challenge_serve *serve,
                                      void *context, challenge_context_free *context_free,
                                      struct challenge_listener **out) MUST_CHECK;

/* Waits until the connection is ready for those events of poll(). 0; -1: its time is over. */
int challenge_connection_wait(struct challenge_connection *connection, short events);

/* Copies of answers; the caller frees them with their count. */
struct error *challenge_answers_copy(const struct challenge_answer *answers, size_t count,
                                     struct challenge_answer **out) MUST_CHECK;
void challenge_answers_free(struct challenge_answer *answers, size_t count);

#endif
