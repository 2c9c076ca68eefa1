/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software card in a reader in memory, for the card layer's tests: what it was sent is logged,
 * others can act in between, and any answer can be replaced.
 */
#ifndef SOFT_READER_H
#define SOFT_READER_H

#include "card_internal.h"
#include "softcard_harness.h"
#include "transport_memory.h"

#include <pthread.h>

struct soft_reader;

/* What somebody else does when a transaction of ours is about to begin. */
typedef struct error *soft_interloper(struct soft_reader *soft);

/* Replaces the answer to a command. */
struct soft_answer {
    uint8_t ins;
    int skip;                /* so many commands with that INS are answered by the card */
    int times;               /* then so many by this; -1: all */
    const uint8_t *response; /* with status */
    size_t length;
    enum error_code error; /* or the transport's error, where not 0 */
};

struct soft_reader {
    struct memory_reader memory[1];
    struct memory_system system;
    struct soft_card *card;
    struct card_context *context;
    pthread_mutex_t transaction;

    char log[4096]; /* "a4 f7 20", the instructions since the last soft_reader_log() */
    size_t log_length;
    char taken[4096];

    soft_interloper *interloper; /* acts once */
    soft_interloper *always;     /* acts each time */
    struct soft_answer answers[4];
};

/* A reader with a card of that profile, with extended length, and a context that sees only it. */
struct soft_reader *soft_reader_new(enum soft_profile profile);
void soft_reader_free(struct soft_reader *soft);

/* The instructions since the last call, in hexadecimal with spaces between. */
const char *soft_reader_log(struct soft_reader *soft);

/* Keys by softcard's --key and --certificate. */
void soft_reader_key(struct soft_reader *soft, const char *key, const char *certificate);

/* Looks for the one key of that URI; *key is NULL with an error. */
struct error *soft_reader_search(struct soft_reader *soft, const char *uri, struct card_key **key);

/* There is none: that error, with that text in it. */
void soft_reader_not_found(struct soft_reader *soft, const char *uri, enum error_code code,
                           const char *text);

/* Finds it. */
struct card_key *soft_reader_find(struct soft_reader *soft, const char *uri);

/* Signs, with the PIN from the key's URI, and checks the signature. */
struct error *soft_reader_sign(struct card_key *key);

/* What others do. */
struct error *soft_select_dummy(struct soft_reader *soft);
struct error *soft_reset(struct soft_reader *soft);
struct error *soft_remove_and_insert(struct soft_reader *soft);

/* The next answers to `ins` after `skip` are `hex`. */
void soft_reader_answer(struct soft_reader *soft, uint8_t ins, int skip, int times,
                        const char *hex);

/* Asserts that there is an error of that code, whose message has `text` in it; frees it. */
#define assert_error(error, code, text) soft_assert_error(error, code, text, __FILE__, __LINE__)
void soft_assert_error(struct error *error, enum error_code code, const char *text,
                       const char *file, int line);

/* Asserts that there is none. */
#define assert_no_error(error) soft_assert_no_error(error, __FILE__, __LINE__)
void soft_assert_no_error(struct error *error, const char *file, int line);

#endif
