/* SPDX-License-Identifier: BSD-2-Clause */
#include "openpgp.h"
#include "tlv.h"

#include <openssl/ec.h>
#include <string.h>

#define COUNTER_MOST 0xFFFFFF

/* 7.2.14: 7F49 { 81 modulus, 82 exponent } or { 86 point }. */
static uint16_t public_append(const struct soft_card *card, enum soft_pgp_slot slot,
                              struct soft_bytes *out)
{
    const struct soft_openpgp *openpgp = &card->state.openpgp;
    struct soft_bytes public = {0};
    bool good;

    if (openpgp->keys[slot].pkey == NULL)
        return SOFT_REFERENCE_NOT_FOUND;
    good = soft_key_public(soft_pgp_algorithm(openpgp, slot), openpgp->keys[slot].pkey, &public);
    if (good)
        soft_tlv_append(out, 0x7F49, public.data, public.length);
    soft_bytes_free(&public);
    return good ? SOFT_OK : SOFT_FAILURE;
}

static uint16_t key_generate(struct soft_card *card, enum soft_pgp_slot slot)
{
    struct soft_openpgp *openpgp = &card->state.openpgp;
    EVP_PKEY *key = soft_key_generate(soft_pgp_algorithm(openpgp, slot));

    if (key == NULL)
        return SOFT_FAILURE;
    soft_card_generate_wait(card);
    soft_openpgp_key_store(openpgp, slot, key, SOFT_PGP_GENERATED);
    return soft_card_save(card);
}

/* 7.2.14: P1 is 80 to generate, 81 to read; the data a control reference template, empty or with
 * the key's number. */
uint16_t soft_pgp_generate(struct soft_card *card, const struct soft_apdu *apdu,
                           struct soft_bytes *out)
{
    struct soft_tlv_reader reader = {apdu->data, apdu->length};
    struct soft_tlv template;
    enum soft_pgp_slot slot;
    uint16_t status = SOFT_OK;

    if ((apdu->p1 != 0x80 && apdu->p1 != 0x81) || apdu->p2 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    if (!soft_tlv_next(&reader, &template) || reader.length > 0)
        return SOFT_WRONG_DATA;
    slot = soft_pgp_template_slot(template.tag);
    if (slot == SOFT_PGP_SLOTS)
        return SOFT_WRONG_DATA;
    if (apdu->p1 == 0x80 && !card->openpgp.admin)
        return SOFT_SECURITY_STATUS;
    if (apdu->p1 == 0x80)
        status = key_generate(card, slot);
    return status == SOFT_OK ? public_append(card, slot, out) : status;
}

/* 7.2.10: r and s, each as long as a coordinate, one after the other. */
static bool ecdsa_append(const struct soft_bytes *der, size_t size, struct soft_bytes *out)
{
    const uint8_t *place = der->data;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &place, (long)der->length);
    uint8_t plain[2 * SOFT_COORDINATE_MOST];
    bool good = signature != NULL &&
                BN_bn2binpad(ECDSA_SIG_get0_r(signature), plain, (int)size) > 0 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(signature), plain + size, (int)size) > 0;

    if (good)
        soft_bytes_append(out, plain, 2 * size);
    ECDSA_SIG_free(signature);
    return good;
}

/* 7.2.10: the card pads (PKCS #1, block type 1), and takes no more than 40% of the modulus. */
static bool rsa_append(const struct soft_algorithm *algorithm, EVP_PKEY *key, const uint8_t *data,
                       size_t length, struct soft_bytes *out)
{
    uint8_t block[512];
    size_t padding = algorithm->size - length;

    if (length == 0 || length > algorithm->size * 4 / 10)
        return false;
    memset(block, 0xFF, algorithm->size);
    block[0] = 0x00;
    block[1] = 0x01;
    block[padding - 1] = 0x00;
    memcpy(block + padding, data, length);
    return soft_key_sign(algorithm, key, block, algorithm->size, out);
}

static uint16_t key_sign(const struct soft_card *card, enum soft_pgp_slot slot,
                         const struct soft_apdu *apdu, struct soft_bytes *out)
{
    const struct soft_algorithm *algorithm = soft_pgp_algorithm(&card->state.openpgp, slot);
    EVP_PKEY *key = card->state.openpgp.keys[slot].pkey;
    struct soft_bytes signature = {0};
    bool good;

    if (key == NULL)
        return SOFT_REFERENCE_NOT_FOUND;
    if (algorithm->type == SOFT_TYPE_RSA)
        good = rsa_append(algorithm, key, apdu->data, apdu->length, out);
    else if (algorithm->type == SOFT_TYPE_EC)
        good = soft_key_sign(algorithm, key, apdu->data, apdu->length, &signature) &&
               ecdsa_append(&signature, algorithm->size, out);
    else
        good = apdu->length > 0 && soft_key_sign(algorithm, key, apdu->data, apdu->length, out);
    soft_bytes_free(&signature);
    return good ? SOFT_OK : SOFT_WRONG_DATA;
}

/* 7.2.10: counted, and where C4 says so PW1 has to be verified again for the next. */
static uint16_t compute_signature(struct soft_card *card, const struct soft_apdu *apdu,
                                  struct soft_bytes *out)
{
    struct soft_openpgp *openpgp = &card->state.openpgp;
    const struct soft_bytes *policy = soft_objects_find(&openpgp->objects, SOFT_PGP_STATUS);
    uint16_t status;

