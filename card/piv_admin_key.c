/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PIV: setting the management key, by Yubico's command, and keeping it behind the PIN, in the form
 * that Yubico's tools have for it, so that they and we understand each other:
 *
 *     5FFF00 (admin data)          53 { 80 { 81 flags, 82 salt, 83 time of the PIN's change } }
 *     5FC109 (printed information) 53 { 88 { 89 key } }, which is read with the PIN only
 *
 * A key that is replaced stays beside the new one, under 8A, until the card has the new one: an
 * interruption at any point leaves the right one there.
 */
#include "piv.h"

#include <openssl/rand.h>
#include <string.h>

#define INS_SET_MANAGEMENT_KEY 0xFF
#define WITHOUT_TOUCH          0xFF /* P2 */
#define WITH_TOUCH             0xFE

#define OBJECT_ADMIN   0x5FFF00
#define OBJECT_PRINTED 0x5FC109

#define TAG_ADMIN       0x80
#define TAG_FLAGS       0x81
#define TAG_SALT        0x82 /* of a key derived from the PIN, which nobody makes any more */
#define TAG_PROTECTED   0x88
#define TAG_KEY         0x89
#define TAG_KEY_BEFORE  0x8A
#define FLAG_BEHIND_PIN 0x02

#define KEY_MAX 32

/* What is in an object, or nothing; ERROR_NOT_FOUND is no error here. */
static struct error *read_object(struct apdu_channel *channel, uint32_t object,
                                 struct buffer *answer, struct tlv *content)
{
    *content = (struct tlv){0};
    struct error *error = piv_get_object(channel, object, answer, content);
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error);
        *content = (struct tlv){0};
        return NULL;
    }
    return error;
}

/* ---- the admin data ---------------------------------------------------------------------- */

struct error *piv_read_behind_pin(struct apdu_channel *channel, struct piv *piv, bool *out)
{
    struct buffer answer = {0};
    struct tlv content;
    struct tlv admin;
    struct tlv flags;
    bool found = false;
    *out = false;
    if (piv->version == PIV_ABSENT) /* nobody else has that object */
        return NULL;
    struct error *error = read_object(channel, OBJECT_ADMIN, &answer, &content);
    if (error == NULL && content.length > 0)
        error = tlv_find(content.value, content.length, TAG_ADMIN, &admin, &found);
    if (error == NULL && found)
        error = tlv_find(admin.value, admin.length, TAG_FLAGS, &flags, &found);
    if (error == NULL && found && flags.length == 1)
        *out = (flags.value[0] & FLAG_BEHIND_PIN) != 0;
    buffer_clear(&answer);
    return error;
}

/* What is not ours in there stays, but for a salt: the key is not derived from the PIN any more. */
static struct error *copy_admin(const struct tlv *content, struct buffer *out, uint8_t *flags)
{
    struct tlv admin = {0};
    struct tlv item;
    struct tlv_reader reader;
    bool found = false;
    struct error *error = NULL;
    *flags = 0;
    if (content->length > 0)
        error = tlv_find(content->value, content->length, TAG_ADMIN, &admin, &found);
    tlv_reader_init(&reader, admin.value, found ? admin.length : 0);
    while (error == NULL && !tlv_reader_done(&reader)) {
        error = tlv_read(&reader, &item);
        if (error != NULL)
            break;
        if (item.tag == TAG_FLAGS && item.length == 1)
            *flags = item.value[0];
        else if (item.tag != TAG_SALT)
            error = tlv_append(out, item.tag, item.value, item.length);
    }
    return error;
}

static struct error *write_flag(struct apdu_channel *channel, bool behind_pin)
{
    struct buffer answer = {0};
    struct buffer rest = {0};
    struct buffer inner = {0};
    struct buffer outer = {0};
    struct tlv content;
    uint8_t flags = 0;
    struct error *error = read_object(channel, OBJECT_ADMIN, &answer, &content);
    if (error == NULL)
        error = copy_admin(&content, &rest, &flags);
    flags = (uint8_t)(behind_pin ? flags | FLAG_BEHIND_PIN : flags & ~FLAG_BEHIND_PIN);
    if (error == NULL)
        error = tlv_append(&inner, TAG_FLAGS, &flags, 1);
    if (error == NULL && rest.length > 0)
        error = buffer_append(&inner, rest.bytes, rest.length);
    if (error == NULL)
        error = tlv_append(&outer, TAG_ADMIN, inner.bytes, inner.length);
    if (error == NULL)
        error = piv_put_object(channel, OBJECT_ADMIN, &outer);
    buffer_clear(&answer);
    buffer_clear(&rest);
    buffer_clear(&inner);
    buffer_clear(&outer);
    return error;
}

/* ---- behind the PIN ---------------------------------------------------------------------- */

