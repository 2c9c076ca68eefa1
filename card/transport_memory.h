/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cards in memory, for unit tests and fuzzing: functions of the test answer. A reader of this
 * system counts what is done to it, so that a test can assert it.
 */
#ifndef CARD_TRANSPORT_MEMORY_H
#define CARD_TRANSPORT_MEMORY_H

#include "transport.h"

struct memory_reader {
    const char *name;
    bool card_present;
    uint8_t atr[TRANSPORT_ATR_MAX];
    size_t atr_length;
    bool byte_protocol;

    /*
     * Answers a command: fills `response` (room in *response_length), sets the length. An error
     * is returned to the card layer as the transport's own.
     */
    struct error *(*answer)(void *argument, const uint8_t *command, size_t command_length,
                            uint8_t *response, size_t *response_length);
    /* The same for what the reader itself is told; NULL: it knows nothing of that. */
    struct error *(*control)(void *argument, uint32_t code, const uint8_t *in, size_t in_length,
                             uint8_t *out, size_t *out_length);
    /* Called when a transaction has begun, as another process's chance to act; may be NULL. */
    struct error *(*begun)(void *argument);
    /* Called when a transaction that began has ended; may be NULL. */
    void (*ended)(void *argument);
    void *argument;

    int connects, transactions, exchanges, closes, abandons; /* what has happened */
};

struct memory_system {
    struct transport_system base;
    struct memory_reader *readers;
    size_t count;
    struct error *(*list_error)(void); /* what list() fails with; NULL: it does not */
};

/* Makes `system` serve `readers`, both of which the caller keeps. */
void memory_system_init(struct memory_system *system, struct memory_reader *readers, size_t count);

#endif
