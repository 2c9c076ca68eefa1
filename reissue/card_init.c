/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card init: a new card gets its first PIN, PUK and management key. */
#include "card.h"

#include <stdlib.h>
#include <string.h>

/* A value that is given, or one that is typed at the reader's keypad. */
struct new_secret {
    struct secret *value;
    bool at_pad;
};

/* What is set up, and in which order: a management key is put behind the PIN that is set before. */
struct setup {
    struct card_secret_info pin, puk, admin;
    bool has_puk, has_admin;
    struct new_secret new_pin;
};

/* ---- whether it may be ------------------------------------------------------------------- */

static struct error *in_use(const char *why)
{
    return error_new(
        ERROR_ARGUMENT,
        "this card is in use: %s. Say --force if it shall be set up all the same (keys "
        "and certificates stay), or make it as new with reissue card reset",
        why);
}

static struct error *check_slots(struct card *card)
{
    struct card_slot_list slots;
    struct error *error = card_read_slots(card, &slots);

    for (size_t i = 0; error == NULL && i < slots.count; i++) {
        const struct card_slot *slot = &slots.items[i];
        bool key = slot->key != NULL || error_code(slot->key_failure) != ERROR_NOT_FOUND;

        if (key || slot->certificate != NULL)
            error = in_use(key ? "it holds a key" : "it holds a certificate");
    }
    card_slot_list_clear(&slots);
    return error;
}

static struct error *check_unused(struct card_run *run, struct card *card,
                                  const struct setup *setup)
{
    if (card_has(run, OPTION_FORCE))
        return NULL;
    if (setup->pin.factory == CARD_NO)
        return in_use("its PIN is not that of a new card");
    if (setup->has_puk && setup->puk.factory == CARD_NO)
        return in_use("its PUK is not that of a new card");
    if (setup->has_admin && setup->admin.factory == CARD_NO)
        return in_use("its management key or admin PIN is not that of a new card");
    return check_slots(card);
}

/* ---- what there is ----------------------------------------------------------------------- */

static struct error *read_info(struct card *card, enum card_secret which,
                               struct card_secret_info *out, bool *has)
{
    struct error *error = card_read_secret_info(card, which, out);

    *has = error == NULL;
    if (error == NULL || error_code(error) != ERROR_UNSUPPORTED)
        return error;
    error_free(error);
    return NULL;
}

static struct error *read_setup(struct card *card, struct setup *setup)
{
    struct error *error = card_read_secret_info(card, CARD_SECRET_PIN, &setup->pin);

    if (error == NULL)
        error = read_info(card, CARD_SECRET_PUK, &setup->puk, &setup->has_puk);
    return error != NULL ? error
                         : read_info(card, CARD_SECRET_ADMIN, &setup->admin, &setup->has_admin);
}

/* ---- setting it up ----------------------------------------------------------------------- */

static void tell(struct card_run *run, const char *name, const char *how)
{
    struct json_object *steps;

    if (!json_object_object_get_ex(run->result, "set", &steps)) {
        steps = json_object_new_array();
        json_object_object_add(run->result, "set", steps);
    }
    json_object_array_add(steps, json_object_new_string(name));
    card_say(run, "the %s was set%s", name, how);
}

/* That of a new card needs no proof. */
static struct error *get_proof(struct card_run *run, struct card *card,
                               const struct card_secret_info *info, enum card_secret which,
                               struct secret **out)
{
    *out = NULL;
    return info->factory == CARD_YES ? NULL : card_get_secret(run, card, info, which, out);
}

/* What to type as the present one: that of a new card is no secret. */
static void say_first_secret(const struct card_run *run, const struct card_secret_info *info,
                             enum card_secret which)
{
    if (info->factory == CARD_YES)
        card_say(run, "the %s of a new card is %s", info->name,
                 which == CARD_SECRET_PIN ? "123456" : "12345678");
}

static struct error *set_secret(struct card_run *run, struct card *card, enum card_secret which,
                                const struct card_secret_info *info, const struct new_secret *fresh)
{
    struct card_change change = {.which = which,
                                 .new_value = fresh->value,
                                 .use_last_try = card_has(run, OPTION_LAST_TRY),
                                 .at_pad = fresh->at_pad};
    struct error *error = NULL;

    if (fresh->at_pad)
        say_first_secret(run, info, which);
    else
        error = get_proof(run, card, info, info->changed_by, &change.proof);
    if (error == NULL)
        error = card_change_secret(card, &change);
    secret_free(change.proof);
    if (error == NULL)
        tell(run, info->name, "");
    return error;
}