static struct error *take_key(const struct tlv *protected, uint32_t tag, struct secret **out)
{
    struct tlv key;
    bool found = false;
    *out = NULL;
    struct error *error = tlv_find(protected->value, protected->length, tag, &key, &found);
    if (error != NULL || !found || key.length == 0)
        return error;
    if (key.length > KEY_MAX)
        return error_new(ERROR_CARD_ANSWER, "what is kept behind the PIN is no management key");
    return secret_new(key.value, key.length, out);
}

/* The keys behind the PIN, in bytes, or NULL. */
static struct error *read_protected(struct apdu_channel *channel, struct secret **key,
                                    struct secret **before)
{
    struct buffer answer = {0};
    struct tlv content;
    struct tlv protected = {0};
    bool found = false;
    *key = *before = NULL;
    struct error *error = read_object(channel, OBJECT_PRINTED, &answer, &content);
    if (error == NULL && content.length > 0)
        error = tlv_find(content.value, content.length, TAG_PROTECTED, &protected, &found);
    if (error == NULL && content.length > 0 && !found)
        error = error_new(ERROR_UNSUPPORTED,
                          "the card's printed information (object 5FC109), where a management key "
                          "is kept behind the PIN, holds something else");
    if (error == NULL && found)
        error = take_key(&protected, TAG_KEY, key);
    if (error == NULL && found)
        error = take_key(&protected, TAG_KEY_BEFORE, before);
    buffer_clear(&answer);
    return error;
}

static struct error *append_key(struct buffer *out, uint32_t tag, struct secret *key)
{
    return key == NULL ? NULL : tlv_append(out, tag, secret_bytes(key), secret_length(key));
}

static struct error *write_protected(struct apdu_channel *channel, struct secret *key,
                                     struct secret *before)
{
    struct buffer inner = {0};
    struct buffer outer = {0};
    struct error *error = append_key(&inner, TAG_KEY, key);
    if (error == NULL)
        error = append_key(&inner, TAG_KEY_BEFORE, before);
    if (error == NULL)
        error = tlv_append(&outer, TAG_PROTECTED, inner.bytes, inner.length);
    if (error == NULL)
        error = piv_put_object(channel, OBJECT_PRINTED, &outer);
    buffer_clear(&inner);
    buffer_clear(&outer);
    return error;
}

/* As text: what admins are known by everywhere above. */
static struct error *to_text(struct secret *key, struct secret **out)
{
    static const char digits[] = "0123456789abcdef";
    struct error *error = secret_new(NULL, 2 * secret_length(key), out);
    for (size_t i = 0; error == NULL && i < secret_length(key); i++) {
        secret_bytes(*out)[2 * i] = (uint8_t)digits[secret_bytes(key)[i] >> 4];
        secret_bytes(*out)[2 * i + 1] = (uint8_t)digits[secret_bytes(key)[i] & 15];
    }
    return error;
}

/* Whether the card takes that key; no tries are counted. */
static struct error *is_accepted(struct apdu_channel *channel, struct piv *piv, struct secret *key,
                                 bool *out)
{
    struct error *error = piv_authenticate_key(channel, piv, key);
    *out = error == NULL;
    if (error != NULL && error_code(error) == ERROR_DENIED) {
        error_free(error);
        error = NULL;
    }
    return error;
}

struct error *piv_read_admin(struct apdu_channel *channel, void *state, struct secret **out)
{
    struct secret *key;
    struct secret *before;
    bool good = true;
    struct error *error = read_protected(channel, &key, &before);
    if (error == NULL && key == NULL)
        error = error_new(ERROR_NOT_FOUND,
                          "the card keeps no management key behind its PIN: name where to get it "
                          "(--management-key-source)");
    if (error == NULL && before != NULL) /* somebody was interrupted in replacing it */
        error = is_accepted(channel, state, key, &good);
    if (error == NULL)
        error = to_text(good ? key : before, out);
    secret_free(key);
    secret_free(before);
    return error;
}

/* ---- setting it -------------------------------------------------------------------------- */

static struct error *send_key(struct apdu_channel *channel, uint8_t algorithm, struct secret *key,
                              bool touch)
{
    struct secret *data;
    uint16_t status = 0;
    size_t length = secret_length(key);
    struct error *error = secret_new(NULL, 3 + length, &data);
    if (error != NULL)
        return error;
    secret_bytes(data)[0] = algorithm;
    secret_bytes(data)[1] = PIV_MANAGEMENT;
    secret_bytes(data)[2] = (uint8_t)length;
    memcpy(secret_bytes(data) + 3, secret_bytes(key), length);
    struct apdu_command command = {0x00,
                                   INS_SET_MANAGEMENT_KEY,
                                   0xFF,
                                   touch ? WITH_TOUCH : WITHOUT_TOUCH,
                                   secret_bytes(data),
                                   3 + length,
                                   0};
    error = apdu_send(channel, &command, &status);
    secret_free(data);
    if (error != NULL || status == SW_SUCCESS)
        return error;
    error = apdu_refused("the new management key", status);
    if (status == SW_WRONG_DATA || status == SW_INCORRECT_P1_P2)
        error = error_wrap(error, ERROR_UNSUPPORTED,
                           "this card takes no management key of that kind (YubiKeys know AES from "
                           "firmware 5.4 on)");
    return error;
}

