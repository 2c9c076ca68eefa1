/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands that read data objects: which may be read, by whom, and which certificate is meant.
 */
#include "openpgp.h"

#include <string.h>

#define CERTIFICATE_COUNT 3

struct readable {
    uint16_t tag;
    enum soft_pgp_access access;
    bool constructed;
    bool yubikey_only;
};

/* 4.4.1: what GET DATA reads by itself. The rest is inside of 65, 6E and 7A. */
static const struct readable readables[] = {
    {0x0101, SOFT_PGP_ALWAYS, false, false},
    {0x0102, SOFT_PGP_ALWAYS, false, false},
    {0x0103, SOFT_PGP_OTHER, false, false},
    {0x0104, SOFT_PGP_ADMIN, false, false},
    {SOFT_PGP_AID, SOFT_PGP_ALWAYS, false, false},
    {0x5E, SOFT_PGP_ALWAYS, false, false},
    {0x5F50, SOFT_PGP_ALWAYS, false, false},
    {SOFT_PGP_HISTORICAL, SOFT_PGP_ALWAYS, false, false},
    {0x65, SOFT_PGP_ALWAYS, true, false},
    {0x6E, SOFT_PGP_ALWAYS, true, false},
    {0x7A, SOFT_PGP_ALWAYS, true, false},
    {SOFT_PGP_CERTIFICATE, SOFT_PGP_ALWAYS, false, false},
    {0x7F66, SOFT_PGP_ALWAYS, true, false},
    {0x7F74, SOFT_PGP_ALWAYS, true, true},
    {SOFT_PGP_STATUS, SOFT_PGP_ALWAYS, false, false},
    {0xD6, SOFT_PGP_ALWAYS, false, true},
    {0xD7, SOFT_PGP_ALWAYS, false, true},
    {0xD8, SOFT_PGP_ALWAYS, false, true},
    {SOFT_PGP_TOUCH_LAST, SOFT_PGP_ALWAYS, false, true},
    {SOFT_PGP_KDF, SOFT_PGP_ALWAYS, false, false},
    {0xFA, SOFT_PGP_ALWAYS, true, false},
};

static const struct readable *readable_find(const struct soft_card *card, uint32_t tag)
{
    for (size_t i = 0; i < sizeof(readables) / sizeof(readables[0]); i++) {
        if (readables[i].tag == tag && (!readables[i].yubikey_only || soft_pgp_is_yubikey(card)))
            return &readables[i];
    }
    return NULL;
}

/* 7.2.6. A constructed object's own tag is answered by a YubiKey and not by other cards. */
uint16_t soft_pgp_get_data(struct soft_card *card, const struct soft_apdu *apdu,
                           struct soft_bytes *out)
{
    uint32_t tag = (uint32_t)apdu->p1 << 8 | apdu->p2;
    const struct readable *readable = readable_find(card, tag);

    if (apdu->length > 0)
        return SOFT_WRONG_LENGTH;
    if (readable == NULL || (tag == 0x7F66 && !card->options.extended) ||
        (tag == SOFT_PGP_KDF && card->options.no_kdf))
        return SOFT_REFERENCE_NOT_FOUND;
    if (!soft_pgp_may(card, readable->access))
        return SOFT_SECURITY_STATUS;
    if (readable->constructed && soft_pgp_is_yubikey(card))
        soft_pgp_member_append(card, tag, out);
    else
        soft_pgp_value_append(card, tag, out);
    return SOFT_OK;
}

/* 7.2.7: the occurrence after the one that is selected. */
uint16_t soft_pgp_get_next_data(struct soft_card *card, const struct soft_apdu *apdu,
                                struct soft_bytes *out)
{
    if (apdu->length > 0)
        return SOFT_WRONG_LENGTH;
    if ((apdu->p1 << 8 | apdu->p2) != SOFT_PGP_CERTIFICATE ||
        card->openpgp.certificate + 1 >= CERTIFICATE_COUNT)
        return SOFT_REFERENCE_NOT_FOUND;
    card->openpgp.certificate++;
    soft_pgp_value_append(card, SOFT_PGP_CERTIFICATE, out);
    return SOFT_OK;
}

/* 7.2.5: P1 is the occurrence, 60 { 5C { 7F21 } } the object. */
uint16_t soft_pgp_select_data(struct soft_card *card, const struct soft_apdu *apdu,
                              struct soft_bytes *out)
{
    static const uint8_t reference[] = {0x60, 0x04, 0x5C, 0x02, 0x7F, 0x21};

    (void)out;
    if (apdu->p2 != 0x04)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->length != sizeof(reference) || memcmp(apdu->data, reference, sizeof(reference)) != 0)
        return SOFT_WRONG_DATA;
    if (apdu->p1 >= CERTIFICATE_COUNT)
        return SOFT_REFERENCE_NOT_FOUND;
    card->openpgp.certificate = apdu->p1;
    return SOFT_OK;
}
