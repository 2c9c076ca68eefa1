/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to a command before an application sees it, and to an answer after: classes,
 * lengths, chaining, and answers that do not fit (ISO 7816-4, 5.1 to 5.3; ISO 7816-3, 12.2 for
 * T=0). */
#include "card.h"

#include <string.h>

#define INS_GET_RESPONSE 0xC0
#define INS_SELECT       0xA4
#define CLA_CHAINED      0x10
#define CHAIN_MOST       4096  /* more than any command has */
#define ANSWER_MOST      65533 /* vpcd counts a response in two bytes, status included */

static uint16_t class_check(uint8_t cla)
{
    if ((cla & 0xE0) == 0x20 || (cla & 0x80) != 0)
        return SOFT_CLA_UNSUPPORTED;
    if ((cla & 0x40) != 0 || (cla & 0x03) != 0)
        return SOFT_CHANNEL_UNSUPPORTED;
    if ((cla & 0x0C) != 0)
        return SOFT_SECURE_UNSUPPORTED;
    return SOFT_OK;
}

static void pending_drop(struct soft_card *card)
{
    soft_bytes_clear(&card->pending.data);
    card->pending.offset = 0;
}

static size_t pending_left(const struct soft_card *card)
{
    return card->pending.data.length - card->pending.offset;
}

static uint16_t pending_status(const struct soft_card *card)
{
    size_t left = pending_left(card);

    if (left == 0)
        return SOFT_OK;
    return (uint16_t)(SOFT_BYTES_REMAINING | (left < 256 ? left : 0));
}

/* Hands out as much of the pending answer as the host takes. In T=0 a host that asks for more than
 * there is gets nothing but the right number, and the answer is kept. */
static uint16_t pending_deliver(struct soft_card *card, size_t le, struct soft_bytes *response)
{
    size_t left = pending_left(card);

    if (card->options.t0 && le > left)
        return (uint16_t)(SOFT_WRONG_LE | left);
    if (le > ANSWER_MOST)
        le = ANSWER_MOST;
    if (card->options.answer_most > 0 && le > card->options.answer_most)
        le = card->options.answer_most;
    if (le > left)
        le = left;
    soft_bytes_append(response, card->pending.data.data + card->pending.offset, le);
    card->pending.offset += le;
    return pending_status(card);
}

/* A YubiKey answers one without Le, too: ykman 5 sends it so. */
static uint16_t get_response(struct soft_card *card, const struct soft_apdu *apdu,
                             struct soft_bytes *response)
{
    bool le_needed = card->state.profile != SOFT_PROFILE_YUBIKEY;

    if (apdu->p1 != 0 || apdu->p2 != 0)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->length > 0 || (le_needed && !apdu->le_given))
        return SOFT_WRONG_LENGTH;
    if (pending_left(card) == 0)
        return SOFT_CONDITIONS;
    return pending_deliver(card, apdu->le_given ? apdu->le : 256, response);
}

/*
 * The first look at an answer. Without Le (case 3) ISO 7816-4 expects none: most cards say
 * that there is one, a YubiKey sends it all the same, and Yubico's own tools rely on that.
 */
static uint16_t answer_first(struct soft_card *card, const struct soft_apdu *apdu,
                             struct soft_bytes *response)
{
    size_t le = apdu->le_given ? apdu->le : 256;

    if (pending_left(card) == 0)
        return SOFT_OK;
    if (card->options.t0 && (apdu->length > 0 || !apdu->le_given))
        return pending_status(card);
    if (!apdu->le_given && card->state.profile != SOFT_PROFILE_YUBIKEY)
        return pending_status(card);
    return pending_deliver(card, le, response);
}

static void chain_drop(struct soft_card *card)
{
    card->chain.active = false;
    soft_bytes_clear(&card->chain.data);
}

/* Takes a part of a chain in. Returns SOFT_OK when the command may go on. */
static uint16_t chain_append(struct soft_card *card, const struct soft_apdu *apdu)
{
    const uint8_t header[3] = {apdu->ins, apdu->p1, apdu->p2};
    struct soft_chain *chain = &card->chain;

    if (chain->active && memcmp(chain->header, header, sizeof(header)) != 0) {
        chain_drop(card);
        return SOFT_CHAIN_LAST_EXPECTED;
    }
    if (chain->data.length + apdu->length > CHAIN_MOST) {
        chain_drop(card);
        return SOFT_WRONG_LENGTH;
    }
    memcpy(chain->header, header, sizeof(header));
    soft_bytes_append(&chain->data, apdu->data, apdu->length);
    return SOFT_OK;
}

static uint16_t chain_begin(struct soft_card *card, const struct soft_apdu *apdu)
{
    uint16_t status;

    if (card->selected == NULL || !card->selected->chains(card, apdu->ins)) {
        chain_drop(card);
        return SOFT_CHAIN_UNSUPPORTED;
    }
    if (apdu->length == 0) {
        chain_drop(card);
        return SOFT_WRONG_LENGTH;
    }
    status = chain_append(card, apdu);
    card->chain.active = status == SOFT_OK;
    return status;
}

/* Executes a command that is whole now, and keeps its answer to be fetched. */
static uint16_t command_execute(struct soft_card *card, struct soft_apdu *apdu,
                                struct soft_bytes *response)
{
    struct soft_apdu whole = *apdu;
    uint16_t status = SOFT_OK;

    /* Whoever selects starts afresh: the chain belonged to somebody else, or to a dead process. */
    if (apdu->ins == INS_SELECT)
        chain_drop(card);
    if (card->chain.active) {
        status = chain_append(card, apdu);
        whole.data = card->chain.data.data;
        whole.length = card->chain.data.length;
    }
    if (status == SOFT_OK)
        status = soft_card_dispatch(card, &whole, &card->pending.data);
    chain_drop(card);
    if (status != SOFT_OK) {
        pending_drop(card);
        return status;
    }
    return answer_first(card, apdu, response);
}

static bool command_is_repeated(const struct soft_card *card, const struct soft_apdu *apdu)
{
    const uint8_t header[4] = {apdu->cla, apdu->ins, apdu->p1, apdu->p2};

    return card->options.t0 && card->pending.data.length > 0 && card->pending.offset == 0 &&
           apdu->length == 0 && apdu->le_given &&
           memcmp(card->pending.header, header, sizeof(header)) == 0;
}

static uint16_t command_transmit(struct soft_card *card, struct soft_apdu *apdu,
                                 struct soft_bytes *response)
{
    const uint8_t header[4] = {apdu->cla, apdu->ins, apdu->p1, apdu->p2};
    uint16_t status = class_check(apdu->cla);

    if (status != SOFT_OK)
        return status;
    if (apdu->ins == INS_GET_RESPONSE)
        return get_response(card, apdu, response);
    if (command_is_repeated(card, apdu))
        return pending_deliver(card, apdu->le, response);
    pending_drop(card);
    if ((apdu->cla & CLA_CHAINED) != 0)
        return chain_begin(card, apdu);
    memcpy(card->pending.header, header, sizeof(header));
    return command_execute(card, apdu, response);
}

void soft_card_transmit(struct soft_card *card, const uint8_t *command, size_t length,
                        struct soft_bytes *response)
{
    struct soft_apdu apdu;
    uint16_t status = SOFT_WRONG_LENGTH;

    soft_bytes_clear(response);
    if (soft_apdu_parse(command, length, &apdu) && (!apdu.extended || card->options.extended))
        status = command_transmit(card, &apdu, response);
    soft_bytes_append_byte(response, (uint8_t)(status >> 8));
    soft_bytes_append_byte(response, (uint8_t)status);
}
