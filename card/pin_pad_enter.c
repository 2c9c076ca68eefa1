/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reader is told to have typed, and what comes of it. PC/SC part 10, 2.5. */
#include "pin_pad.h"
#include "trace.h"

#include <reader.h> /* PC/SC part 10's structures; nothing of it leads to libpcsclite */
#include <string.h>

/* What a driver may wait longer for a reader than it told the reader to wait for a person. */
#define GRACE_SECONDS 15

/* Status words of the reader's, PC/SC part 10, 2.5.3 and 2.5.4: the card got nothing. */
#define SW_ENTRY_TIMED_OUT 0x6400
#define SW_ENTRY_CANCELLED 0x6401
#define SW_ENTRIES_DIFFER  0x6402
#define SW_ENTRY_LENGTH    0x6403
#define SW_BAD_STRUCTURE   0x6480

/* bmFormatString: units of a byte, at the beginning of the data, left-justified, ASCII. */
#define FORMAT 0x82

/* bEntryValidationCondition: the key that says so. */
#define ENDED_BY_KEY 0x02

/* bConfirmPIN. */
#define CONFIRM_NEW     0x01
#define PRESENT_PIN_TOO 0x02

/* Windows' number for English (US), which every reader has messages in. */
#define ENGLISH 0x0409

#define HEADER_SIZE 5 /* CLA, INS, P1, P2, Lc */
#define DATA_MAX    (HEADER_SIZE + 2 * PIN_PAD_BLOCK_MAX)

/* ---- what the reader is told ------------------------------------------------------------- */

/* wPINMaxExtraDigit: in the host's byte order, as all of these structures are (pcsc-lite's
   reader.h). */
static uint16_t limits(const struct pin_pad *pad, const struct pin_entry *entry)
{
    size_t minimum;
    size_t maximum;
    pin_pad_range(pad, entry, &minimum, &maximum);
    return (uint16_t)(minimum << 8 | maximum);
}

/* The command, as far as the host knows it; returns its length. */
static size_t put_command(const struct pin_entry *entry, uint8_t *out)
{
    size_t pins = (entry->present ? 1U : 0U) + (entry->fresh ? 1U : 0U);
    size_t data = pins * entry->block;
    const uint8_t header[HEADER_SIZE] = {0x00, entry->ins, entry->p1, entry->p2, (uint8_t)data};
    memcpy(out, header, sizeof(header));
    memset(out + HEADER_SIZE, 0xFF, data);
    return HEADER_SIZE + data;
}

/* *length is that of what is told. */
static void put_verify(const struct pin_pad *pad, const struct pin_entry *entry, uint8_t *out,
                       size_t *length)
{
    size_t data = put_command(entry, out + sizeof(PIN_VERIFY_STRUCTURE));
    const PIN_VERIFY_STRUCTURE told = {
        .bTimerOut = PIN_PAD_SECONDS,
        .bTimerOut2 = PIN_PAD_SECONDS,
        .bmFormatString = FORMAT,
        .bmPINBlockString = (uint8_t)entry->block,
        .wPINMaxExtraDigit = limits(pad, entry),
        .bEntryValidationCondition = ENDED_BY_KEY,
        .bNumberMessage = 1,
        .wLangId = ENGLISH,
        .ulDataLength = (uint32_t)data,
    };
    memcpy(out, &told, sizeof(told));
    *length = sizeof(told) + data;
}

