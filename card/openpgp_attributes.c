/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP: what kinds of keys the card can make, and telling it which. Sections 4.4.3.9, 4.4.3.11.
 */
#include "openpgp.h"

#include <string.h>

#define YUBICO               0x0006 /* 4.2.1 */
#define YUBICO_EXPONENT_BITS 17     /* and no other: OpenSC/OpenSC#1949 */
#define USUAL_EXPONENT_BITS  32

bool openpgp_attributes_equal(const struct openpgp_attributes *one,
                              const struct openpgp_attributes *other)
{
    return one->length == other->length && memcmp(one->bytes, other->bytes, one->length) == 0;
}

/* ---- what the card lists (FA) ------------------------------------------------------------ */

/*
 * YubiKeys send FA's tag with a length that is two bytes too long (Yubico/yubikey-manager,
 * yubikit/openpgp.py), and so it is still there: what is inside counts.
 */
static void skip_header(struct tlv *list)
{
    size_t header = 2;
    if (list->length < 2 || list->value[0] != OPENPGP_DO_ALGORITHMS)
        return;
    if (list->value[1] > 0x80)
        header += list->value[1] & 0x7F;
    if (header > list->length)
        header = list->length;
    list->value += header;
    list->length -= header;
}

/* ERROR_NOT_FOUND where the card lists nothing: those before version 3.4. */
static struct error *read_list(struct apdu_channel *channel, struct buffer *answer,
                               struct tlv *list)
{
    struct error *error = openpgp_get_data(channel, OPENPGP_DO_ALGORITHMS, answer, list);
    if (error != NULL && error_code(error) == ERROR_CARD_STATUS)
        error = error_wrap(error, ERROR_NOT_FOUND, "the card does not list what keys it can make");
    if (error != NULL)
        return error;
    skip_header(list);
    return list->length > 0 ? NULL
                            : error_new(ERROR_NOT_FOUND, "the card's list of algorithms is empty");
}

/* The next entry for that slot whose keys are of use there; false at the end. Entries that are not
   known here are passed over, and what does not parse ends the list. */
static bool next_entry(struct tlv_reader *reader, enum openpgp_slot slot,
                       struct openpgp_attributes *out, const struct openpgp_algorithm **algorithm)
{
    while (!tlv_reader_done(reader)) {
        struct tlv entry;
        struct error *error = tlv_read(reader, &entry);
        bool parsed = error == NULL;
        error_free(error);
        if (!parsed)
            return false;
        if (entry.tag != OPENPGP_DO_ATTRIBUTES + (uint32_t)slot || entry.length == 0 ||
            entry.length > sizeof(out->bytes))
            continue;
        memcpy(out->bytes, entry.value, entry.length);
        out->length = entry.length;
        *algorithm = openpgp_algorithm_of(out);
        if (*algorithm != NULL && openpgp_algorithm_kind(slot, *algorithm) == out->bytes[0])
            return true;
    }
    return false;
}

static bool find_entry(const struct tlv *list, enum openpgp_slot slot,
                       const struct openpgp_algorithm *wanted, struct openpgp_attributes *out)
{
    struct tlv_reader reader;
    const struct openpgp_algorithm *algorithm;
    tlv_reader_init(&reader, list->value, list->length);
    while (next_entry(&reader, slot, out, &algorithm))
        if (algorithm == wanted)
            return true;
    return false;
}

/* ---- what it takes where it does not say ------------------------------------------------- */

/* What its RSA keys have already, or what such cards want. */
static uint8_t exponent_bits(const struct openpgp *openpgp)
{
    for (size_t i = 0; i < OPENPGP_SLOTS; i++) {
        const struct openpgp_attributes *attributes = &openpgp->attributes[i];
        if (attributes->length >= 5 && attributes->bytes[0] == OPENPGP_RSA)
            return attributes->bytes[4];
    }
    bool yubico = (openpgp->aid[8] << 8 | openpgp->aid[9]) == YUBICO;
    return yubico ? YUBICO_EXPONENT_BITS : USUAL_EXPONENT_BITS;
}

struct error *openpgp_no_such_keys(struct apdu_channel *channel, struct openpgp *openpgp,
                                   enum openpgp_slot slot, const char *name, struct error *cause)
{
    char names[CARD_ALGORITHMS_TEXT_MAX];
    struct card_algorithms had;
    struct error *unlisted = openpgp_algorithms(channel, openpgp, openpgp_slot_text(slot), &had);
    error_free(unlisted); /* that the card has no such keys is more important */
    card_algorithms_text(&had, names);
    return error_wrap(cause, ERROR_UNSUPPORTED, "this card makes no %s keys in slot %s: %s %s",
                      name, openpgp_slot_text(slot), had.certain ? "it has" : "such cards have",
                      names);
}

