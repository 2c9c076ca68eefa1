/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing data objects (4.4.2, 7.2.8). */
#include "openpgp.h"
#include "tlv.h"

#include <string.h>

struct writable {
    uint16_t tag;
    enum soft_pgp_access access;
    uint8_t least;
    uint8_t most;
    bool yubikey_only;
    /* Checks and stores; NULL: as it comes. */
    uint16_t (*put)(struct soft_card *card, const struct soft_apdu *apdu);
};

static uint32_t tag_of(const struct soft_apdu *apdu)
{
    return (uint32_t)apdu->p1 << 8 | apdu->p2;
}

static void object_store(struct soft_card *card, const struct soft_apdu *apdu)
{
    soft_objects_set(&card->state.openpgp.objects, tag_of(apdu), apdu->data, apdu->length);
}

/* 4.4.3: with other attributes than its own a key is no key: it is gone, and what was told of it.
 * The same attributes once more change nothing. */
static uint16_t attributes_put(struct soft_card *card, const struct soft_apdu *apdu)
{
    struct soft_openpgp *openpgp = &card->state.openpgp;
    uint32_t number = tag_of(apdu) - SOFT_PGP_ATTRIBUTES;
    enum soft_pgp_slot slot = (enum soft_pgp_slot)number;
    const struct soft_algorithm *before = soft_pgp_algorithm(openpgp, slot);
    const struct soft_algorithm *algorithm =
        soft_pgp_attributes_read(slot, apdu->data, apdu->length, soft_pgp_exponent_bits(card));

    if (algorithm == NULL)
        return SOFT_WRONG_DATA;
    object_store(card, apdu);
    if (algorithm != before) {
        soft_openpgp_key_remove(openpgp, slot);
        soft_objects_set(&openpgp->objects, SOFT_PGP_FINGERPRINT + number, NULL, 0);
        soft_objects_set(&openpgp->objects, SOFT_PGP_TIME + number, NULL, 0);
    }
    return SOFT_OK;
}

/* Only the first byte can be written (4.4.3). */
static uint16_t status_put(struct soft_card *card, const struct soft_apdu *apdu)
{
    if (apdu->data[0] > 0x01)
        return SOFT_WRONG_DATA;
    object_store(card, apdu);
    return SOFT_OK;
}

/* 4.3. An empty value takes the code away. */
static uint16_t reset_code_put(struct soft_card *card, const struct soft_apdu *apdu)
{
    if (apdu->length > 0 && !soft_pgp_password_fits(card, SOFT_PGP_RC, apdu->length))
        return SOFT_WRONG_DATA;
    soft_pgp_password_set(card, SOFT_PGP_RC, apdu->data, apdu->length);
    return SOFT_OK;
}

/* On, off, or on for good; and 03, 04: on, with the touch remembered for a while. */
static uint16_t touch_put(struct soft_card *card, const struct soft_apdu *apdu)
{
    const struct soft_bytes *before = soft_objects_find(&card->state.openpgp.objects, tag_of(apdu));

    if (apdu->data[0] > 0x04)
        return SOFT_WRONG_DATA;
    if (before != NULL && (before->data[0] == 0x02 || before->data[0] == 0x04))
        return SOFT_CONDITIONS;
    object_store(card, apdu);
    return SOFT_OK;
}

static size_t hash_size(uint8_t hash)
{
    /* RFC 4880, 9.4: SHA-256 and SHA-512. */
    return hash == 0x08 ? 32 : hash == 0x0A ? 64 : 0;
}

/* 4.3: 81 how, 82 hash, 83 count, 84 to 86 salts, 87 and 88 the hashes of the first passwords. */
static bool kdf_is_salted(const uint8_t *data, size_t length, struct soft_tlv *user,
                          struct soft_tlv *admin)
{
    struct soft_tlv how;
    struct soft_tlv hash;
    struct soft_tlv count;
    struct soft_tlv salt;

    return soft_tlv_find(data, length, 0x81, &how) && how.length == 1 && how.value[0] == 0x03 &&
           soft_tlv_find(data, length, 0x82, &hash) && hash.length == 1 &&
           soft_tlv_find(data, length, 0x83, &count) && count.length == 4 &&
           soft_tlv_find(data, length, 0x84, &salt) && salt.length == 8 &&
           soft_tlv_find(data, length, 0x87, user) && soft_tlv_find(data, length, 0x88, admin) &&
           hash_size(hash.value[0]) > 0 && user->length == hash_size(hash.value[0]) &&
           admin->length == user->length;
}

/* The host hashes from now on, the card compares what comes. Both passwords are the first ones
 * again, hashed or not, and there is no reset code. */
static uint16_t kdf_put(struct soft_card *card, const struct soft_apdu *apdu)
{
    static const uint8_t none[] = {0x81, 0x01, 0x00};
    struct soft_tlv user = {.value = (const uint8_t *)"123456", .length = 6};
    struct soft_tlv admin = {.value = (const uint8_t *)"12345678", .length = 8};
    bool plain = apdu->length == sizeof(none) && memcmp(apdu->data, none, sizeof(none)) == 0;

    if (!plain && !kdf_is_salted(apdu->data, apdu->length, &user, &admin))
        return SOFT_WRONG_DATA;
    object_store(card, apdu);
    soft_pgp_password_set(card, SOFT_PGP_PW1, user.value, user.length);
    soft_pgp_password_set(card, SOFT_PGP_PW3, admin.value, admin.length);
    soft_pgp_password_set(card, SOFT_PGP_RC, NULL, 0);
    card->openpgp.signing = false;
    card->openpgp.other = false;
    card->openpgp.admin = false;
    return SOFT_OK;
}

