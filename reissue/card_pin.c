/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card pin, puk, unblock, management-key: the card's secrets change. */
#include "card.h"
#include "new_file.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool last_try(const struct card_run *run)
{
    return card_has(run, OPTION_LAST_TRY) || run->uri->use_last_try;
}

/* The secret by which another one is changed; NULL stands for that of a new card. */
static struct error *get_proof(struct card_run *run, struct card *card, enum card_secret which,
                               struct secret **out)
{
    struct card_secret_info info;
    struct error *error = card_read_secret_info(card, which, &info);

    *out = NULL;
    if (error != NULL)
        return error;
    if (which == CARD_SECRET_ADMIN &&
        card_pin_place(run->values[OPTION_ADMIN]) == CARD_PIN_FROM_SOURCE)
        return card_admin_read(run->values[OPTION_ADMIN], out);
    if (info.tries_left == 0) /* nobody has to type what cannot be sent */
        return error_new(
            ERROR_PIN_BLOCKED, "the %s is blocked, no try is left%s", info.name,
            which == CARD_SECRET_PIN ? ": unblock it (reissue card unblock)"
            : info.unblocks
                ? ": only a reset of the card (reissue card reset), which deletes every "
                  "key, brings it back"
                : "");
    return card_get_secret(run, card, &info, which, out);
}

/* The secret that proves, and the new value: both at the reader's keypad, or neither. */
static struct error *get_both(struct card_run *run, struct card *card, enum card_pad_use use,
                              enum card_secret proof_kind, enum card_secret changed,
                              const struct card_secret_info *info, struct card_change *out)
{
    struct error *error = card_at_pad(run, card, use, proof_kind, changed, &out->at_pad);

    if (error == NULL && !out->at_pad)
        error = get_proof(run, card, proof_kind, &out->proof);
    if (error == NULL && !out->at_pad)
        error = card_get_new_secret(run, card, info, changed, &out->new_value);
    return error;
}

static struct error *change(struct card_run *run, struct card *card, enum card_secret which)
{
    struct card_change change = {.which = which, .use_last_try = last_try(run)};
    struct card_secret_info info;
    struct error *error = card_read_secret_info(card, which, &info);

    if (error == NULL)
        error = get_both(run, card, CARD_PAD_CHANGE, info.changed_by, which, &info, &change);
    if (error == NULL)
        error = card_change_secret(card, &change);
    if (error == NULL) {
        card_json_text(run->result, "changed", info.name);
        card_say(run, "the %s was changed", info.name);
    }
    secret_free(change.proof);
    secret_free(change.new_value);
    return error;
}

static struct error *change_on_target(struct card_run *run, enum card_secret which)
{
    struct card *card;
    struct error *error = card_target(run, &card);

    if (error == NULL)
        error = change(run, card, which);
    card_free(card);
    return error;
}

struct error *card_pin_run(struct card_run *run)
{
    return change_on_target(run, CARD_SECRET_PIN);
}

struct error *card_puk_run(struct card_run *run)
{
    return change_on_target(run, CARD_SECRET_PUK);
}

/* ---- unblocking -------------------------------------------------------------------------- */

/* The PUK, unless the admin's secret was named, or there is no PUK; not every admin's can. */
static struct error *choose_unblocker(struct card_run *run, struct card *card,
                                      enum card_secret *out)
{
    struct card_secret_info puk;
    struct card_secret_info admin;
    struct error *error = card_read_secret_info(card, CARD_SECRET_PUK, &puk);
    bool has_puk = error == NULL && puk.unblocks && puk.set != CARD_NO;

    *out = CARD_SECRET_PUK;
    if (error != NULL && error_code(error) != ERROR_UNSUPPORTED)
        return error;
    error_free(error);
    if (has_puk && !card_has(run, OPTION_ADMIN))
        return NULL;
    *out = CARD_SECRET_ADMIN;
    error = card_read_secret_info(card, CARD_SECRET_ADMIN, &admin);
    if (error == NULL && !admin.unblocks)
        error = error_new(ERROR_UNSUPPORTED,
                          "the %s of this card does not unblock the PIN: the %s "
                          "does",
                          admin.name, has_puk ? puk.name : "card's issuer");
    return error;
}

static struct error *unblock(struct card_run *run, struct card *card)
{
    struct card_change change = {.use_last_try = last_try(run)};
    struct card_secret_info pin;
    struct error *error = card_read_secret_info(card, CARD_SECRET_PIN, &pin);

