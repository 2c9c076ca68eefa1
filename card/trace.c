/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double trace_clock(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A set-user-id program does not let its caller switch this on. */
static bool trace_wanted(void)
{
    const char *value = secure_getenv("CARD_TRACE");
    return value != NULL && *value != '\0' && strcmp(value, "0") != 0;
}

void trace_command(const uint8_t *header, size_t sent, uint16_t status, size_t received,
                   double milliseconds)
{
    if (!trace_wanted())
        return;
    (void)fprintf(stderr, "card: %02X %02X %02X %02X Lc=%zu -> %04X, %zu bytes, %.1f ms\n",
                  header[0], header[1], header[2], header[3], sent, status, received, milliseconds);
}

void trace_entry(const uint8_t *header, uint16_t status, double milliseconds)
{
    if (trace_wanted())
        (void)fprintf(stderr, "card: %02X %02X %02X %02X by the keypad -> %04X, %.1f ms\n",
                      header[0], header[1], header[2], header[3], status, milliseconds);
}

void trace_call(const char *name, bool answered, double milliseconds)
{
    if (trace_wanted())
        (void)fprintf(stderr, "card: %s%s, %.1f ms\n", name, answered ? "" : ": no answer",
                      milliseconds);
}
