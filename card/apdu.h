/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands and their answers, ISO/IEC 7816-4: whatever it takes to bring a command of any length
 * to the card and its whole answer back. Extended length where card and reader have it, command
 * chaining and GET RESPONSE where they have not.
 */
#ifndef CARD_APDU_H
#define CARD_APDU_H

#include "buffer.h"
#include "error.h"
#include "pin_pad.h"
#include "transport.h"
#include "types.h"

#include <stddef.h>
#include <stdint.h>

/* Status words, ISO/IEC 7816-4 5.6 and SP 800-73-4 part 2, 4 (table 3). */
#define SW_SUCCESS                 0x9000
#define SW_MORE_DATA               0x6100 /* 61xx: xx bytes wait for GET RESPONSE */
#define SW_WARNING_COUNTER         0x63C0 /* 63Cx: x tries are left */
#define SW_WRONG_LENGTH            0x6700
#define SW_SECURITY_STATUS         0x6982 /* not satisfied */
#define SW_AUTHENTICATION_BLOCKED  0x6983
#define SW_CONDITIONS_OF_USE       0x6985 /* not satisfied */
#define SW_WRONG_DATA              0x6A80
#define SW_FUNCTION_NOT_SUPPORTED  0x6A81
#define SW_FILE_NOT_FOUND          0x6A82
#define SW_NOT_ENOUGH_MEMORY       0x6A84
#define SW_INCORRECT_P1_P2         0x6A86
#define SW_REFERENCE_NOT_FOUND     0x6A88
#define SW_WRONG_LE                0x6C00 /* 6Cxx: ask again with Le = xx */
#define SW_INSTRUCTION_UNSUPPORTED 0x6D00
#define SW_CLASS_UNSUPPORTED       0x6E00

/* The most data a command can carry: a certificate, with room to spare. */
#define APDU_DATA_MAX 16384

/* The most an answer can amount to, GET RESPONSE after GET RESPONSE. */
#define APDU_ANSWER_MAX 65536

/* A command before it is cut to what the card takes. */
struct apdu_command {
    uint8_t cla, ins, p1, p2;
    const uint8_t *data;
    size_t length;   /* of the data; 0 for none */
    size_t expected; /* the longest answer to be expected, in bytes; 0 for none at all */
};

/* The way to one card; for one thread at a time. */
struct apdu_channel;

/* A channel over a connected transport, which has to live as long. ERROR_NO_MEMORY. */
struct error *apdu_channel_new(struct card_transport *transport,
                               struct apdu_channel **out) MUST_CHECK;
void apdu_channel_free(struct apdu_channel *channel);

/* The card's answer to reset, *length bytes; belongs to the transport. */
const uint8_t *apdu_channel_atr(const struct apdu_channel *channel, size_t *length);

/* What is below the channel, for applications that speak no APDUs. */
struct card_transport *apdu_channel_transport(const struct apdu_channel *channel);

/*
 * Sends a command and collects its whole answer: `answer` is cleared, then holds the data, and
 * *status the last status word, whatever it is. ERROR_CARD_ANSWER for an answer without end or
 * without a status, and the transport's errors.
 */
struct error *apdu_exchange(struct apdu_channel *channel, const struct apdu_command *command,
                            struct buffer *answer, uint16_t *status) MUST_CHECK;

/* The same for a command whose answer has nothing to tell but *status. */
struct error *apdu_send(struct apdu_channel *channel, const struct apdu_command *command,
                        uint16_t *status) MUST_CHECK;

/* What the reader's keypad can do; without one all is zero. Asks the reader, once. Errors as for
   pin_pad_read(). */
struct error *apdu_pin_pad(struct apdu_channel *channel, struct pin_pad *out) MUST_CHECK;

/* Sends a command whose PINs are typed at that keypad. Errors as for pin_pad_enter(). */
struct error *apdu_enter_pin(struct apdu_channel *channel, const struct pin_entry *entry,
                             uint16_t *status) MUST_CHECK;

/*
 * What VERIFY's status words (ISO/IEC 7816-4 11.6.6), with data or without, say of the PIN; false
 * for those that say nothing of it: *out has no tries then.
 */
bool apdu_pin_status(uint16_t status, struct card_pin_status *out);

/* ERROR_CARD_STATUS: the card refused `what` (such as "GET DATA") with that status word. */
struct error *apdu_refused(const char *what, uint16_t status)
    __attribute__((warn_unused_result, returns_nonnull));

#endif
