/* SPDX-License-Identifier: BSD-2-Clause */
#include "apdu.h"

#include "apdu_encode.h"
#include "atr.h"
#include "secret.h"
#include "trace.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>

#define INS_GET_RESPONSE 0xC0 /* ISO/IEC 7816-4 11.8.1 */
#define CLA_CHAINING     0x10 /* ISO/IEC 7816-4 5.4.1: more of this command follows */
#define SHORT_DATA_MAX   255
#define SHORT_ANSWER_MAX 256

/* An answer of APDU_ANSWER_MAX takes 256 rounds of GET RESPONSE; a card that needs more than
   twice that many is not answering, it is keeping us busy. */
#define ROUNDS_MAX 512

struct apdu_channel {
    struct card_transport *transport;
    bool extended;          /* the card takes extended length, as far as we know */
    struct secret *command; /* the command as it is sent: it may hold a PIN */
    struct pin_pad pad;     /* the reader's, ... */
    bool pad_known;         /* ... once it was asked */
    uint8_t response[TRANSPORT_RESPONSE_MAX];
};

struct error *apdu_channel_new(struct card_transport *transport, struct apdu_channel **out)
{
    *out = NULL;
    struct apdu_channel *channel = calloc(1, sizeof(*channel));
    if (channel == NULL)
        return error_no_memory();
    struct error *error = secret_new_area(APDU_ENCODED_MAX, &channel->command);
    if (error != NULL) {
        free(channel);
        return error;
    }
    channel->transport = transport;
    channel->extended =
        !transport->byte_protocol && atr_extended_length(transport->atr, transport->atr_length);
    *out = channel;
    return NULL;
}

struct card_transport *apdu_channel_transport(const struct apdu_channel *channel)
{
    return channel->transport;
}

void apdu_channel_free(struct apdu_channel *channel)
{
    if (channel == NULL)
        return;
    secret_free(channel->command);
    OPENSSL_cleanse(channel->response, sizeof(channel->response));
    free(channel);
}

const uint8_t *apdu_channel_atr(const struct apdu_channel *channel, size_t *length)
{
    *length = channel->transport->atr_length;
    return channel->transport->atr;
}

static enum apdu_form short_form(const struct apdu_channel *channel)
{
    return channel->transport->byte_protocol ? APDU_SHORT_NO_LE : APDU_SHORT;
}

/* Takes what is in the channel's response, `length` bytes, apart. */
static struct error *take_response(struct apdu_channel *channel, size_t length,
                                   struct buffer *answer, uint16_t *status)
{
    if (length < 2 || length > sizeof(channel->response))
        return error_new(ERROR_CARD_ANSWER, "the card's answer has no status (%zu bytes)", length);
    *status = (uint16_t)(channel->response[length - 2] << 8 | channel->response[length - 1]);
    if (length - 2 > APDU_ANSWER_MAX - answer->length)
        return error_new(ERROR_CARD_ANSWER, "the card's answer does not end: more than %d bytes",
                         APDU_ANSWER_MAX);
    return buffer_append(answer, channel->response, length - 2);
}

/* One exchange; the data of the answer is appended to `answer`. */
static struct error *transmit(struct apdu_channel *channel, const struct apdu_command *command,
                              enum apdu_form form, struct buffer *answer, uint16_t *status)
{
    uint8_t *bytes = secret_bytes(channel->command);
    size_t length = apdu_encode(command, form, bytes);
    uint8_t header[4] = {command->cla, command->ins, command->p1, command->p2};
    size_t received = sizeof(channel->response);
    *status = 0;
    double start = trace_clock();
    struct error *error = channel->transport->functions->transmit(channel->transport, bytes, length,
                                                                  channel->response, &received);
    if (error == NULL)
        error = take_response(channel, received, answer, status);
    trace_command(header, command->length, *status, received < 2 ? 0 : received - 2,
                  trace_clock() - start);
    OPENSSL_cleanse(bytes, length);
    if (received <= sizeof(channel->response))
        OPENSSL_cleanse(channel->response, received);
    return error;
}

/*
 * Collects the rest of an answer: 61xx is followed by GET RESPONSE, 6Cxx by the same command with
 * the Le that the card wants. What has arrived stays. `current` is the last command sent.
 */
static struct error *collect(struct apdu_channel *channel, struct apdu_command current,
                             struct buffer *answer, uint16_t *status)
{
    bool corrected = false;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        uint16_t kind = *status & 0xFF00;
        if (kind != SW_MORE_DATA && (kind != SW_WRONG_LE || corrected))
            return NULL;
        corrected = kind == SW_WRONG_LE; /* once: a card that corrects itself again refuses */
        if (kind == SW_MORE_DATA)
            current = (struct apdu_command){.cla = current.cla, .ins = INS_GET_RESPONSE};
        current.expected = (*status & 0xFF) != 0 ? *status & 0xFF : SHORT_ANSWER_MAX;
        enum apdu_form form = current.length > SHORT_DATA_MAX ? APDU_EXTENDED : short_form(channel);
        struct error *error = transmit(channel, &current, form, answer, status);
        if (error != NULL)
            return error;
    }
    return error_new(ERROR_CARD_ANSWER, "the card's answer does not end: %d rounds of GET RESPONSE",
                     ROUNDS_MAX);
}

