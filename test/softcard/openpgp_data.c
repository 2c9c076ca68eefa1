/* SPDX-License-Identifier: BSD-2-Clause */
/* What data objects hold (4.4.1). What was written comes from the state, the rest is made here. */
#include "openpgp.h"
#include "tlv.h"

/* 6.1: capabilities of the card (31: selection by whole and partial name, no MF), its command set
 * (73: chaining, extended length, told in 7F66), life cycle: 05 operational, 03 to be made new. */
void soft_pgp_historical_bytes(const struct soft_card *card, struct soft_bytes *out)
{
    static const uint8_t service[] = {0x31, 0xC5};
    const uint8_t rest[] = {
        0x73,
        soft_pgp_is_yubikey(card) ? 0x00 : 0xC0,
        soft_pgp_is_yubikey(card) ? 0x00 : 0x01,
        card->options.extended ? 0xE0 : 0x80,
        card->state.openpgp.terminated ? 0x03 : 0x05,
        0x90,
        0x00,
    };

    soft_bytes_append_byte(out, 0x00);
    if (!soft_pgp_is_yubikey(card))
        soft_bytes_append(out, service, sizeof(service));
    soft_bytes_append(out, rest, sizeof(rest));
}

/* 4.4.3: GET CHALLENGE, import, C4 changeable, private objects, attributes changeable, KDF; most
 * bytes of a challenge, a certificate, an object; MANAGE SECURITY ENVIRONMENT where there is. */
static void capabilities_append(const struct soft_card *card, struct soft_bytes *out)
{
    size_t certificate = soft_pgp_certificate_most(card);
    const uint8_t value[] = {
        card->options.no_kdf ? 0x7C : 0x7D,
        0x00,
        SOFT_PGP_CHALLENGE_MOST >> 8,
        SOFT_PGP_CHALLENGE_MOST & 0xFF,
        (uint8_t)(certificate >> 8),
        (uint8_t)certificate,
        0x00,
        SOFT_PGP_OBJECT_MOST,
        0x00,
        soft_pgp_is_yubikey(card) ? 0x00 : 0x01,
    };

    soft_bytes_append(out, value, sizeof(value));
}

/* 4.4.3 (C4): whether PW1 is good for many signatures; most bytes and tries left of each. */
static void status_append(const struct soft_card *card, struct soft_bytes *out)
{
    const struct soft_openpgp *openpgp = &card->state.openpgp;
    const struct soft_bytes *policy = soft_objects_find(&openpgp->objects, SOFT_PGP_STATUS);

    soft_bytes_append_byte(out, policy == NULL ? 0 : policy->data[0]);
    for (size_t i = 0; i < SOFT_PGP_PASSWORDS; i++)
        soft_bytes_append_byte(out, (uint8_t)soft_pgp_password_most(card));
    for (size_t i = 0; i < SOFT_PGP_PASSWORDS; i++)
        soft_bytes_append_byte(out, openpgp->passwords[i].tries);
}

/* Objects of a fixed size that nobody wrote are zeros. */
static void fixed_append(const struct soft_card *card, uint32_t tag, size_t length,
                         struct soft_bytes *out)
{
    static const uint8_t zeros[20];
    const struct soft_bytes *object = soft_objects_find(&card->state.openpgp.objects, tag);

    if (object != NULL)
        soft_bytes_append(out, object->data, object->length);
    else
        soft_bytes_append(out, zeros, length);
}

/* Three objects of one size, one after another: C5, C6 and CD. */
static void three_append(const struct soft_card *card, uint32_t first, size_t length,
                         struct soft_bytes *out)
{
    for (uint32_t i = 0; i < SOFT_PGP_SLOTS; i++)
        fixed_append(card, first + i, length, out);
}

/* 4.4.3 (DE): which keys there are. */
static void key_information_append(const struct soft_card *card, struct soft_bytes *out)
{
    for (unsigned slot = 0; slot < SOFT_PGP_SLOTS; slot++) {
        soft_bytes_append_byte(out, (uint8_t)(slot + 1));
        soft_bytes_append_byte(out, card->state.openpgp.keys[slot].origin);
    }
}

static void counter_append(const struct soft_card *card, struct soft_bytes *out)
{
    for (int shift = 16; shift >= 0; shift -= 8)
        soft_bytes_append_byte(out, (uint8_t)(card->state.openpgp.signatures >> shift));
}

/* DO 7F66: the longest command and the longest answer, each as an integer of two bytes. */
static void extended_append(struct soft_bytes *out)
{
    static const uint8_t value[] = {0x02, 0x02, 0x0B, 0xFE, 0x02, 0x02, 0x0B, 0xFE};

    soft_bytes_append(out, value, sizeof(value));
}

static void certificate_append(const struct soft_card *card, struct soft_bytes *out)
{
    const struct soft_bytes *object = soft_objects_find(
        &card->state.openpgp.objects, soft_pgp_certificate_tag(card->openpgp.certificate));

    if (object != NULL)
        soft_bytes_append(out, object->data, object->length);
}

void soft_pgp_member_append(const struct soft_card *card, uint32_t tag, struct soft_bytes *out)
{
    struct soft_bytes value = {0};

    soft_pgp_value_append(card, tag, &value);
    soft_tlv_append(out, tag, value.data, value.length);
    soft_bytes_free(&value);
}

