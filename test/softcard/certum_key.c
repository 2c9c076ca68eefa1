/* SPDX-License-Identifier: BSD-2-Clause */
/* PIN, keys and signatures: a VERIFY before each, then which key, which hash, and the signature. */
#include "certum.h"
#include "crypto.h"
#include "tlv.h"

#include <openssl/ec.h>
#include <string.h>

#define REFERENCE_PIN 0x83
#define REFERENCE_PUK 0x84
#define ALGORITHM_RSA 0x42
#define ALGORITHM_EC  0x44

struct soft_certum_key *soft_certum_key(struct soft_card *card, uint8_t reference)
{
    struct soft_certum *certum = &card->state.certum;
    struct soft_certum_key *key;

    if ((reference & 0xF0) != 0x20 && (reference & 0xF0) != 0x30)
        return NULL;
    key = &certum->keys[(reference & 0xF0) == 0x20 ? SOFT_CERTUM_RSA : SOFT_CERTUM_EC]
                       [reference & 0x0F];
    return key->pkey == NULL ? NULL : key;
}

/* B6 { 83 ref } 7F49 { 81 }, nothing else. RSA keys only. */
uint16_t soft_certum_get_data(struct soft_card *card, const struct soft_apdu *apdu,
                              struct soft_bytes *out)
{
    uint8_t wanted[] = {0xB6, 0x03, 0x83, 0x01, 0x00, 0x7F, 0x49, 0x02, 0x81, 0x00};
    const struct soft_certum_key *key;
    struct soft_bytes public = {0};
    bool good;

    if (apdu->p1 != 0x00 || apdu->p2 != 0xFF)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->length != sizeof(wanted))
        return SOFT_WRONG_DATA;
    wanted[4] = apdu->data[4];
    if (memcmp(apdu->data, wanted, sizeof(wanted)) != 0)
        return SOFT_WRONG_DATA;
    key = soft_certum_key(card, apdu->data[4]);
    if (key == NULL || soft_algorithm_find(key->algorithm)->type != SOFT_TYPE_RSA)
        return SOFT_REFERENCE_NOT_FOUND;
    good = soft_key_public(soft_algorithm_find(key->algorithm), key->pkey, &public);
    soft_bytes_append(out, apdu->data, 5);
    soft_tlv_append(out, 0x7F49, public.data, public.length);
    soft_bytes_free(&public);
    return good ? SOFT_OK : SOFT_FAILURE;
}

/* The PIN */

static uint16_t pin_state(const struct soft_card *card, const struct soft_certum_pin *pin)
{
    if (pin->limit == 0)
        return SOFT_REFERENCE_NOT_FOUND;
    if (pin->tries == 0)
        return SOFT_BLOCKED;
    if (pin == &card->state.certum.pin && card->certum.pin_verified)
        return SOFT_OK;
    return (uint16_t)(SOFT_TRIES_LEFT | pin->tries);
}

static uint16_t pin_compare(struct soft_card *card, struct soft_certum_pin *pin,
                            const uint8_t *value)
{
    bool right = CRYPTO_memcmp(pin->value, value, sizeof(pin->value)) == 0;
    uint16_t status;

    pin->tries = right ? pin->limit : (uint8_t)(pin->tries - 1);
    status = soft_card_save(card);
    if (status != SOFT_OK)
        return status;
    if (pin == &card->state.certum.pin)
        card->certum.pin_verified = right;
    return right ? SOFT_OK : pin_state(card, pin);
}

uint16_t soft_certum_verify(struct soft_card *card, const struct soft_apdu *apdu)
{
    struct soft_certum_pin *pin;

    if (apdu->p1 != 0x00 || (apdu->p2 != REFERENCE_PIN && apdu->p2 != REFERENCE_PUK))
        return SOFT_WRONG_PARAMETERS;
    pin = apdu->p2 == REFERENCE_PIN ? &card->state.certum.pin : &card->state.certum.puk;
    if (apdu->length == 0 || pin->limit == 0 || pin->tries == 0)
        return pin_state(card, pin);
    if (apdu->length != SOFT_CERTUM_PIN_FIELD)
        return SOFT_WRONG_LENGTH;
    return pin_compare(card, pin, apdu->data);
}

/* Signatures */

