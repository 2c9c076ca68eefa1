/* SPDX-License-Identifier: BSD-2-Clause */
#include "piv.h"

#include "public_key.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The application identifier without its version, SP 800-73-4 part 1, 2.2. */
static const uint8_t piv_aid[] = {0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00};

static const struct piv_slot slots[] = {
    {"9a", 0x9A, 0x5FC105}, {"9c", 0x9C, 0x5FC10A}, {"9d", 0x9D, 0x5FC10B}, {"9e", 0x9E, 0x5FC101},
    {"82", 0x82, 0x5FC10D}, {"83", 0x83, 0x5FC10E}, {"84", 0x84, 0x5FC10F}, {"85", 0x85, 0x5FC110},
    {"86", 0x86, 0x5FC111}, {"87", 0x87, 0x5FC112}, {"88", 0x88, 0x5FC113}, {"89", 0x89, 0x5FC114},
    {"8a", 0x8A, 0x5FC115}, {"8b", 0x8B, 0x5FC116}, {"8c", 0x8C, 0x5FC117}, {"8d", 0x8D, 0x5FC118},
    {"8e", 0x8E, 0x5FC119}, {"8f", 0x8F, 0x5FC11A}, {"90", 0x90, 0x5FC11B}, {"91", 0x91, 0x5FC11C},
    {"92", 0x92, 0x5FC11D}, {"93", 0x93, 0x5FC11E}, {"94", 0x94, 0x5FC11F}, {"95", 0x95, 0x5FC120},
};

#define SLOT_COUNT (sizeof(slots) / sizeof(slots[0]))

static const struct piv_algorithm algorithms[] = {
    {0x06, "RSA-1024", "RSA", 1024, NULL},   {0x07, "RSA-2048", "RSA", 2048, NULL},
    {0x05, "RSA-3072", "RSA", 3072, NULL},   {0x16, "RSA-4096", "RSA", 4096, NULL},
    {0x11, "P-256", "EC", 256, "P-256"},     {0x14, "P-384", "EC", 384, "P-384"},
    {0xE0, "Ed25519", "ED25519", 256, NULL}, {0xE1, "X25519", "X25519", 253, NULL},
};

#define ALGORITHM_COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

const struct piv_slot *piv_slot_find(const char *name)
{
    for (size_t i = 0; i < SLOT_COUNT; i++)
        if (strcasecmp(slots[i].name, name) == 0)
            return &slots[i];
    return NULL;
}

const struct piv_slot *piv_slot_at(size_t index)
{
    return index < SLOT_COUNT ? &slots[index] : NULL;
}

static bool piv_slot_name(const char *text, char out[APP_SLOT_MAX])
{
    const struct piv_slot *slot = piv_slot_find(text);
    if (slot != NULL)
        (void)stpcpy(out, slot->name);
    return slot != NULL;
}

/* A card knows no kinds of RSA keys. */
static bool is_type(const EVP_PKEY *key, const char *type)
{
    return strcmp(type, "RSA") == 0 ? public_key_is_rsa(key) : EVP_PKEY_is_a(key, type);
}

const struct piv_algorithm *piv_algorithm_of_key(const EVP_PKEY *key)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++)
        if (is_type(key, algorithms[i].type) && EVP_PKEY_get_bits(key) == algorithms[i].bits)
            return &algorithms[i];
    return NULL;
}

const struct piv_algorithm *piv_algorithm_named(const char *name)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++)
        if (strcasecmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    return NULL;
}

const struct piv_algorithm *piv_algorithm_at(size_t index)
{
    return index < ALGORITHM_COUNT ? &algorithms[index] : NULL;
}

const struct piv_algorithm *piv_algorithm_by_id(uint8_t id)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++)
        if (algorithms[i].id == id)
            return &algorithms[i];
    return NULL;
}

static struct error *piv_state_new(OSSL_LIB_CTX *libctx, void **state)
{
    if (*state != NULL)
        return NULL;
    struct piv *piv = calloc(1, sizeof(*piv));
    if (piv == NULL)
        return error_no_memory();
    piv->libctx = libctx;
    *state = piv;
    return NULL;
}