/* Either the new value is asked for here, or all of it is typed at the reader's keypad later. */
static struct error *get_new(struct card_run *run, struct card *card, enum card_secret which,
                             const struct card_secret_info *info, struct new_secret *out)
{
    struct error *error =
        card_at_pad(run, card, CARD_PAD_CHANGE, info->changed_by, which, &out->at_pad);

    return error != NULL || out->at_pad ? error
                                        : card_get_new_secret(run, card, info, which, &out->value);
}

/* Everything that is asked for here is asked for before anything is changed. */
static struct error *set_pins(struct card_run *run, struct card *card, struct setup *setup)
{
    struct new_secret puk = {0};
    struct error *error = get_new(run, card, CARD_SECRET_PIN, &setup->pin, &setup->new_pin);
    bool own_puk = setup->has_puk && setup->puk.changed_by == CARD_SECRET_PUK;

    if (error == NULL && own_puk)
        error = get_new(run, card, CARD_SECRET_PUK, &setup->puk, &puk);
    if (error == NULL && own_puk)
        error = set_secret(run, card, CARD_SECRET_PUK, &setup->puk, &puk);
    if (error == NULL)
        error = set_secret(run, card, CARD_SECRET_PIN, &setup->pin, &setup->new_pin);
    secret_free(puk.value);
    return error;
}

/* A management key; an admin PIN is a secret like the others. */
static struct error *set_management_key(struct card_run *run, struct card *card,
                                        struct setup *setup)
{
    struct card_admin_key_options options = {0};
    struct card_admin admin = {0};
    struct secret *key = NULL;
    struct error *error = card_choose_admin_key(run, &setup->admin, &options, &key);

    if (error == NULL && setup->admin.factory != CARD_YES)
        error = card_get_admin(run, card, &admin);
    if (error == NULL && options.behind_pin) {
        secret_free(admin.pin);
        admin.pin = NULL;
        admin.pin_at_pad = setup->new_pin.at_pad;
    }
    if (error == NULL && options.behind_pin && !admin.pin_at_pad)
        error = secret_new(secret_bytes(setup->new_pin.value), secret_length(setup->new_pin.value),
                           &admin.pin);
    if (error == NULL)
        error = card_set_admin_key(card, &admin, key, &options, NULL);
    if (error == NULL)
        tell(run, setup->admin.name,
             options.behind_pin ? ", to a random one that the card keeps behind the PIN" : "");
    secret_free(key);
    card_admin_clear(&admin);
    return error;
}

static struct error *set_admin(struct card_run *run, struct card *card, struct setup *setup)
{
    struct new_secret fresh = {0};
    struct error *error;

    if (!setup->has_admin)
        return NULL;
    if (setup->admin.tries_counted) {
        error = get_new(run, card, CARD_SECRET_ADMIN, &setup->admin, &fresh);
        if (error == NULL)
            error = set_secret(run, card, CARD_SECRET_ADMIN, &setup->admin, &fresh);
        secret_free(fresh.value);
        return error;
    }
    if (!setup->admin.fixed)
        return set_management_key(run, card, setup);
    if (card_has(run, OPTION_NEW_ADMIN))
        return error_new(ERROR_UNSUPPORTED, "the card has no command to change its %s",
                         setup->admin.name);
    card_warn(run, "the %s stays as it is: the card has no command to change it",
              setup->admin.name);
    return NULL;
}

static struct error *init(struct card_run *run, struct card *card)
{
    struct setup setup = {0};
    struct error *error = read_setup(card, &setup);

    if (error == NULL)
        error = check_unused(run, card, &setup);
    if (error == NULL)
        error = set_pins(run, card, &setup);
    if (error == NULL)
        error = set_admin(run, card, &setup);
    secret_free(setup.new_pin.value);
    if (error == NULL)
        card_say(run, "the card is ready: make a key with reissue card generate");
    return error;
}

struct error *card_init_run(struct card_run *run)
{
    struct card *card;
    struct error *error = card_target(run, &card);

    if (error == NULL)
        error = init(run, card);
    card_free(card);
    return error;
}