/* Which of the two that an interruption left is the card's: it goes to *present. */
static struct error *settle(struct apdu_channel *channel, struct piv *piv, struct secret **present,
                            struct secret **before)
{
    bool good = true;
    struct error *error = NULL;
    if (*present != NULL && *before != NULL)
        error = is_accepted(channel, piv, *present, &good);
    if (error == NULL && !good) {
        struct secret *wrong = *present;
        *present = *before;
        *before = wrong;
        error = piv_authenticate_key(channel, piv, *present);
    }
    return error;
}

static struct error *store_and_send(struct apdu_channel *channel, struct piv *piv,
                                    uint8_t algorithm, struct secret *key,
                                    const struct card_admin_key_options *options)
{
    struct secret *present = NULL;
    struct secret *before = NULL;
    struct error *error = NULL;
    if (options->behind_pin)
        error = read_protected(channel, &present, &before);
    if (error == NULL)
        error = settle(channel, piv, &present, &before);
    if (error == NULL && options->behind_pin)
        error = write_protected(channel, key, present);
    if (error == NULL && options->behind_pin)
        error = write_flag(channel, true);
    if (error == NULL)
        error = send_key(channel, algorithm, key, options->touch);
    if (error == NULL && options->behind_pin && present != NULL)
        error = write_protected(channel, key, NULL);
    secret_free(present);
    secret_free(before);
    return error;
}

/* Its algorithm: what was asked for, else what the card has now, else what cards had first. */
static struct error *choose_algorithm(struct apdu_channel *channel, struct piv *piv,
                                      const char *wanted, const char **out)
{
    struct card_secret_info info = {0};
    if (wanted != NULL && piv_admin_key_size(wanted) == 0)
        return error_new(ERROR_UNSUPPORTED,
                         "there is no management key of the kind \"%s\": there are 3DES, AES-128, "
                         "AES-192, AES-256",
                         wanted);
    *out = wanted;
    if (wanted != NULL)
        return NULL;
    struct error *error = piv_secret_info(channel, piv, CARD_SECRET_ADMIN, &info);
    *out = info.algorithm == NULL ? "3DES" : info.algorithm;
    return error;
}

static struct error *make_key(struct piv *piv, const char *algorithm, struct secret *text,
                              struct secret **out)
{
    size_t size = piv_admin_key_size(algorithm);
    struct error *error =
        text == NULL ? secret_new(NULL, size, out) : piv_management_key(text, out);
    if (error == NULL && text == NULL &&
        RAND_priv_bytes_ex(piv->libctx, secret_bytes(*out), size, 0) != 1)
        error = error_new(ERROR_INTERNAL, "libcrypto has no random numbers");
    if (error == NULL && secret_length(*out) != size)
        error =
            error_new(ERROR_PIN_FORMAT,
                      "a management key for %s has %zu hexadecimal digits, not %zu; nothing was "
                      "changed",
                      algorithm, 2 * size, 2 * secret_length(*out));
    return error;
}

struct error *piv_set_admin_key(struct apdu_channel *channel, void *state, struct secret *text,
                                const struct card_admin_key_options *options, struct secret **out)
{
    struct piv *piv = state;
    const char *algorithm = NULL;
    struct secret *key = NULL;
    bool was_behind_pin = false;
    struct error *error = piv_learn_version(channel, piv);
    if (error == NULL && piv->version == PIV_ABSENT)
        error = error_new(ERROR_UNSUPPORTED, "this PIV card has not Yubico's command to set the "
                                             "management key, and the standard knows none");
    if (error == NULL)
        error = choose_algorithm(channel, piv, options->algorithm, &algorithm);
    if (error == NULL)
        error = make_key(piv, algorithm, text, &key);
    if (error == NULL)
        error = piv_read_behind_pin(channel, piv, &was_behind_pin);
    if (error == NULL)
        error = store_and_send(channel, piv, piv_admin_algorithm_id(algorithm), key, options);
    if (error == NULL && was_behind_pin && !options->behind_pin)
        error = write_protected(channel, NULL, NULL);
    if (error == NULL && was_behind_pin && !options->behind_pin)
        error = write_flag(channel, false);
    if (error == NULL)
        error = to_text(key, out);
    secret_free(key);
    return error;
}
