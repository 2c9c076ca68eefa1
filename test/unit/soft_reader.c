/* SPDX-License-Identifier: BSD-2-Clause */
#include "soft_reader.h"

#include "softcard/hex.h"
#include "softcard/setup.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void log_command(struct soft_reader *soft, const uint8_t *command)
{
    if (soft->log_length + 4 < sizeof(soft->log))
        soft->log_length += (size_t)sprintf(soft->log + soft->log_length, "%s%02x",
                                            soft->log_length == 0 ? "" : " ", (unsigned)command[1]);
}

const char *soft_reader_log(struct soft_reader *soft)
{
    memcpy(soft->taken, soft->log, soft->log_length);
    soft->taken[soft->log_length] = '\0';
    soft->log_length = 0;
    return soft->taken;
}

static struct soft_answer *replacement(struct soft_reader *soft, uint8_t ins)
{
    for (size_t i = 0; i < 4; i++) {
        struct soft_answer *answer = &soft->answers[i];
        if (answer->times == 0 || answer->ins != ins)
            continue;
        if (answer->skip > 0) {
            answer->skip--;
            return NULL;
        }
        answer->times -= answer->times > 0 ? 1 : 0;
        return answer;
    }
    return NULL;
}

static struct error *answer(void *argument, const uint8_t *command, size_t length,
                            uint8_t *response, size_t *response_length)
{
    struct soft_reader *soft = argument;
    struct soft_bytes bytes = {0};
    size_t room = *response_length;
    log_command(soft, command);
    const struct soft_answer *other = replacement(soft, command[1]);
    if (other != NULL && other->error != 0)
        return error_new(other->error, "as the test wants it");
    if (other != NULL)
        soft_bytes_append(&bytes, other->response, other->length);
    else
        soft_card_transmit(soft->card, command, length, &bytes);
    assert_true(bytes.length <= room);
    if (bytes.length > 0)
        memcpy(response, bytes.data, bytes.length);
    *response_length = bytes.length;
    soft_bytes_free(&bytes);
    return NULL;
}

static struct error *begun(void *argument)
{
    struct soft_reader *soft = argument;
    struct error *error = NULL;
    pthread_mutex_lock(&soft->transaction);
    soft_interloper *interloper = soft->interloper != NULL ? soft->interloper : soft->always;
    soft->interloper = NULL;
    if (interloper != NULL)
        error = interloper(soft);
    if (error != NULL)
        pthread_mutex_unlock(&soft->transaction);
    return error;
}

static void ended(void *argument)
{
    pthread_mutex_unlock(&((struct soft_reader *)argument)->transaction);
}

static void set_atr(struct soft_reader *soft)
{
    struct soft_bytes atr = {0};
    soft_card_atr(soft->card, &atr);
    soft->memory->atr_length = atr.length;
    memcpy(soft->memory->atr, atr.data, atr.length);
    soft->memory->byte_protocol = soft->card->options.t0;
    soft_bytes_free(&atr);
}

struct soft_reader *soft_reader_new(enum soft_profile profile)
{
    struct soft_reader *soft = calloc(1, sizeof(*soft));
    assert_non_null(soft);
    soft->card = harness_card_new(profile);
    soft->memory->name = "Memory 00 00";
    soft->memory->card_present = true;
    soft->memory->answer = answer;
    soft->memory->begun = begun;
    soft->memory->ended = ended;
    soft->memory->argument = soft;
    set_atr(soft);
    pthread_mutex_init(&soft->transaction, NULL);
    memory_system_init(&soft->system, soft->memory, 1);
    assert_no_error(card_context_new_with(NULL, &soft->system.base, &soft->context));
    return soft;
}

void soft_reader_free(struct soft_reader *soft)
{
    card_context_free(soft->context);
    harness_card_free(soft->card);
    for (size_t i = 0; i < 4; i++)
        free((uint8_t *)soft->answers[i].response);
    pthread_mutex_destroy(&soft->transaction);
    free(soft);
}

void soft_reader_key(struct soft_reader *soft, const char *key, const char *certificate)
{
    harness_key(soft->card, key);
    if (certificate != NULL)
        assert_null(soft_setup_certificate(soft->card, certificate));
}

