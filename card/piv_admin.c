/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV: the management key, and making keys. */
#include "piv.h"
#include "public_key.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

#define BLOCK_MAX 16

/* Algorithms of the management key, SP 800-78-4, table 6-2. */
struct admin_cipher {
    uint8_t id;
    const char *name;
    const char *evp_name;
    size_t key_size, block_size; /* bytes */
};

static const struct admin_cipher admin_ciphers[] = {
    {0x03, "3DES", "DES-EDE3-ECB", 24, 8},
    {0x08, "AES-128", "AES-128-ECB", 16, 16},
    {0x0A, "AES-192", "AES-192-ECB", 24, 16},
    {0x0C, "AES-256", "AES-256-ECB", 32, 16},
};
#define ADMIN_CIPHER_COUNT (sizeof(admin_ciphers) / sizeof(admin_ciphers[0]))

static bool run_cipher(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, struct secret *key,
                       bool encrypt, const uint8_t *in, size_t size, uint8_t *out)
{
    int length;
    return EVP_CipherInit_ex2(context, cipher, secret_bytes(key), NULL, encrypt, NULL) &&
           EVP_CIPHER_CTX_set_padding(context, 0) &&
           EVP_CipherUpdate(context, out, &length, in, (int)size) && length == (int)size;
}

/* One block, with the management key. */
static struct error *crypt_block(struct piv *piv, const struct admin_cipher *admin,
                                 struct secret *key, bool encrypt, const uint8_t *in, uint8_t *out)
{
    (void)ERR_set_mark();
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(piv->libctx, admin->evp_name, NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = cipher != NULL && context != NULL &&
                run_cipher(context, cipher, key, encrypt, in, admin->block_size, out);
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
    (void)ERR_pop_to_mark();
    return good ? NULL : error_new(ERROR_INTERNAL, "libcrypto cannot do %s", admin->name);
}

static struct error *denied(uint16_t status)
{
    return error_wrap(apdu_refused("the authentication", status), ERROR_DENIED,
                      "the card refused the management key: is it the right one?");
}

/*
 * Mutual authentication, first half (SP 800-73-4 part 2, A.1.2): the card sends a witness,
 * encrypted; that we can decrypt it is what proves us. *status is its answer's.
 */
static struct error *get_witness(struct apdu_channel *channel, const struct admin_cipher *admin,
                                 uint8_t *witness, uint16_t *status)
{
    struct buffer template = {0};
    struct buffer answer = {0};
    struct tlv value;
    struct error *error = tlv_append(&template, PIV_TAG_WITNESS, NULL, 0);
    if (error == NULL)
        error = piv_authenticate(channel, admin->id, PIV_MANAGEMENT, &template, 256,
                                 PIV_TAG_WITNESS, &answer, &value, status);
    if (error == NULL && *status == SW_SUCCESS && value.length != admin->block_size)
        error = error_new(ERROR_CARD_ANSWER, "the card's witness has %zu bytes instead of %zu",
                          value.length, admin->block_size);
    if (error == NULL && *status == SW_SUCCESS)
        memcpy(witness, value.value, value.length);
    buffer_clear(&template);
    buffer_clear(&answer);
    return error;
}

/* Second half: the witness in the clear, and a challenge that the card encrypts. */
static struct error *exchange_challenge(struct apdu_channel *channel,
                                        const struct admin_cipher *admin, const uint8_t *witness,
                                        const uint8_t *challenge, const uint8_t *expected)
{
    struct buffer template = {0};
    struct buffer answer = {0};
    struct tlv value;
    uint16_t status = 0;
    struct error *error = tlv_append(&template, PIV_TAG_WITNESS, witness, admin->block_size);
    if (error == NULL)
        error = tlv_append(&template, PIV_TAG_CHALLENGE, challenge, admin->block_size);
    if (error == NULL)
        error = piv_authenticate(channel, admin->id, PIV_MANAGEMENT, &template, 256,
                                 PIV_TAG_RESPONSE, &answer, &value, &status);
    if (error == NULL && status != SW_SUCCESS)
        error = denied(status);
    if (error == NULL && (value.length != admin->block_size ||
                          CRYPTO_memcmp(value.value, expected, admin->block_size) != 0))
        error = error_new(ERROR_DENIED, "the card does not prove that it knows the management key");
    buffer_clear(&template);
    buffer_clear(&answer);
    return error;
}

static struct error *authenticate(struct apdu_channel *channel, struct piv *piv,
                                  const struct admin_cipher *admin, struct secret *key,
                                  const uint8_t *encrypted)
{
    uint8_t witness[BLOCK_MAX];
    uint8_t challenge[BLOCK_MAX];
    uint8_t expected[BLOCK_MAX];
    struct error *error = crypt_block(piv, admin, key, false, encrypted, witness);
    if (error == NULL && RAND_bytes_ex(piv->libctx, challenge, sizeof(challenge), 0) != 1)
        error = error_new(ERROR_INTERNAL, "libcrypto has no random numbers");
    if (error == NULL)
        error = crypt_block(piv, admin, key, true, challenge, expected);
    if (error == NULL)
        error = exchange_challenge(channel, admin, witness, challenge, expected);
    OPENSSL_cleanse(witness, sizeof(witness));
    OPENSSL_cleanse(expected, sizeof(expected));
    return error;
}

/* What kind of key the card expects; 0 where it does not say. */
static struct error *read_admin_algorithm(struct apdu_channel *channel, struct piv *piv,
                                          uint8_t *id)
{
    struct piv_metadata metadata;
    uint16_t status;
    *id = 0;
    if (piv->metadata == PIV_ABSENT)
        return NULL;
    struct error *error = piv_read_metadata(channel, piv, PIV_MANAGEMENT, &metadata, &status);
    if (error == NULL && status == SW_SUCCESS)
        *id = metadata.algorithm;
    buffer_clear(&metadata.bytes);
    return error;
}

static struct error *wrong_length(const char *name, size_t needed, size_t length)
{
    return error_new(ERROR_DENIED,
                     "the card's management key is for %s and has %zu bytes, the one given has %zu",
                     name, needed, length);
}

/*
 * Where the card does not say which algorithm its management key is for, those with keys of this
 * length are tried: the card refuses to send a witness for another. No tries are counted.
 */
struct error *piv_authenticate_admin(struct apdu_channel *channel, void *state,
                                     struct secret *admin)
{
    uint8_t id;
    uint8_t witness[BLOCK_MAX];
    uint16_t status = 0;
    struct error *error = read_admin_algorithm(channel, state, &id);
    for (size_t i = 0; error == NULL && i < ADMIN_CIPHER_COUNT; i++) {
        const struct admin_cipher *cipher = &admin_ciphers[i];
        if (id == cipher->id && secret_length(admin) != cipher->key_size)
            return wrong_length(cipher->name, cipher->key_size, secret_length(admin));
        if ((id != 0 && id != cipher->id) || secret_length(admin) != cipher->key_size)
            continue;
        error = get_witness(channel, cipher, witness, &status);
        if (error == NULL && status == SW_SUCCESS)
            return authenticate(channel, state, cipher, admin, witness);
    }
    if (error != NULL)
        return error;
    if (status == 0)
        return error_new(ERROR_DENIED,
                         "a management key has 16 bytes (AES-128), 24 (3DES, AES-192) or 32 "
                         "(AES-256), not %zu",
                         secret_length(admin));
    return denied(status);
}

/* ---- making keys ------------------------------------------------------------------------- */

/* SP 800-73-4 part 2, 3.3.2, and Yubico's policies. */
#define INS_MOVE_KEY    0xF6
#define MOVE_TO_NOWHERE 0xFF

#define TAG_CONTROL      0xAC
#define TAG_MECHANISM    0x80
#define TAG_PIN_POLICY   0xAA
#define TAG_TOUCH_POLICY 0xAB
#define TAG_PUBLIC_KEY   0x7F49

static uint8_t encode_policy(enum card_policy policy, bool touch)
{
    switch (policy) {
    case CARD_POLICY_NEVER:
        return 1;
    case CARD_POLICY_ONCE:
        return touch ? 0 : 2;
    case CARD_POLICY_ALWAYS:
        return touch ? 2 : 3;
    case CARD_POLICY_CACHED:
        return touch ? 3 : 0;
    case CARD_POLICY_DEFAULT:
        break;
    }
    return 0;
}

static struct error *append_policy(struct buffer *out, uint8_t tag, enum card_policy policy)
{
    uint8_t byte = encode_policy(policy, tag == TAG_TOUCH_POLICY);
    if (policy == CARD_POLICY_DEFAULT)
        return NULL;
    if (byte == 0)
        return error_new(ERROR_ARGUMENT, "\"once\" is a policy for PINs, \"cached\" for touches");
    return tlv_append(out, tag, &byte, 1);
}

static struct error *make_control(const struct piv_algorithm *algorithm,
                                  const struct card_generate_options *options, struct buffer *out)
{
    struct buffer inner = {0};
    struct error *error = tlv_append(&inner, TAG_MECHANISM, &algorithm->id, 1);
    if (error == NULL)
        error = append_policy(&inner, TAG_PIN_POLICY, options->pin_policy);
    if (error == NULL)
        error = append_policy(&inner, TAG_TOUCH_POLICY, options->touch_policy);
    if (error == NULL)
        error = tlv_append(out, TAG_CONTROL, inner.bytes, inner.length);
    buffer_clear(&inner);
    return error;
}

static struct error *generate_refused(const struct piv_algorithm *algorithm,
                                      const struct card_generate_options *options, uint16_t status)
{
    bool policies =
        options->pin_policy != CARD_POLICY_DEFAULT || options->touch_policy != CARD_POLICY_DEFAULT;
    struct error *error = apdu_refused("to make a key", status);
    if (status == SW_SECURITY_STATUS)
        return error_wrap(error, ERROR_DENIED, "the card wants its management key");
    if (status == SW_WRONG_DATA || status == SW_FUNCTION_NOT_SUPPORTED ||
        status == SW_INCORRECT_P1_P2)
        return error_wrap(error, ERROR_UNSUPPORTED, "this card cannot make keys of the kind %s%s",
                          algorithm->name, policies ? ", or not with those policies" : "");
    return error;
}

static struct error *generate(struct apdu_channel *channel, struct piv *piv, uint8_t reference,
                              const struct piv_algorithm *algorithm,
                              const struct card_generate_options *options, EVP_PKEY **out)
{
    struct buffer control = {0};
    struct buffer answer = {0};
    struct tlv key;
    uint16_t status = 0;
    struct error *error = make_control(algorithm, options, &control);
    if (error == NULL) {
        struct apdu_command command = {0x00,          PIV_INS_GENERATE, 0x00,           reference,
                                       control.bytes, control.length,   APDU_ANSWER_MAX};
        error = apdu_exchange(channel, &command, &answer, &status);
    }
    if (error == NULL && status != SW_SUCCESS)
        error = generate_refused(algorithm, options, status);
    if (error == NULL)
        error = tlv_require(answer.bytes, answer.length, TAG_PUBLIC_KEY, &key);
    if (error == NULL)
        error = piv_public_key(piv, algorithm, key.value, key.length, out);
    buffer_clear(&control);
    buffer_clear(&answer);
    return error;
}

/*
 * A slot is free where metadata say so. Without metadata, a certificate shows that it is not, and
 * no certificate shows nothing.
 */
static struct error *check_free(struct apdu_channel *channel, struct piv *piv, const char *slot)
{
    struct app_key key = {0};
    struct error *error = piv_read_key(channel, piv, slot, &key);
    EVP_PKEY_free(key.public_key);
    if (error != NULL && error_code(error) != ERROR_NOT_FOUND &&
        error_code(error) != ERROR_UNSUPPORTED)
        return error;
    bool empty = error != NULL && error_code(error) == ERROR_NOT_FOUND;
    error_free(error);
    if (!empty)
        return error_new(ERROR_ARGUMENT,
                         "slot %s is in use: choose another, or have its key "
                         "overwritten",
                         slot);
    if (piv->metadata == PIV_ABSENT)
        return error_new(ERROR_ARGUMENT,
                         "slot %s has no certificate, but this card does not show whether it holds "
                         "a key: have it overwritten if you know that it is free",
                         slot);
    return NULL;
}

/* The keys in 9e sign without a PIN (card authentication): nobody gets one of those unasked. */
static bool is_for_anybody(const char *slot)
{
    return piv_slot_pin_policy(piv_slot_find(slot)->reference) != CARD_POLICY_NEVER;
}

struct error *piv_free_slot(struct apdu_channel *channel, void *state, const char **slot)
{
    struct piv *piv = state;
    for (const char *const *name = piv_app.slots; *name != NULL; name++) {
        struct piv_metadata metadata;
        uint16_t status = 0;
        if (!is_for_anybody(*name))
            continue;
        struct error *error =
            piv_read_metadata(channel, piv, piv_slot_find(*name)->reference, &metadata, &status);
        if (error != NULL)
            return error;
        buffer_clear(&metadata.bytes);
        if (piv->metadata == PIV_ABSENT)
            return error_new(ERROR_UNSUPPORTED, "this card does not show which of its slots are "
                                                "free: name one that you know is (slot=...)");
        if (status != SW_SUCCESS) {
            *slot = *name;
            return NULL;
        }
    }
    return error_new(ERROR_NOT_FOUND, "no slot of the card is free: delete a key, or name the slot "
                                      "whose key may be overwritten");
}

struct error *piv_generate_key(struct apdu_channel *channel, void *state, const char *slot,
                               const struct card_generate_options *options, struct app_key *out)
{
    const struct piv_algorithm *algorithm =
        options->algorithm == NULL ? NULL : piv_algorithm_named(options->algorithm);
    const struct piv_slot *place = piv_slot_find(slot);
    *out =
        (struct app_key){.pin_policy = options->pin_policy, .touch_policy = options->touch_policy};
    if (algorithm == NULL || algorithm->bits == 1024) /* SP 800-131A: RSA-1024 signs no more */
        return error_new(ERROR_UNSUPPORTED,
                         "no key of the kind \"%s\" can be made: there are " PIV_ALGORITHM_NAMES,
                         options->algorithm == NULL ? "" : options->algorithm);
    struct error *error = options->overwrite ? NULL : check_free(channel, state, slot);
    if (error != NULL)
        return error;
    (void)stpcpy(out->slot, place->name);
    if (out->pin_policy == CARD_POLICY_DEFAULT)
        out->pin_policy = piv_slot_pin_policy(place->reference);
    return generate(channel, state, place->reference, algorithm, options, &out->public_key);
}

/* Yubico, from firmware 5.7 on: MOVE KEY to nowhere. */
struct error *piv_delete_key(struct apdu_channel *channel, void *state, const char *slot)
{
    struct apdu_command command = {
        0x00, INS_MOVE_KEY, MOVE_TO_NOWHERE, piv_slot_find(slot)->reference, NULL, 0, 0};
    struct buffer answer = {0};
    uint16_t status;
    (void)state;
    struct error *error = apdu_exchange(channel, &command, &answer, &status);
    buffer_clear(&answer);
    if (error != NULL || status == SW_SUCCESS)
        return error;
    error = apdu_refused("to delete the key", status);
    if (status == SW_INSTRUCTION_UNSUPPORTED)
        error = error_wrap(error, ERROR_UNSUPPORTED, "this card cannot delete keys");
    return error;
}
