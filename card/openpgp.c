/* SPDX-License-Identifier: BSD-2-Clause */
#include "openpgp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RID and PIX, without version, manufacturer and serial number: 4.2.1. */
static const uint8_t openpgp_aid[] = {0xD2, 0x76, 0x00, 0x01, 0x24, 0x01};

/* ---- slots ------------------------------------------------------------------------------- */

/* Control reference templates, 7.2.14. */
static const struct {
    const char *name;
    uint8_t template;
} slots[OPENPGP_SLOTS] = {{"sig", 0xB6}, {"dec", 0xB8}, {"aut", 0xA4}};

enum openpgp_slot openpgp_slot_of(const char *name)
{
    if (strcasecmp(name, slots[OPENPGP_DEC].name) == 0)
        return OPENPGP_DEC;
    return strcasecmp(name, slots[OPENPGP_AUT].name) == 0 ? OPENPGP_AUT : OPENPGP_SIG;
}

const char *openpgp_slot_text(enum openpgp_slot slot)
{
    return slots[slot].name;
}

uint8_t openpgp_slot_template(enum openpgp_slot slot)
{
    return slots[slot].template;
}

static bool openpgp_slot_name(const char *text, char out[APP_SLOT_MAX])
{
    for (size_t i = 0; i < OPENPGP_SLOTS; i++) {
        if (strcasecmp(text, slots[i].name) != 0)
            continue;
        (void)stpcpy(out, slots[i].name);
        return true;
    }
    return false;
}

/* ---- the card ---------------------------------------------------------------------------- */

static struct error *make_state(OSSL_LIB_CTX *libctx, void **state)
{
    if (*state != NULL)
        return NULL;
    struct openpgp *openpgp = calloc(1, sizeof(*openpgp));
    if (openpgp == NULL)
        return error_no_memory();
    openpgp->libctx = libctx;
    *state = openpgp;
    return NULL;
}

static void free_state(void *state)
{
    struct openpgp *openpgp = state;
    for (size_t i = 0; openpgp != NULL && i < OPENPGP_SLOTS; i++)
        EVP_PKEY_free(openpgp->shown[i]);
    free(openpgp);
}

/*
 * A card that answers success to any AID, as some do, is found out by what it says of itself. One
 * that was terminated, such as by a reset that was cut short, says nothing any more: it is found,
 * so that the reset can go on.
 */
static struct error *read_state(struct apdu_channel *channel, uint16_t selected,
                                OSSL_LIB_CTX *libctx, void **state, bool *found)
{
    void *made = *state;
    struct error *error = make_state(libctx, &made);
    if (error != NULL)
        return error;
    struct openpgp *openpgp = made;
    openpgp->terminated = selected == OPENPGP_SW_TERMINATED;
    if (openpgp->terminated)
        *found = true;
    else
        error = openpgp_read_application(channel, openpgp, found);
    if (*state == NULL && (error != NULL || !*found))
        free_state(made);
    else
        *state = made;
    return error;
}

static struct error *openpgp_select(struct apdu_channel *channel, OSSL_LIB_CTX *libctx,
                                    void **state, bool *found)
{
    struct apdu_command command = {0x00,        OPENPGP_INS_SELECT,  0x04, 0x00,
                                   openpgp_aid, sizeof(openpgp_aid), 256};
    uint16_t status;
    *found = false;
    struct error *error = apdu_send(channel, &command, &status);
    if (error != NULL || (status != SW_SUCCESS && status != OPENPGP_SW_TERMINATED))
        return error;
    return read_state(channel, status, libctx, state, found);
}

struct error *openpgp_check_active(const struct openpgp *openpgp)
{
    if (!openpgp->terminated)
        return NULL;
    return error_new(ERROR_UNSUPPORTED, "the card's OpenPGP application was terminated, as by a "
                                        "reset that was cut short: finish that (reissue card "
                                        "reset)");
}

/* Manufacturer and serial number, as OpenSC prints them; the same number may be another
   manufacturer's, too. */
static struct error *openpgp_serial(struct apdu_channel *channel, void *state, char **out)
{
    const struct openpgp *openpgp = state;
    const uint8_t *id = openpgp->aid + 8;
    (void)channel;
    *out = NULL;
    if (openpgp->terminated)
        return error_new(ERROR_NOT_FOUND, "the card does not tell its serial number");
    if (asprintf(out, "%02x%02x%02x%02x%02x%02x", id[0], id[1], id[2], id[3], id[4], id[5]) < 0)
        return error_no_memory();
    return NULL;
}

const struct card_app openpgp_app = {
    .name = "openpgp",
    .title = "OpenPGP",
    .slot_names = "sig, dec and aut",
    .slot_name = openpgp_slot_name,
    .pin_minimum = 6, /* 4.3.1; the maximum is in C4, and this the most that it can say */
    .pin_maximum = 127,
    .select = openpgp_select,
    .free_state = free_state,
    .serial = openpgp_serial,
    .serial_known = true,
    .slots_in_use = openpgp_slots_in_use,
    .read_key = openpgp_read_key,
    .describe_key = openpgp_describe_key,
    .read_certificate = openpgp_read_certificate,
    .can = openpgp_can,
    .sign = openpgp_sign,
    .decrypt = openpgp_decrypt,
    .derive = openpgp_derive,
    .pin_status = openpgp_pin_status,
    .pin_tries = openpgp_pin_tries,
    .pin_tries_prove = openpgp_pin_tries_prove,
    .verify_pin = openpgp_verify_pin,
    .pin_entry = openpgp_pin_entry,
    .authenticate_admin = openpgp_authenticate_admin,
    .free_slot = openpgp_free_slot,
    .generate_key = openpgp_generate_key,
    .delete_key = openpgp_delete_key,
    .store_certificate = openpgp_store_certificate,
    .delete_certificate = openpgp_delete_certificate,
    .algorithms = openpgp_algorithms,
    .secret_info = openpgp_secret_info,
    .change_secret = openpgp_change_secret,
    .unblock_pin = openpgp_unblock_pin,
    .reset = openpgp_reset,
    .make = openpgp_make,
};