    if (error == NULL)
        error = choose_unblocker(run, card, &change.which);
    if (error == NULL)
        error = get_both(run, card, CARD_PAD_UNBLOCK, change.which, CARD_SECRET_PIN, &pin, &change);
    if (error == NULL)
        error = card_unblock_pin(card, &change);
    if (error == NULL) {
        card_json_text(run->result, "unblocked", pin.name);
        card_say(run, "the %s has all its tries, and the new value", pin.name);
    }
    secret_free(change.proof);
    secret_free(change.new_value);
    return error;
}

struct error *card_unblock_run(struct card_run *run)
{
    struct card *card;
    struct error *error = card_target(run, &card);

    if (error == NULL)
        error = unblock(run, card);
    card_free(card);
    return error;
}

/* ---- the management key ------------------------------------------------------------------ */

/* To a file, durably, before the card has it: a key that nobody knows is of no use. */
static struct error *write_key(struct card_run *run, struct secret *key)
{
    struct file_new file;
    struct error *error = file_new_begin(&file, run->values[OPTION_OUT], 0600);

    if (error == NULL)
        error = file_new_keep(&file, secret_bytes(key), secret_length(key));
    file_new_drop(&file);
    return error;
}

/* A random one for --out; `digits` of it, in hexadecimal. */
static struct error *make_random(size_t digits, struct secret **out)
{
    static const char alphabet[] = "0123456789abcdef";
    struct error *error = secret_new(NULL, digits, out);

    if (error != NULL)
        return error;
    if (RAND_priv_bytes(secret_bytes(*out), (int)digits) != 1)
        return error_new(ERROR_INTERNAL, "libcrypto has no random numbers");
    for (size_t i = 0; i < digits; i++)
        secret_bytes(*out)[i] = (uint8_t)alphabet[secret_bytes(*out)[i] & 15];
    return NULL;
}

static size_t digits_of(const char *algorithm)
{
    if (algorithm == NULL || strcasecmp(algorithm, "3DES") == 0 ||
        strcasecmp(algorithm, "AES-192") == 0)
        return 48;
    return strcasecmp(algorithm, "AES-128") == 0 ? 32 : 64;
}

struct error *card_choose_admin_key(struct card_run *run, const struct card_secret_info *info,
                                    struct card_admin_key_options *options, struct secret **key)
{
    bool named = card_has(run, OPTION_NEW_ADMIN);
    const char *algorithm = options->algorithm == NULL ? info->algorithm : options->algorithm;
    struct error *error;

    options->behind_pin =
        !card_has(run, OPTION_NO_PROTECT) && (card_has(run, OPTION_PROTECT) || !named);
    *key = NULL;
    if (named)
        return card_pin_read(run->values[OPTION_NEW_ADMIN], key);
    if (options->behind_pin)
        return NULL;
    if (!card_has(run, OPTION_OUT))
        return error_new(ERROR_ARGUMENT,
                         "where shall the random management key go? Say --out FILE, "
                         "or leave --no-protect away, so that the card keeps it");
    error = make_random(digits_of(algorithm), key);
    return error != NULL ? error : write_key(run, *key);
}

static struct error *set_key(struct card_run *run, struct card *card,
                             const struct card_secret_info *info)
{
    struct card_admin_key_options options = {.algorithm = run->values[OPTION_ALGORITHM],
                                             .touch = card_has(run, OPTION_TOUCH)};
    struct card_admin admin = {0};
    struct secret *key = NULL;
    struct error *error = card_get_admin(run, card, &admin);

    if (error == NULL)
        error = card_choose_admin_key(run, info, &options, &key);
    if (error == NULL && options.behind_pin && admin.pin == NULL && !admin.pin_at_pad)
        error = card_get_pin(run, card, &admin);
    if (error == NULL)
        error = card_set_admin_key(card, &admin, key, &options, NULL);
    if (error == NULL) {
        card_json_text(run->result, "changed", info->name);
        json_object_object_add(run->result, "behind_pin",
                               json_object_new_boolean(options.behind_pin));
        card_say(run, "the %s was changed%s", info->name,
                 options.behind_pin ? ", and is kept on the card, behind the PIN" : "");
    }
    secret_free(key);
    card_admin_clear(&admin);
    return error;
}

struct error *card_management_key_run(struct card_run *run)
{
    struct card_secret_info info;
    struct card *card;
    struct error *error = card_target(run, &card);

    if (error == NULL)
        error = card_read_secret_info(card, CARD_SECRET_ADMIN, &info);
    if (error == NULL && info.fixed)
        error =
            error_new(ERROR_UNSUPPORTED,
                      "the card has no command to change its %s: plain PIV knows none", info.name);
    if (error == NULL)
        error =
            info.tries_counted ? change(run, card, CARD_SECRET_ADMIN) : set_key(run, card, &info);
    card_free(card);
    return error;
}