static void members_append(const struct soft_card *card, const uint16_t *tags, size_t count,
                           struct soft_bytes *out)
{
    for (size_t i = 0; i < count; i++)
        soft_pgp_member_append(card, tags[i], out);
}

static void cardholder_append(const struct soft_card *card, struct soft_bytes *out)
{
    static const uint16_t tags[] = {0x5B, 0x5F2D, 0x5F35};

    members_append(card, tags, sizeof(tags) / sizeof(tags[0]), out);
}

static void discretionary_append(const struct soft_card *card, struct soft_bytes *out)
{
    static const uint16_t tags[] = {0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xCD, 0xDE};
    static const uint16_t touch_tags[] = {0xD6, 0xD7, 0xD8, 0xD9};

    members_append(card, tags, sizeof(tags) / sizeof(tags[0]), out);
    if (soft_pgp_is_yubikey(card))
        members_append(card, touch_tags, sizeof(touch_tags) / sizeof(touch_tags[0]), out);
}

static void application_append(const struct soft_card *card, struct soft_bytes *out)
{
    soft_pgp_member_append(card, SOFT_PGP_AID, out);
    soft_pgp_member_append(card, SOFT_PGP_HISTORICAL, out);
    if (card->options.extended)
        soft_pgp_member_append(card, 0x7F66, out);
    if (soft_pgp_is_yubikey(card))
        soft_pgp_member_append(card, 0x7F74, out);
    soft_pgp_member_append(card, 0x73, out);
}

/* D6 to D8 (4.4.3), and D9, a YubiKey's for its attestation key, which Yubico's tools do not live
 * without: off, and by which means: a button. */
static void touch_append(const struct soft_card *card, uint32_t tag, struct soft_bytes *out)
{
    const struct soft_bytes *object = soft_objects_find(&card->state.openpgp.objects, tag);

    if (object != NULL)
        soft_bytes_append(out, object->data, object->length);
    else
        soft_bytes_append(out, "\x00\x20", 2);
}

static void kdf_append(const struct soft_card *card, struct soft_bytes *out)
{
    const struct soft_bytes *object = soft_objects_find(&card->state.openpgp.objects, SOFT_PGP_KDF);

    if (object != NULL)
        soft_bytes_append(out, object->data, object->length);
    else
        soft_bytes_append(out, "\x81\x01\x00", 3);
}

static void written_append(const struct soft_card *card, uint32_t tag, struct soft_bytes *out)
{
    const struct soft_bytes *object = soft_objects_find(&card->state.openpgp.objects, tag);

    if (object != NULL)
        soft_bytes_append(out, object->data, object->length);
    else if (tag == 0x5F35)
        soft_bytes_append_byte(out, 0x39); /* ISO 5218: not announced */
}

/* What the card makes of several things, or of none. */
static bool made_append(const struct soft_card *card, uint32_t tag, struct soft_bytes *out)
{
    switch (tag) {
    case SOFT_PGP_AID:
        soft_openpgp.identify(card, out);
        return true;
    case SOFT_PGP_HISTORICAL:
        soft_pgp_historical_bytes(card, out);
        return true;
    case 0x65:
        cardholder_append(card, out);
        return true;
    case 0x6E:
        application_append(card, out);
        return true;
    case 0x73:
        discretionary_append(card, out);
        return true;
    case 0x7A:
        soft_pgp_member_append(card, 0x93, out);
        return true;
    case 0x7F66:
        extended_append(out);
        return true;
    case 0x7F74:
        soft_bytes_append(out, "\x81\x01\x20", 3);
        return true;
    case 0xFA:
        soft_pgp_algorithms_append(soft_pgp_exponent_bits(card), out);
        return true;
    default:
        return false;
    }
}

void soft_pgp_value_append(const struct soft_card *card, uint32_t tag, struct soft_bytes *out)
{
    if (made_append(card, tag, out))
        return;
    if (tag == 0xC0)
        capabilities_append(card, out);
    else if (tag == SOFT_PGP_STATUS)
        status_append(card, out);
    else if (tag == 0xC5)
        three_append(card, SOFT_PGP_FINGERPRINT, 20, out);
    else if (tag == 0xC6)
        three_append(card, 0xCA, 20, out);
    else if (tag == 0xCD)
        three_append(card, SOFT_PGP_TIME, 4, out);
    else if (tag == 0xDE)
        key_information_append(card, out);
    else if (tag == 0x93)
        counter_append(card, out);
    else if (tag >= SOFT_PGP_TOUCH && tag <= SOFT_PGP_TOUCH_LAST)
        touch_append(card, tag, out);
    else if (tag == SOFT_PGP_CERTIFICATE)
        certificate_append(card, out);
    else if (tag == SOFT_PGP_KDF)
        kdf_append(card, out);
    else
        written_append(card, tag, out);
}

uint32_t soft_pgp_certificate_tag(uint8_t occurrence)
{
    return (uint32_t)SOFT_PGP_CERTIFICATE << 8 | occurrence;
}

/* 7.2.5: the first is AUT's, which is the only one of older cards, then DEC's, then SIG's. */
uint8_t soft_pgp_certificate_occurrence(enum soft_pgp_slot slot)
{
    return (uint8_t)(SOFT_PGP_AUT - slot);
}