/*
 * The answer is an application property template (SP 800-73-4 part 2, 3.1.1). A card that answers
 * success to any AID, as some do, does not show one.
 */
static bool is_property_template(const struct buffer *answer)
{
    struct tlv template = {0};
    struct tlv identifier = {0};
    bool found = false;
    struct error *error = tlv_find(answer->bytes, answer->length, 0x61, &template, &found);
    if (error == NULL && found)
        error = tlv_find(template.value, template.length, 0x4F, &identifier, &found);
    bool good = error == NULL && found;
    error_free(error); /* an answer that does not parse is no property template */
    return good;
}

/* The algorithms that the template lists, if it does: AC { 80 algorithm ... 06 00 } (SP 800-73-4
   part 2, table 3). */
static void take_offered(const struct buffer *answer, struct piv *piv)
{
    struct tlv object = {0};
    struct tlv_reader reader;
    bool found = false;
    struct error *error = tlv_find(answer->bytes, answer->length, 0x61, &object, &found);
    if (error == NULL && found)
        error = tlv_find(object.value, object.length, 0xAC, &object, &found);
    piv->offered_count = 0;
    tlv_reader_init(&reader, object.value, found ? object.length : 0);
    while (error == NULL && !tlv_reader_done(&reader)) {
        error = tlv_read(&reader, &object);
        if (error == NULL && object.tag == 0x80 && object.length == 1 &&
            piv->offered_count < sizeof(piv->offered))
            piv->offered[piv->offered_count++] = object.value[0];
    }
    error_free(error); /* what does not parse says nothing */
}

static struct error *piv_select(struct apdu_channel *channel, OSSL_LIB_CTX *libctx, void **state,
                                bool *found)
{
    struct apdu_command command = {0x00, PIV_INS_SELECT, 0x04, 0x00, piv_aid, sizeof(piv_aid), 256};
    struct buffer answer = {0};
    uint16_t status;
    *found = false;
    struct error *error = apdu_exchange(channel, &command, &answer, &status);
    if (error == NULL)
        *found = status == SW_SUCCESS && is_property_template(&answer);
    if (error == NULL && *found)
        error = piv_state_new(libctx, state);
    if (error == NULL && *found)
        take_offered(&answer, *state);
    buffer_clear(&answer);
    return error;
}

const struct card_app piv_app = {
    .name = "piv",
    .title = "PIV",
    .slot_names = "9a, 9c, 9d, 9e and 82 to 95 (hexadecimal)",
    .slot_name = piv_slot_name,
    .pin_minimum = 6, /* SP 800-73-4 part 2, 2.4.3 */
    .pin_maximum = 8,
    .select = piv_select,
    .free_state = free,
    .serial = piv_serial,
    .slots_in_use = piv_slots_in_use,
    .read_key = piv_read_key,
    .describe_key = piv_describe_key,
    .read_certificate = piv_read_certificate,
    .pin_status = piv_pin_status,
    .pin_tries = piv_pin_tries,
    .pin_tries_prove = piv_pin_tries_prove,
    .verify_pin = piv_verify_pin,
    .pin_entry = piv_pin_entry,
    .can = piv_can,
    .sign = piv_sign,
    .decrypt = piv_decrypt,
    .derive = piv_derive,
    .authenticate_admin = piv_authenticate_admin,
    .free_slot = piv_free_slot,
    .generate_key = piv_generate_key,
    .delete_key = piv_delete_key,
    .store_certificate = piv_store_certificate,
    .delete_certificate = piv_delete_certificate,
    .move_key = piv_move_key,
    .algorithms = piv_algorithms,
    .attest = piv_attest,
    .read_admin = piv_read_admin,
    .secret_info = piv_secret_info,
    .change_secret = piv_change_secret,
    .unblock_pin = piv_unblock_pin,
    .set_admin_key = piv_set_admin_key,
    .reset = piv_reset,
    .make = piv_make,
};