/* Command chaining, ISO/IEC 7816-4 5.4.1: all but the last block ask for nothing. */
static struct error *exchange_short(struct apdu_channel *channel,
                                    const struct apdu_command *command, struct buffer *answer,
                                    uint16_t *status)
{
    struct apdu_command block = *command;
    size_t left = command->length;
    for (; left > SHORT_DATA_MAX; left -= SHORT_DATA_MAX) {
        block.cla = command->cla | CLA_CHAINING;
        block.length = SHORT_DATA_MAX;
        block.expected = 0;
        struct error *error = transmit(channel, &block, short_form(channel), answer, status);
        if (error != NULL || *status != SW_SUCCESS)
            return error;
        block.data += SHORT_DATA_MAX;
    }
    block.cla = command->cla;
    block.length = left;
    block.expected = command->expected;
    struct error *error = transmit(channel, &block, short_form(channel), answer, status);
    return error != NULL ? error : collect(channel, block, answer, status);
}

/* Whether the card, or the reader on its behalf, cannot take what it was sent in one piece. */
static bool extended_refused(const struct error *error, uint16_t status)
{
    return error != NULL ? error_code(error) == ERROR_TRANSPORT : status == SW_WRONG_LENGTH;
}

struct error *apdu_exchange(struct apdu_channel *channel, const struct apdu_command *command,
                            struct buffer *answer, uint16_t *status)
{
    buffer_clear(answer);
    *status = 0;
    if (command->length > APDU_DATA_MAX)
        return error_new(ERROR_ARGUMENT, "%zu bytes are too much for a card: %d at most",
                         command->length, APDU_DATA_MAX);
    bool long_one = command->length > SHORT_DATA_MAX || command->expected > SHORT_ANSWER_MAX;
    if (long_one && channel->extended) {
        struct error *error = transmit(channel, command, APDU_EXTENDED, answer, status);
        if (!extended_refused(error, *status))
            return error != NULL ? error : collect(channel, *command, answer, status);
        error_free(error);
        channel->extended = false;
        buffer_clear(answer);
    }
    return exchange_short(channel, command, answer, status);
}

static const struct {
    uint16_t status;
    const char *meaning;
} meanings[] = {
    {SW_WRONG_LENGTH, "wrong length"},
    {SW_SECURITY_STATUS, "security status not satisfied"},
    {SW_AUTHENTICATION_BLOCKED, "blocked"},
    {SW_CONDITIONS_OF_USE, "conditions of use not satisfied"},
    {SW_WRONG_DATA, "wrong data"},
    {SW_FUNCTION_NOT_SUPPORTED, "not supported"},
    {SW_FILE_NOT_FOUND, "not found"},
    {SW_NOT_ENOUGH_MEMORY, "not enough memory"},
    {SW_INCORRECT_P1_P2, "wrong parameters"},
    {SW_REFERENCE_NOT_FOUND, "nothing there"},
    {SW_INSTRUCTION_UNSUPPORTED, "unknown command"},
    {SW_CLASS_UNSUPPORTED, "unknown class"},
};

struct error *apdu_send(struct apdu_channel *channel, const struct apdu_command *command,
                        uint16_t *status)
{
    struct buffer answer = {0};
    struct error *error = apdu_exchange(channel, command, &answer, status);
    buffer_clear(&answer);
    return error;
}

struct error *apdu_pin_pad(struct apdu_channel *channel, struct pin_pad *out)
{
    struct error *error =
        channel->pad_known ? NULL : pin_pad_read(channel->transport, &channel->pad);
    channel->pad_known = error == NULL;
    *out = channel->pad;
    return error;
}

struct error *apdu_enter_pin(struct apdu_channel *channel, const struct pin_entry *entry,
                             uint16_t *status)
{
    struct pin_pad pad;
    *status = 0;
    struct error *error = apdu_pin_pad(channel, &pad);
    return error != NULL ? error : pin_pad_enter(channel->transport, &pad, entry, status);
}

bool apdu_pin_status(uint16_t status, struct card_pin_status *out)
{
    *out = (struct card_pin_status){.tries_left = -1};
    if (status == SW_SUCCESS)
        out->verified = true;
    else if ((status & 0xFFF0) == SW_WARNING_COUNTER)
        out->tries_left = status & 0x0F;
    else if (status == SW_AUTHENTICATION_BLOCKED)
        out->tries_left = 0;
    else
        return false;
    out->blocked = out->tries_left == 0;
    return true;
}

struct error *apdu_refused(const char *what, uint16_t status)
{
    const char *meaning = "see ISO/IEC 7816-4 5.6";
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].status == status)
            meaning = meanings[i].meaning;
    return error_new(ERROR_CARD_STATUS, "the card refused %s with status %04X (%s)", what, status,
                     meaning);
}
