/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_HARNESS_H
#define SOFTCARD_HARNESS_H

#include "softcard/card.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Commands that many tests begin with. */
#define SELECT_PIV    "00A4040005A000000308"
#define SELECT_DUMMY  "00A4040005F000000001"
#define VERIFY_PIN    "0020008008313233343536FFFF"
#define VERIFY_WRONG  "0020008008393939393939FFFF"
#define VERIFY_STATUS "00200080"

/* A card in memory, as its issuer leaves it, with extended length and T=1. */
struct soft_card *harness_card_new(enum soft_profile profile);

void harness_card_free(struct soft_card *card);

/* Sends a command in hex. Returns the status word; `response`, if not NULL, is set to the data. */
uint16_t harness_send(struct soft_card *card, const char *command, struct soft_bytes *response);

/* Authenticates with the default management key, by the single method. */
void harness_administrator(struct soft_card *card);

/* Makes a key as --key does. */
void harness_key(struct soft_card *card, const char *argument);

/* Sends a command, and fails the test when the status word, or the data in hex, is another. */
#define assert_status(card, command, status)                                                       \
    assert_int_equal(harness_send((card), (command), NULL), (status))
#define assert_answer(card, command, data, status)                                                 \
    harness_assert_answer((card), (command), (data), (status), __FILE__, __LINE__)

void harness_assert_answer(struct soft_card *card, const char *command, const char *data,
                           uint16_t status, const char *file, int line);

#endif
