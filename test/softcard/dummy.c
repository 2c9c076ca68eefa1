/* SPDX-License-Identifier: BSD-2-Clause */
/* A second application, to be in the way: whoever takes it for PIV and sends it a PIN has lost a
 * try. It answers the question for the tries left just like PIV does, so that only knowing what is
 * selected helps. */
#include "card.h"

#define INS_VERIFY 0x20

static const uint8_t dummy_aid[] = {0xF0, 0x00, 0x00, 0x00, 0x01};

static uint16_t dummy_select(struct soft_card *card, struct soft_bytes *out)
{
    static const uint8_t description[] = {0x6F, 0x07, 0x84, 0x05, 0xF0, 0x00, 0x00, 0x00, 0x01};

    (void)card;
    soft_bytes_append(out, description, sizeof(description));
    return SOFT_OK;
}

static uint16_t dummy_command(struct soft_card *card, const struct soft_apdu *apdu,
                              struct soft_bytes *out)
{
    (void)out;
    if (apdu->ins != INS_VERIFY || apdu->p1 != 0x00 || apdu->p2 != 0x80)
        return SOFT_INS_UNSUPPORTED;
    if (apdu->length > 0)
        card->dummy_verifies++;
    return SOFT_TRIES_LEFT | 3;
}

static void dummy_identify(const struct soft_card *card, struct soft_bytes *aid)
{
    (void)card;
    soft_bytes_append(aid, dummy_aid, sizeof(dummy_aid));
}

static void dummy_forget(struct soft_card *card)
{
    (void)card;
}

static bool dummy_chains(const struct soft_card *card, uint8_t ins)
{
    (void)card;
    (void)ins;
    return false;
}

const struct soft_application soft_dummy = {
    .name = "dummy",
    .profiles = ~0u,
    .identify = dummy_identify,
    .aid_least = sizeof(dummy_aid),
    .select = dummy_select,
    .command = dummy_command,
    .forget = dummy_forget,
    .chains = dummy_chains,
};
