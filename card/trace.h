/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CARD_TRACE=1 in the environment: a line on standard error for each command a card is sent. It
 * shows headers, lengths, status and time; data never, whatever the command.
 */
#ifndef CARD_TRACE_H
#define CARD_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds on a clock that does not jump. */
double trace_clock(void);

/*
 * One line for a command: the four bytes of its `header`, the bytes of data sent with it, the
 * status (0: none came), the bytes of data received, and how long that took, in milliseconds.
 */
void trace_command(const uint8_t *header, size_t sent, uint16_t status, size_t received,
                   double milliseconds);

/* The same for a command whose PINs are typed at the reader's keypad. */
void trace_entry(const uint8_t *header, uint16_t status, double milliseconds);

/* The same for what a PKCS #11 module was asked to do, and whether it answered. */
void trace_call(const char *name, bool answered, double milliseconds);

#endif