static const struct writable writables[] = {
    {0x0101, SOFT_PGP_OTHER, 0, SOFT_PGP_OBJECT_MOST, false, NULL},
    {0x0102, SOFT_PGP_ADMIN, 0, SOFT_PGP_OBJECT_MOST, false, NULL},
    {0x0103, SOFT_PGP_OTHER, 0, SOFT_PGP_OBJECT_MOST, false, NULL},
    {0x0104, SOFT_PGP_ADMIN, 0, SOFT_PGP_OBJECT_MOST, false, NULL},
    {0x5B, SOFT_PGP_ADMIN, 0, 39, false, NULL},
    {0x5E, SOFT_PGP_ADMIN, 0, SOFT_PGP_OBJECT_MOST, false, NULL},
    {0x5F2D, SOFT_PGP_ADMIN, 0, 8, false, NULL},
    {0x5F35, SOFT_PGP_ADMIN, 1, 1, false, NULL},
    {0x5F50, SOFT_PGP_ADMIN, 0, SOFT_PGP_OBJECT_MOST, false, NULL},
    {0xC1, SOFT_PGP_ADMIN, 2, 12, false, attributes_put},
    {0xC2, SOFT_PGP_ADMIN, 2, 12, false, attributes_put},
    {0xC3, SOFT_PGP_ADMIN, 2, 12, false, attributes_put},
    {SOFT_PGP_STATUS, SOFT_PGP_ADMIN, 1, 1, false, status_put},
    {0xC7, SOFT_PGP_ADMIN, 20, 20, false, NULL},
    {0xC8, SOFT_PGP_ADMIN, 20, 20, false, NULL},
    {0xC9, SOFT_PGP_ADMIN, 20, 20, false, NULL},
    {0xCA, SOFT_PGP_ADMIN, 20, 20, false, NULL},
    {0xCB, SOFT_PGP_ADMIN, 20, 20, false, NULL},
    {0xCC, SOFT_PGP_ADMIN, 20, 20, false, NULL},
    {0xCE, SOFT_PGP_ADMIN, 4, 4, false, NULL},
    {0xCF, SOFT_PGP_ADMIN, 4, 4, false, NULL},
    {0xD0, SOFT_PGP_ADMIN, 4, 4, false, NULL},
    {SOFT_PGP_RESET_CODE, SOFT_PGP_ADMIN, 0, SOFT_PASSWORD_MOST, false, reset_code_put},
    {0xD6, SOFT_PGP_ADMIN, 2, 2, true, touch_put},
    {0xD7, SOFT_PGP_ADMIN, 2, 2, true, touch_put},
    {0xD8, SOFT_PGP_ADMIN, 2, 2, true, touch_put},
    {SOFT_PGP_TOUCH_LAST, SOFT_PGP_ADMIN, 2, 2, true, touch_put},
    {SOFT_PGP_KDF, SOFT_PGP_ADMIN, 3, SOFT_PGP_OBJECT_MOST, false, kdf_put},
};

static const struct writable *writable_find(const struct soft_card *card, uint32_t tag)
{
    for (size_t i = 0; i < sizeof(writables) / sizeof(writables[0]); i++) {
        if (writables[i].tag == tag && (!writables[i].yubikey_only || soft_pgp_is_yubikey(card)))
            return &writables[i];
    }
    return NULL;
}

/* The occurrence that SELECT DATA named; an empty value takes the certificate away. */
static uint16_t certificate_put(struct soft_card *card, const struct soft_apdu *apdu)
{
    if (!card->openpgp.admin)
        return SOFT_SECURITY_STATUS;
    if (apdu->length > soft_pgp_certificate_most(card))
        return SOFT_NO_SPACE;
    soft_objects_set(&card->state.openpgp.objects,
                     soft_pgp_certificate_tag(card->openpgp.certificate), apdu->data, apdu->length);
    return soft_card_save(card);
}

uint16_t soft_pgp_put_data(struct soft_card *card, const struct soft_apdu *apdu,
                           struct soft_bytes *out)
{
    const struct writable *writable = writable_find(card, tag_of(apdu));
    uint16_t status = SOFT_OK;

    (void)out;
    if (tag_of(apdu) == SOFT_PGP_CERTIFICATE)
        return certificate_put(card, apdu);
    if (writable == NULL)
        return SOFT_REFERENCE_NOT_FOUND;
    if (!soft_pgp_may(card, writable->access))
        return SOFT_SECURITY_STATUS;
    if (apdu->length < writable->least || apdu->length > writable->most)
        return SOFT_WRONG_LENGTH;
    if (writable->put != NULL)
        status = writable->put(card, apdu);
    else
        object_store(card, apdu);
    return status == SOFT_OK ? soft_card_save(card) : status;
}
