/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_LOG_H
#define SOFTCARD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The APDU log: JSON lines, one for each command and one for each event, flushed line by line. */
struct soft_log {
    FILE *file; /* NULL: nothing is logged */
    uint64_t count;
    uint64_t start_us;
    bool secret_chain; /* a chain that brings a key in is not at its end */
};

/* Opens `path` to append to. NULL logs nothing. Returns 0, or -1 with errno set. */
int soft_log_open(struct soft_log *log, const char *path);

/* Logs something that happened to the card: "power-on", "power-off", "reset" ... */
void soft_log_event(struct soft_log *log, const char *event);

/*
 * Logs a command and the length and status word of its response. Of commands that carry a PIN, a
 * PUK or a key only the header and Lc are written, whatever state the card is in.
 */
void soft_log_command(struct soft_log *log, const uint8_t *command, size_t length,
                      const uint8_t *response, size_t response_length);

void soft_log_close(struct soft_log *log);

/* Microseconds on a clock that only goes forward. */
uint64_t soft_clock_us(void);

#endif
