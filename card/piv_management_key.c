/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV: the management key. SP 800-73-4 part 2, 3.2.4 and A.1. */
#include "hex.h"
#include "piv.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>
#include <strings.h>

#define BLOCK_MAX 16

/* What PIV cards are delivered with, as 3DES or AES-192 key: everybody knows it. */
static const uint8_t factory_key[] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4,
                                      5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8};

/* Turns hexadecimal digits into bytes, in place; false where they are none. */
static bool decode_hex(struct secret *text)
{
    uint8_t *bytes = secret_bytes(text);
    size_t length = secret_length(text);
    if (length % 2 != 0)
        return false;
    for (size_t i = 0; i < length / 2; i++) {
        int high = hex_digit((char)bytes[2 * i]);
        int low = hex_digit((char)bytes[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    secret_truncate(text, length / 2);
    return true;
}

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

const char *piv_admin_algorithm_name(uint8_t id)
{
    for (size_t i = 0; i < ADMIN_CIPHER_COUNT; i++)
        if (admin_ciphers[i].id == id)
            return admin_ciphers[i].name;
    return NULL;
}

static const struct admin_cipher *cipher_named(const char *name)
{
    for (size_t i = 0; name != NULL && i < ADMIN_CIPHER_COUNT; i++)
        if (strcasecmp(admin_ciphers[i].name, name) == 0)
            return &admin_ciphers[i];
    return NULL;
}

uint8_t piv_admin_algorithm_id(const char *name)
{
    const struct admin_cipher *cipher = cipher_named(name);
    return cipher == NULL ? 0 : cipher->id;
}

size_t piv_admin_key_size(const char *name)
{
    const struct admin_cipher *cipher = cipher_named(name);
    return cipher == NULL ? 0 : cipher->key_size;
}

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
struct error *piv_authenticate_key(struct apdu_channel *channel, struct piv *piv,
                                   struct secret *key)
{
    uint8_t id;
    uint8_t witness[BLOCK_MAX];
    uint16_t status = 0;
    struct error *error = read_admin_algorithm(channel, piv, &id);
    for (size_t i = 0; error == NULL && i < ADMIN_CIPHER_COUNT; i++) {
        const struct admin_cipher *cipher = &admin_ciphers[i];
        if (id == cipher->id && secret_length(key) != cipher->key_size)
            return wrong_length(cipher->name, cipher->key_size, secret_length(key));
        if ((id != 0 && id != cipher->id) || secret_length(key) != cipher->key_size)
            continue;
        error = get_witness(channel, cipher, witness, &status);
        if (error == NULL && status == SW_SUCCESS)
            return authenticate(channel, piv, cipher, key, witness);
    }
    if (error != NULL)
        return error;
    if (status == 0)
        return error_new(ERROR_DENIED,
                         "a management key has 16 bytes (AES-128), 24 (3DES, AES-192) or 32 "
                         "(AES-256), not %zu",
                         secret_length(key));
    return denied(status);
}

struct error *piv_management_key(struct secret *text, struct secret **out)
{
    if (text == NULL)
        return secret_new(factory_key, sizeof(factory_key), out);
    struct error *error = secret_new(secret_bytes(text), secret_length(text), out);
    if (error != NULL || decode_hex(*out))
        return error;
    secret_free(*out);
    *out = NULL;
    return error_new(ERROR_PIN_FORMAT,
                     "the management key has to be written in hexadecimal digits, two a byte");
}

struct error *piv_authenticate_admin(struct apdu_channel *channel, void *state,
                                     const struct app_admin *admin)
{
    struct secret *key = NULL;
    struct error *error = piv_management_key(admin->secret, &key);
    if (error == NULL)
        error = piv_authenticate_key(channel, state, key);
    secret_free(key);
    return error;
}