static void put_modify(const struct pin_pad *pad, const struct pin_entry *entry, uint8_t *out,
                       size_t *length)
{
    size_t data = put_command(entry, out + sizeof(PIN_MODIFY_STRUCTURE));
    const PIN_MODIFY_STRUCTURE told = {
        .bTimerOut = PIN_PAD_SECONDS,
        .bTimerOut2 = PIN_PAD_SECONDS,
        .bmFormatString = FORMAT,
        .bmPINBlockString = (uint8_t)entry->block,
        .bInsertionOffsetNew = entry->present ? (uint8_t)entry->block : 0,
        .wPINMaxExtraDigit = limits(pad, entry),
        .bConfirmPIN = CONFIRM_NEW | (entry->present ? PRESENT_PIN_TOO : 0),
        .bEntryValidationCondition = ENDED_BY_KEY,
        .bNumberMessage = entry->present ? 3 : 2,
        .wLangId = ENGLISH,
        .bMsgIndex1 = entry->present ? 0 : 1, /* "PIN", "new PIN", "confirm it" */
        .bMsgIndex2 = entry->present ? 1 : 2,
        .bMsgIndex3 = entry->present ? 2 : 0,
        .ulDataLength = (uint32_t)data,
    };
    memcpy(out, &told, sizeof(told));
    *length = sizeof(told) + data;
}

/* ---- the entry --------------------------------------------------------------------------- */

static struct error *take_status(const struct pin_pad *pad, const struct pin_entry *entry,
                                 uint16_t status)
{
    size_t minimum;
    size_t maximum;
    pin_pad_range(pad, entry, &minimum, &maximum);
    switch (status) {
    case SW_ENTRY_TIMED_OUT:
        return error_new(ERROR_PIN_TIMEOUT,
                         "no PIN was typed at the reader's keypad in %d seconds: the card was sent "
                         "none, try again",
                         PIN_PAD_SECONDS);
    case SW_ENTRY_CANCELLED:
        return error_new(ERROR_PIN_ABORTED,
                         "the entry was cancelled at the reader's keypad: the card was sent no "
                         "PIN");
    case SW_ENTRIES_DIFFER:
        return error_new(ERROR_PIN_FORMAT, "the new PINs that were typed at the reader's keypad "
                                           "differ: nothing was changed");
    case SW_ENTRY_LENGTH:
        return error_new(ERROR_PIN_FORMAT,
                         "what was typed at the reader's keypad is too short or too long: it takes "
                         "%zu to %zu digits; the card was sent nothing",
                         minimum, maximum);
    case SW_BAD_STRUCTURE:
        return error_new(ERROR_UNSUPPORTED, "the reader's keypad does not serve for this command");
    default:
        return NULL;
    }
}

/* Each PIN that is typed has its time. */
static unsigned seconds_for(const struct pin_entry *entry)
{
    unsigned entries = (entry->present ? 1U : 0U) + (entry->fresh ? 2U : 0U);
    return entries * PIN_PAD_SECONDS + GRACE_SECONDS;
}

struct error *pin_pad_enter(struct card_transport *transport, const struct pin_pad *pad,
                            const struct pin_entry *entry, uint16_t *status)
{
    uint8_t told[sizeof(PIN_MODIFY_STRUCTURE) + DATA_MAX];
    uint8_t answer[256]; /* some drivers want room for more than they answer */
    const uint8_t header[4] = {0x00, entry->ins, entry->p1, entry->p2};
    size_t answer_length = sizeof(answer);
    size_t length;
    *status = 0;
    struct error *error = pin_pad_check(pad, entry);
    if (error != NULL)
        return error;
    (entry->fresh ? put_modify : put_verify)(pad, entry, told, &length);
    double start = trace_clock();
    error = transport->functions->control(transport, entry->fresh ? pad->modify : pad->verify, told,
                                          length, answer, &answer_length, seconds_for(entry));
    if (error != NULL && error_code(error) == ERROR_UNSUPPORTED)
        error =
            error_wrap(error, ERROR_UNSUPPORTED,
                       "the reader's keypad does not serve, although it is in the reader's list "
                       "of features");
    if (error == NULL && answer_length != 2)
        error = error_new(ERROR_TRANSPORT,
                          "the reader's keypad answered with %zu bytes instead of a status",
                          answer_length);
    if (error == NULL)
        *status = (uint16_t)(answer[0] << 8 | answer[1]);
    trace_entry(header, *status, trace_clock() - start);
    return error != NULL ? error : take_status(pad, entry, *status);
}