struct error *soft_reader_search(struct soft_reader *soft, const char *text, struct card_key **key)
{
    struct card_uri *uri;
    assert_no_error(card_uri_parse(text, &uri));
    struct error *error = card_find_key(soft->context, uri, key);
    assert_true(error == NULL || *key == NULL);
    card_uri_free(uri);
    return error;
}

void soft_reader_not_found(struct soft_reader *soft, const char *uri, enum error_code code,
                           const char *text)
{
    struct card_key *key;
    assert_error(soft_reader_search(soft, uri, &key), code, text);
}

struct card_key *soft_reader_find(struct soft_reader *soft, const char *text)
{
    struct card_key *key;
    assert_no_error(soft_reader_search(soft, text, &key));
    return key;
}

struct error *soft_reader_sign(struct card_key *key)
{
    uint8_t hash[32];
    uint8_t signature[512];
    size_t length;
    EVP_PKEY *public_key = card_key_public(key);
    bool rsa = EVP_PKEY_is_a(public_key, "RSA") == 1;
    RAND_bytes(hash, sizeof(hash));
    struct error *error = card_key_prepare_pin(key, NULL, NULL, NULL);
    if (error == NULL)
        error = card_key_sign(key, rsa ? CARD_MECHANISM_RSA_PKCS1 : CARD_MECHANISM_ECDSA, hash,
                              sizeof(hash), signature, &length);
    if (error != NULL)
        return error;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, public_key, NULL);
    assert_int_equal(EVP_PKEY_verify_init(context), 1);
    if (rsa)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), 1);
    assert_int_equal(EVP_PKEY_verify(context, signature, length, hash, sizeof(hash)), 1);
    EVP_PKEY_CTX_free(context);
    return NULL;
}

struct error *soft_select_dummy(struct soft_reader *soft)
{
    assert_int_equal(harness_send(soft->card, SELECT_DUMMY "00", NULL), 0x9000);
    return NULL;
}

struct error *soft_reset(struct soft_reader *soft)
{
    soft_card_reset(soft->card);
    return error_new(ERROR_CARD_RESET, "somebody reset the card");
}

struct error *soft_remove_and_insert(struct soft_reader *soft)
{
    soft_card_reset(soft->card);
    return error_new(ERROR_CARD_REMOVED, "somebody took the card out and put it back");
}

void soft_reader_answer(struct soft_reader *soft, uint8_t ins, int skip, int times, const char *hex)
{
    struct soft_bytes bytes = {0};
    struct soft_answer *entry = soft->answers;
    assert_true(soft_hex_decode(hex, &bytes));
    while (entry->times != 0)
        entry++;
    assert_true(entry < soft->answers + 4);
    free((uint8_t *)entry->response);
    *entry = (struct soft_answer){.ins = ins, .skip = skip, .times = times};
    uint8_t *copy = malloc(bytes.length + 1);
    assert_non_null(copy);
    if (bytes.length > 0)
        memcpy(copy, bytes.data, bytes.length);
    entry->response = copy;
    entry->length = bytes.length;
    soft_bytes_free(&bytes);
}

void soft_assert_error(struct error *error, enum error_code code, const char *text,
                       const char *file, int line)
{
    char *shown = error == NULL ? NULL : error_describe(error);
    if (error == NULL || error_code(error) != code || strstr(shown, text) == NULL)
        print_error("expected error %d with \"%s\", got %d: %s\n", (int)code, text,
                    error == NULL ? 0 : (int)error_code(error), error == NULL ? "none" : shown);
    bool good = error != NULL && error_code(error) == code && strstr(shown, text) != NULL;
    free(shown);
    error_free(error);
    _assert_true(good, "the expected error", file, line);
}

void soft_assert_no_error(struct error *error, const char *file, int line)
{
    if (error != NULL) {
        char *shown = error_describe(error);
        print_error("error %d: %s\n", (int)error_code(error), shown);
        free(shown);
    }
    bool good = error == NULL;
    error_free(error);
    _assert_true(good, "no error", file, line);
}
