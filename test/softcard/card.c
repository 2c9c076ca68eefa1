/* SPDX-License-Identifier: BSD-2-Clause */
#include "card.h"

#include "openpgp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INS_SELECT 0xA4

static const struct soft_application *const applications[] = {&soft_piv, &soft_openpgp,
                                                              &soft_dummy};

/* Historical bytes: category 80, then compact TLV (ISO 7816-4, 12.1.1). 73: card capabilities,
 * whose third byte says chaining (80) and extended length (40). 5x: the issuer's data, here a name.
 */
static void historical_bytes(const struct soft_card *card, struct soft_bytes *out)
{
    static const char *const names[] = {
        [SOFT_PROFILE_YUBIKEY] = "YubiKey",
        [SOFT_PROFILE_PIV] = "plain PIV",
    };
    const uint8_t start[] = {0x80, 0x73, 0xC0, 0x21};
    const char *name;

    if (card->state.profile == SOFT_PROFILE_OPENPGP && !card->options.unknown) {
        soft_pgp_historical_bytes(card, out);
        return;
    }
    name = card->options.unknown ? "unknown" : names[card->state.profile];
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

bool soft_card_has(const struct soft_card *card, const struct soft_application *application)
{
    return (application->profiles & 1u << card->state.profile) != 0;
}

static bool application_matches(const struct soft_card *card,
                                const struct soft_application *application, const uint8_t *aid,
                                size_t length)
{
    struct soft_bytes whole = {0};
    bool matches;

    application->identify(card, &whole);
    matches = length >= application->aid_least && length <= whole.length &&
              memcmp(aid, whole.data, length) == 0;
    soft_bytes_free(&whole);
    return matches;
}

static const struct soft_application *application_find(const struct soft_card *card,
                                                       const uint8_t *aid, size_t length)
{
    for (size_t i = 0; i < sizeof(applications) / sizeof(applications[0]); i++) {
        if (soft_card_has(card, applications[i]) &&
            application_matches(card, applications[i], aid, length))
            return applications[i];
    }
    return NULL;
}

/* A right-truncated AID will do (SP 800-73-4 part 2, 3.1.1; OpenPGP card 3.4.1, 7.2.1); an
 * application that is not found leaves everything as it was; what selecting the selected one does
 * is its own affair. */
static uint16_t select_application(struct soft_card *card, const struct soft_apdu *apdu,
                                   struct soft_bytes *out)
{
    const struct soft_application *application;

    if (apdu->p1 != 0x04 || (apdu->p2 != 0x00 && apdu->p2 != 0x0C))
        return SOFT_WRONG_PARAMETERS;
    application = application_find(card, apdu->data, apdu->length);
    if (application == NULL)
        return card->options.unknown_aid_6d00 ? SOFT_INS_UNSUPPORTED : SOFT_NOT_FOUND;
    if (application != card->selected)
        application_leave(card);
    card->selected = application;
    return application->select(card, out);
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

uint16_t soft_card_save(const struct soft_card *card)
{
    if (soft_state_save(&card->state))
        return SOFT_OK;
    fprintf(stderr, "softcard: cannot write %s: %s\n", card->state.path, strerror(errno));
    return SOFT_MEMORY_FAILURE;
}

void soft_card_generate_wait(const struct soft_card *card)
{
    unsigned left = card->options.generate_seconds;

    while (left > 0)
        left = sleep(left);
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