struct error *openpgp_find_attributes(struct apdu_channel *channel, struct openpgp *openpgp,
                                      enum openpgp_slot slot,
                                      const struct openpgp_algorithm *algorithm,
                                      struct openpgp_attributes *out)
{
    struct buffer answer = {0};
    struct tlv list;
    bool listed = true;
    if (openpgp_algorithm_of(&openpgp->attributes[slot]) == algorithm) {
        *out = openpgp->attributes[slot];
        return NULL;
    }
    struct error *error = read_list(channel, &answer, &list);
    if (error == NULL)
        listed = find_entry(&list, slot, algorithm, out);
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error);
        error = NULL;
        openpgp_attributes_make(slot, algorithm, exponent_bits(openpgp), out);
    }
    buffer_clear(&answer);
    return listed ? error : openpgp_no_such_keys(channel, openpgp, slot, algorithm->name, NULL);
}

struct error *openpgp_set_attributes(struct apdu_channel *channel, struct openpgp *openpgp,
                                     enum openpgp_slot slot,
                                     const struct openpgp_attributes *attributes)
{
    const struct openpgp_algorithm *algorithm = openpgp_algorithm_of(attributes);
    uint16_t status = 0;
    if (openpgp_attributes_equal(attributes, &openpgp->attributes[slot]))
        return NULL;
    if (!openpgp->attributes_changeable)
        return error_new(
            ERROR_UNSUPPORTED,
            "slot %s of this card takes keys of one kind only, which cannot be changed",
            openpgp_slot_text(slot));
    struct error *error = openpgp_put_data(channel, (uint16_t)(OPENPGP_DO_ATTRIBUTES + slot),
                                           attributes->bytes, attributes->length, &status);
    if (error != NULL && error_code(error) == ERROR_CARD_STATUS && status != 0)
        error = openpgp_no_such_keys(channel, openpgp, slot,
                                     algorithm == NULL ? "such" : algorithm->name, error);
    if (error != NULL)
        return error;
    openpgp->attributes[slot] = *attributes;
    openpgp->keys[slot] = 0;
    EVP_PKEY_free(openpgp->shown[slot]);
    openpgp->shown[slot] = NULL;
    return NULL;
}

/* ---- for a person ------------------------------------------------------------------------ */

static void add_listed(const struct tlv *list, enum openpgp_slot slot, struct card_algorithms *out)
{
    struct tlv_reader reader;
    struct openpgp_attributes attributes;
    const struct openpgp_algorithm *algorithm;
    tlv_reader_init(&reader, list->value, list->length);
    while (next_entry(&reader, slot, &attributes, &algorithm))
        card_algorithms_add(out, algorithm->name);
}

/* What it has now; and where that can be changed, perhaps everything. */
static void add_guessed(const struct openpgp *openpgp, enum openpgp_slot slot,
                        struct card_algorithms *out)
{
    const struct openpgp_algorithm *algorithm = openpgp_algorithm_of(&openpgp->attributes[slot]);
    if (algorithm != NULL)
        card_algorithms_add(out, algorithm->name);
    for (size_t i = 0; openpgp->attributes_changeable && openpgp_algorithm_at(i) != NULL; i++)
        if (openpgp_algorithm_kind(slot, openpgp_algorithm_at(i)) != 0)
            card_algorithms_add(out, openpgp_algorithm_at(i)->name);
}

struct error *openpgp_algorithms(struct apdu_channel *channel, void *state, const char *name,
                                 struct card_algorithms *out)
{
    struct openpgp *openpgp = state;
    struct buffer answer = {0};
    struct tlv list;
    *out = (struct card_algorithms){0};
    struct error *error = openpgp_check_active(openpgp);
    if (error == NULL)
        error = read_list(channel, &answer, &list);
    bool listed = error == NULL && openpgp->attributes_changeable;
    for (size_t i = 0; i < OPENPGP_SLOTS; i++) {
        enum openpgp_slot slot = (enum openpgp_slot)i;
        if (name != NULL && slot != openpgp_slot_of(name))
            continue;
        if (listed)
            add_listed(&list, slot, out);
        else
            add_guessed(openpgp, slot, out);
    }
    out->certain = listed || !openpgp->attributes_changeable;
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error);
        error = NULL;
    }
    buffer_clear(&answer);
    return error;
}