/* 80 { algorithm } 84 { key }. */
uint16_t soft_certum_environment(struct soft_card *card, const struct soft_apdu *apdu)
{
    struct soft_certum_session *session = &card->certum;
    bool rsa;

    if (apdu->p1 != 0x81 || apdu->p2 != 0xB6)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->length != 6 || apdu->data[0] != 0x80 || apdu->data[1] != 1 || apdu->data[3] != 0x84 ||
        apdu->data[4] != 1)
        return SOFT_WRONG_DATA;
    if (soft_certum_key(card, apdu->data[5]) == NULL)
        return SOFT_REFERENCE_NOT_FOUND;
    rsa = (apdu->data[5] & 0xF0) == 0x20;
    if (apdu->data[2] != (rsa ? ALGORITHM_RSA : ALGORITHM_EC))
        return SOFT_WRONG_DATA;
    session->key = apdu->data[5];
    soft_bytes_clear(&session->hash);
    return SOFT_OK;
}

/* 90 { hash }. */
static uint16_t hash_set(struct soft_card *card, const struct soft_apdu *apdu)
{
    struct soft_tlv hash;

    if (card->certum.key == 0)
        return SOFT_CONDITIONS;
    if (!soft_tlv_find(apdu->data, apdu->length, 0x90, &hash) || hash.length == 0 ||
        hash.length + 2 != apdu->length)
        return SOFT_WRONG_DATA;
    if (soft_certum_key(card, card->certum.key) == NULL)
        return SOFT_REFERENCE_NOT_FOUND;
    soft_bytes_set(&card->certum.hash, hash.value, hash.length);
    return SOFT_OK;
}

/* By the hash's length: which is how a host that names no other algorithm gets the right one. */
static const EVP_MD *digest_find(size_t length)
{
    switch (length) {
    case 20:
        return EVP_sha1();
    case 32:
        return EVP_sha256();
    case 48:
        return EVP_sha384();
    case 64:
        return EVP_sha512();
    default:
        return NULL;
    }
}

static bool rsa_sign(EVP_PKEY *key, const struct soft_bytes *hash, struct soft_bytes *out)
{
    const EVP_MD *digest = digest_find(hash->length);
    uint8_t signature[512];
    size_t length = sizeof(signature);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool good = digest != NULL && context != NULL && EVP_PKEY_sign_init(context) == 1 &&
                EVP_PKEY_CTX_set_signature_md(context, digest) == 1 &&
                EVP_PKEY_sign(context, signature, &length, hash->data, hash->length) == 1;

    EVP_PKEY_CTX_free(context);
    if (good)
        soft_bytes_append(out, signature, length);
    return good;
}

/* r and s, each as long as a coordinate. */
static bool plain_append(const struct soft_bytes *der, size_t size, struct soft_bytes *out)
{
    const uint8_t *place = der->data;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &place, (long)der->length);
    uint8_t plain[2 * SOFT_COORDINATE_MOST];
    bool good = signature != NULL &&
                BN_bn2binpad(ECDSA_SIG_get0_r(signature), plain, (int)size) == (int)size &&
                BN_bn2binpad(ECDSA_SIG_get0_s(signature), plain + size, (int)size) == (int)size;

    ECDSA_SIG_free(signature);
    if (good)
        soft_bytes_append(out, plain, 2 * size);
    return good;
}

static bool ec_sign(const struct soft_algorithm *algorithm, EVP_PKEY *key,
                    const struct soft_bytes *hash, struct soft_bytes *out)
{
    struct soft_bytes der = {0};
    bool good = soft_key_sign(algorithm, key, hash->data, hash->length, &der) &&
                plain_append(&der, algorithm->size, out);

    soft_bytes_free(&der);
    return good;
}

/* The PIN is good for one signature, whatever becomes of it; so is the hash. */
static uint16_t signature_compute(struct soft_card *card, struct soft_bytes *out)
{
    struct soft_certum_session *session = &card->certum;
    const struct soft_certum_key *key = soft_certum_key(card, session->key);
    const struct soft_algorithm *algorithm;
    bool good;

    if (!session->pin_verified)
        return SOFT_SECURITY_STATUS;
    if (key == NULL)
        return SOFT_REFERENCE_NOT_FOUND;
    if (session->hash.length == 0)
        return SOFT_CONDITIONS;
    algorithm = soft_algorithm_find(key->algorithm);
    session->pin_verified = false;
    good = algorithm->type == SOFT_TYPE_RSA ? rsa_sign(key->pkey, &session->hash, out)
                                            : ec_sign(algorithm, key->pkey, &session->hash, out);
    soft_bytes_clear(&session->hash);
    return good ? SOFT_OK : SOFT_WRONG_DATA;
}

uint16_t soft_certum_operation(struct soft_card *card, const struct soft_apdu *apdu,
                               struct soft_bytes *out)
{
    if (apdu->p1 == 0x90 && apdu->p2 == 0xA0)
        return hash_set(card, apdu);
    if (apdu->p1 == 0x9E && apdu->p2 == 0x9A && apdu->length == 0)
        return signature_compute(card, out);
    return SOFT_WRONG_PARAMETERS;
}
