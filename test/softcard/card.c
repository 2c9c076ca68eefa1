/* SPDX-License-Identifier: BSD-2-Clause */
#include "card.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INS_SELECT 0xA4

static const struct soft_application *const applications[] = {&soft_piv, &soft_dummy};

/* Historical bytes: category 80, then compact TLV (ISO 7816-4, 12.1.1). 73: card capabilities,
 * whose third byte says chaining (80) and extended length (40). 5x: the issuer's data, here a name.
 */
static void historical_bytes(const struct soft_card *card, struct soft_bytes *out)
{
    bool yubikey = card->state.profile == SOFT_PROFILE_YUBIKEY && !card->options.unknown;
    const char *name = card->options.unknown ? "unknown" : yubikey ? "YubiKey" : "plain PIV";
    const uint8_t start[] = {0x80, 0x73, 0xC0, 0x21};

    soft_bytes_append(out, start, sizeof(start));
    soft_bytes_append_byte(out, card->options.extended ? 0xC0 : 0x80);
    soft_bytes_append_byte(out, (uint8_t)(0x50 | strlen(name)));
    soft_bytes_append(out, name, strlen(name));
}

void soft_card_atr(const struct soft_card *card, struct soft_bytes *out)
{
    /* ISO 7816-3, 8.2: TS, T0 (patched below), TA1 = 13, TB1 = TC1 = 0, TD1 = 81 (T=1, TD2
     * follows), TD2 = 31 (T=1, TA3 and TB3 follow): IFSC = FE, block waiting times = 15. */
    static const uint8_t interface_t1[] = {0x3B, 0xF0, 0x13, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x15};
    static const uint8_t interface_t0[] = {0x3B, 0x00}; /* no interface bytes: T=0, and no TCK */
    size_t start = out->length;
    size_t historical;
    uint8_t check = 0;

    if (card->options.t0)
        soft_bytes_append(out, interface_t0, sizeof(interface_t0));
    else
        soft_bytes_append(out, interface_t1, sizeof(interface_t1));
    historical = out->length;
    historical_bytes(card, out);
    out->data[start + 1] = (uint8_t)(out->data[start + 1] | (out->length - historical));
    if (card->options.t0)
        return;
    for (size_t i = start + 1; i < out->length; i++)
        check ^= out->data[i];
    soft_bytes_append_byte(out, check);
}

static void application_leave(struct soft_card *card)
{
    if (card->selected != NULL)
        card->selected->forget(card);
    card->selected = NULL;
}

static const struct soft_application *application_find(const uint8_t *aid, size_t length)
{
    for (size_t i = 0; i < sizeof(applications) / sizeof(applications[0]); i++) {
        const struct soft_application *application = applications[i];

        if (length >= application->aid_least && length <= application->aid_length &&
            memcmp(aid, application->aid, length) == 0)
            return application;
    }
    return NULL;
}

/* SP 800-73-4 part 2, 3.1.1: a right-truncated AID will do; selecting the selected application
 * keeps its security status; an application that is not found leaves everything as it was. */
static uint16_t select_application(struct soft_card *card, const struct soft_apdu *apdu,
                                   struct soft_bytes *out)
{
    const struct soft_application *application;

    if (apdu->p1 != 0x04 || (apdu->p2 != 0x00 && apdu->p2 != 0x0C))
        return SOFT_WRONG_PARAMETERS;
    application = application_find(apdu->data, apdu->length);
    if (application == NULL)
        return SOFT_NOT_FOUND;
    if (application != card->selected)
        application_leave(card);
    card->selected = application;
    application->select(card, out);
    return SOFT_OK;
}

uint16_t soft_card_dispatch(struct soft_card *card, const struct soft_apdu *apdu,
                            struct soft_bytes *out)
{
    if (card->options.unknown)
        return apdu->ins == INS_SELECT ? SOFT_NOT_FOUND : SOFT_INS_UNSUPPORTED;
    if (apdu->ins == INS_SELECT)
        return select_application(card, apdu, out);
    if (card->selected == NULL)
        return SOFT_INS_UNSUPPORTED;
    return card->selected->command(card, apdu, out);
}

void soft_card_reset(struct soft_card *card)
{
    application_leave(card);
    card->chain.active = false;
    soft_bytes_clear(&card->chain.data);
    soft_bytes_clear(&card->pending.data);
    card->pending.offset = 0;
}

void soft_card_free(struct soft_card *card)
{
    soft_card_reset(card);
    soft_bytes_free(&card->chain.data);
    soft_bytes_free(&card->pending.data);
    soft_state_free(&card->state);
}
