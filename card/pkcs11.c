/* SPDX-License-Identifier: BSD-2-Clause */
/* PKCS #11: the session with the token, and the table. */
#include "pkcs11.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Any token's; the token at hand says more (pkcs11_pin.c). */
#define PIN_MINIMUM 1
#define PIN_MAXIMUM 255

static void free_state(void *state)
{
    struct pkcs11 *token = state;
    if (token == NULL)
        return;
    pkcs11_call_free(token->call);
    free(token);
}

static struct error *make_state(OSSL_LIB_CTX *libctx, void **state)
{
    struct pkcs11 *token = calloc(1, sizeof(*token));
    if (token == NULL)
        return error_no_memory();
    struct error *error = pkcs11_call_new(&token->call);
    if (error != NULL) {
        free(token);
        return error;
    }
    token->libctx = libctx;
    *state = token;
    return NULL;
}

/* ---- the token --------------------------------------------------------------------------- */

static unsigned bits_of(CK_MECHANISM_TYPE mechanism)
{
    switch (mechanism) {
    case CKM_RSA_X_509:
        return PKCS11_CAN_SIGN_RAW | PKCS11_CAN_DECRYPT_RAW;
    case CKM_RSA_PKCS:
        return PKCS11_CAN_SIGN_PKCS1 | PKCS11_CAN_DECRYPT_PKCS1;
    case CKM_ECDSA:
        return PKCS11_CAN_SIGN_ECDSA;
    case CKM_EDDSA:
        return PKCS11_CAN_SIGN_EDDSA;
    case CKM_ECDH1_DERIVE:
        return PKCS11_CAN_DERIVE;
    case CKM_RSA_PKCS_KEY_PAIR_GEN:
        return PKCS11_CAN_GENERATE_RSA;
    case CKM_EC_KEY_PAIR_GEN:
        return PKCS11_CAN_GENERATE_EC;
    case CKM_EC_EDWARDS_KEY_PAIR_GEN:
        return PKCS11_CAN_GENERATE_EDWARDS;
    default:
        return 0;
    }
}

static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            *text = '?';
}

static struct error *take_token(struct pkcs11 *token)
{
    struct wire_reader *results = &token->call->results;
    wire_get_text(results, token->label, sizeof(token->label));
    wire_get_text(results, token->model, sizeof(token->model));
    wire_get_text(results, token->serial, sizeof(token->serial));
    make_printable(token->label);
    make_printable(token->model);
    make_printable(token->serial);
    token->flags = wire_get_number(results);
    token->pin_minimum = wire_get_number(results);
    token->pin_maximum = wire_get_number(results);
    token->can = 0;
    token->blank = (token->flags & CKF_TOKEN_INITIALIZED) == 0;
    if (token->blank)
        return error_new(ERROR_NO_CARD, "the token is not initialised: it has no keys yet");
    uint64_t count = wire_get_number(results);
    for (uint64_t i = 0; i < count && !results->broken; i++)
        token->can |= bits_of(wire_get_number(results));
    return pkcs11_call_check(token->call);
}

/* A new session, in which nobody is logged in. */
struct error *pkcs11_select(struct apdu_channel *channel, OSSL_LIB_CTX *libctx, void **state,
                            bool *found)
{
    struct error *error = *state == NULL ? make_state(libctx, state) : NULL;
    *found = false;
    if (error != NULL)
        return error;
    struct pkcs11 *token = *state;
    token->slot[0] = '\0';
    token->logged_in = token->has_intention = token->begun = token->blank = false;
    pkcs11_call_begin(token->call, WIRE_OPEN);
    error = pkcs11_call_make(token->call, apdu_channel_transport(channel));
    if (error == NULL)
        error = take_token(token);
    *found = error == NULL;
    return error;
}

static struct error *serial(struct apdu_channel *channel, void *state, char **out)
{
    const struct pkcs11 *token = state;
    (void)channel;
    *out = NULL;
    if (token->serial[0] == '\0')
        return error_new(ERROR_NOT_FOUND, "the token \"%s\" has no serial number", token->label);
    *out = strdup(token->serial);
    return *out == NULL ? error_no_memory() : NULL;
}

const struct card_app pkcs11_app = {
    .name = "pkcs11",
    .title = "PKCS #11",
    .slot_names = "the CKA_ID of each key, in hexadecimal digits",
    .slot_name = pkcs11_slot_name,
    .select = pkcs11_select,
    .free_state = free_state,
    .serial = serial,
    .serial_known = true,
    .own_connection = true,
    .admin_is_pin = true,
    .slots_in_use = pkcs11_slots_in_use,
    .slots_with_label = pkcs11_slots_with_label,
    .hides = pkcs11_hides,
    .read_key = pkcs11_read_key,
    .describe_key = pkcs11_describe_key,
    .read_certificate = pkcs11_read_certificate,
    .can = pkcs11_can,
    .begin_use = pkcs11_begin_use,
    .sign = pkcs11_sign,
    .decrypt = pkcs11_decrypt,
    .derive = pkcs11_derive,
    .pin_minimum = PIN_MINIMUM,
    .pin_maximum = PIN_MAXIMUM,
    .pin_status = pkcs11_pin_status,
    .pin_tries = pkcs11_pin_tries,
    .pin_tries_prove = pkcs11_pin_tries_prove,
    .verify_pin = pkcs11_verify_pin,
    .asks_itself = pkcs11_asks_itself,
    .free_slot = pkcs11_free_slot,
    .generate_key = pkcs11_generate_key,
    .delete_key = pkcs11_delete_key,
    .store_certificate = pkcs11_store_certificate,
    .delete_certificate = pkcs11_delete_certificate,
    .algorithms = pkcs11_algorithms,
    .initialised = pkcs11_initialised,
    .secret_info = pkcs11_secret_info,
    .change_secret = pkcs11_change_secret,
    .unblock_pin = pkcs11_unblock_pin,
    .reset = pkcs11_reset,
    .make = pkcs11_make,
};

const struct card_app *const module_apps[] = {&pkcs11_app, NULL};