    if (!card->openpgp.signing)
        return SOFT_SECURITY_STATUS;
    status = key_sign(card, SOFT_PGP_SIG, apdu, out);
    if (status != SOFT_OK)
        return status;
    if (policy == NULL || policy->data[0] == 0)
        card->openpgp.signing = false;
    if (openpgp->signatures < COUNTER_MOST)
        openpgp->signatures++;
    return soft_card_save(card);
}

/* PKCS #1, block type 2: eight bytes of padding at least. */
static bool unpad_append(const struct soft_bytes *block, struct soft_bytes *out)
{
    const uint8_t *end;

    if (block->length < 11 || block->data[0] != 0x00 || block->data[1] != 0x02)
        return false;
    end = memchr(block->data + 2, 0x00, block->length - 2);
    if (end == NULL || end - block->data < 10)
        return false;
    soft_bytes_append(out, end + 1, block->length - (size_t)(end + 1 - block->data));
    return true;
}

/* 7.2.11: a padding indicator 00, then the cryptogram, as long as the modulus. */
static bool rsa_decipher(const struct soft_algorithm *algorithm, EVP_PKEY *key,
                         const struct soft_apdu *apdu, struct soft_bytes *out)
{
    struct soft_bytes block = {0};
    bool good = apdu->length == 1 + algorithm->size && apdu->data[0] == 0x00 &&
                soft_key_sign(algorithm, key, apdu->data + 1, algorithm->size, &block) &&
                unpad_append(&block, out);

    soft_bytes_free(&block);
    return good;
}

/* 7.2.11: A6 { 7F49 { 86 point } }. Everything about X25519 is in the order of bytes of RFC 7748.
 */
static bool ecdh_decipher(const struct soft_algorithm *algorithm, EVP_PKEY *key,
                          const struct soft_apdu *apdu, struct soft_bytes *out)
{
    struct soft_tlv outer;
    struct soft_tlv public;
    struct soft_tlv point;

    return soft_tlv_find(apdu->data, apdu->length, 0xA6, &outer) &&
           soft_tlv_find(outer.value, outer.length, 0x7F49, &public) &&
           soft_tlv_find(public.value, public.length, 0x86, &point) &&
           soft_key_derive(algorithm, key, point.value, point.length, out);
}

static uint16_t decipher(struct soft_card *card, const struct soft_apdu *apdu,
                         struct soft_bytes *out)
{
    enum soft_pgp_slot slot = card->openpgp.decipher_key;
    const struct soft_algorithm *algorithm = soft_pgp_algorithm(&card->state.openpgp, slot);
    EVP_PKEY *key = card->state.openpgp.keys[slot].pkey;
    bool good;

    if (!card->openpgp.other)
        return SOFT_SECURITY_STATUS;
    if (key == NULL)
        return SOFT_REFERENCE_NOT_FOUND;
    if (algorithm->type == SOFT_TYPE_ED25519)
        return SOFT_CONDITIONS;
    good = algorithm->type == SOFT_TYPE_RSA ? rsa_decipher(algorithm, key, apdu, out)
                                            : ecdh_decipher(algorithm, key, apdu, out);
    return good ? SOFT_OK : SOFT_WRONG_DATA;
}

uint16_t soft_pgp_security_operation(struct soft_card *card, const struct soft_apdu *apdu,
                                     struct soft_bytes *out)
{
    if (apdu->p1 == 0x9E && apdu->p2 == 0x9A)
        return compute_signature(card, apdu, out);
    if (apdu->p1 == 0x80 && apdu->p2 == 0x86)
        return decipher(card, apdu, out);
    return SOFT_WRONG_PARAMETERS;
}

/* 7.2.13. */
uint16_t soft_pgp_internal_authenticate(struct soft_card *card, const struct soft_apdu *apdu,
                                        struct soft_bytes *out)
{
    enum soft_pgp_slot slot = card->openpgp.authenticate_key;
    const struct soft_algorithm *algorithm = soft_pgp_algorithm(&card->state.openpgp, slot);

    if (apdu->p1 != 0x00 || apdu->p2 != 0x00)
        return SOFT_WRONG_PARAMETERS;
    if (!card->openpgp.other)
        return SOFT_SECURITY_STATUS;
    if (algorithm->type == SOFT_TYPE_X25519)
        return SOFT_CONDITIONS;
    return key_sign(card, slot, apdu, out);
}

/* 7.2.18: 83 { 02 or 03 } says which of DEC and AUT the command that P2 stands for uses. */
uint16_t soft_pgp_security_environment(struct soft_card *card, const struct soft_apdu *apdu,
                                       struct soft_bytes *out)
{
    enum soft_pgp_slot slot;

    (void)out;
    if (apdu->p1 != 0x41 || (apdu->p2 != 0xB8 && apdu->p2 != 0xA4))
        return SOFT_WRONG_PARAMETERS;
    if (apdu->length != 3 || apdu->data[0] != 0x83 || apdu->data[1] != 0x01 ||
        (apdu->data[2] != 0x02 && apdu->data[2] != 0x03))
        return SOFT_WRONG_DATA;
    slot = apdu->data[2] == 0x02 ? SOFT_PGP_DEC : SOFT_PGP_AUT;
    if (apdu->p2 == 0xB8)
        card->openpgp.decipher_key = slot;
    else
        card->openpgp.authenticate_key = slot;
    return SOFT_OK;
}
