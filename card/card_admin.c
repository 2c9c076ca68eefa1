/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may change the card: its admin's secret, given, or kept by the card behind the PIN. */
#include "card_internal.h"
#include "manage.h"

#include <stdlib.h>

/* By a key that stands for the card, whose PIN is typed at the reader's keypad. */
static struct error *verify_at_pad(struct card *card, bool use_last_try)
{
    struct card_uri uri = {.use_last_try = use_last_try};
    struct card_key anybody = {.card = card, .app = card->app, .uri = &uri};
    anybody.key.pin_policy = CARD_POLICY_ONCE;
    struct error *error = card_check_pad(card, CARD_PAD_VERIFY, CARD_SECRET_PIN);
    return error != NULL ? error : key_present_at_pad(&anybody);
}

static struct error *verify(struct card *card, struct secret *pin, bool use_last_try)
{
    const struct app_key nothing_special = {.pin_policy = CARD_POLICY_ONCE};
    struct card_secret_info info;
    int tries_left = -1;
    struct error *error = secret_inform(card, CARD_SECRET_PIN, &info);
    if (error == NULL)
        error = secret_may_send(card, CARD_SECRET_PIN, &info, pin, use_last_try);
    if (error != NULL)
        return error;
    error = card->app->verify_pin(card->channel, card->state, &nothing_special, pin, &tries_left);
    if (error == NULL)
        return secret_accept(card, CARD_SECRET_PIN);
    if (error_code(error) != ERROR_PIN_WRONG && error_code(error) != ERROR_PIN_BLOCKED)
        return error;
    return secret_remember(card, CARD_SECRET_PIN, info.name, pin, tries_left, error);
}

static struct error *authenticate(struct card *card, struct secret *secret, bool at_pad,
                                  bool use_last_try)
{
    static const char name[] = "management key or admin PIN";
    const struct app_admin admin = {secret, use_last_try, at_pad};
    struct error *error =
        secret == NULL ? NULL : secret_look_back(card, CARD_SECRET_ADMIN, name, secret);
    if (error == NULL)
        error = card->app->authenticate_admin(card->channel, card->state, &admin);
    if (error == NULL)
        return secret == NULL ? NULL : secret_accept(card, CARD_SECRET_ADMIN);
    if (secret == NULL ||
        (error_code(error) != ERROR_PIN_WRONG && error_code(error) != ERROR_PIN_BLOCKED))
        return error;
    return secret_remember(card, CARD_SECRET_ADMIN, name, secret, -1, error);
}

static struct error *authenticate_by_pin(struct card *card, const struct card_admin *admin)
{
    struct secret *secret = NULL;
    if (card->app->read_admin == NULL)
        return error_new(ERROR_UNSUPPORTED, "a %s card keeps no such secret behind its PIN",
                         card->app->title);
    struct error *error = card->app->read_admin(card->channel, card->state, &secret);
    if (error == NULL)
        error = authenticate(card, secret, false, admin->use_last_try);
    secret_free(secret);
    return error;
}

/* A secret, a person at the keypad, or what every new card has. */
static struct error *authenticate_with(struct card *card, const struct card_admin *admin)
{
    struct card_secret_info info;
    bool at_pad = admin->secret_at_pad;
    struct error *error = NULL;
    if (at_pad)
        error = secret_inform(card, CARD_SECRET_ADMIN, &info);
    if (error == NULL && at_pad)
        error = card_check_pad(card, CARD_PAD_VERIFY, CARD_SECRET_ADMIN);
    if (error != NULL)
        return error;
    if (at_pad)
        card_tell_pad(card, CARD_PAD_VERIFY, info.name);
    return authenticate(card, admin->secret, at_pad, admin->use_last_try);
}

struct error *card_authenticate_admin(struct card *card, const struct card_admin *admin)
{
    static const struct card_admin factory = {.secret = NULL};
    struct error *error = NULL;
    if (admin == NULL)
        admin = &factory;
    if (card->app->admin_is_pin)
        return card_present_pin(card, admin->pin != NULL ? admin->pin : admin->secret,
                                admin->use_last_try);
    if (card->app->authenticate_admin == NULL)
        return app_cannot(card->app, "cannot be changed");
    if (admin->pin != NULL)
        error = verify(card, admin->pin, admin->use_last_try);
    else if (admin->pin_at_pad)
        error = verify_at_pad(card, admin->use_last_try);
    if (error != NULL)
        return error;
    if (admin->secret == NULL && admin->behind_pin)
        return authenticate_by_pin(card, admin);
    return authenticate_with(card, admin);
}

struct setting {
    const struct card_admin *admin;
    struct secret *key;
    const struct card_admin_key_options *options;
    struct secret *made;
};

static struct error *set_admin_key(struct card *card, void *argument)
{
    struct setting *setting = argument;
    struct error *error = card_authenticate_admin(card, setting->admin);
    secret_free(setting->made);
    setting->made = NULL;
    return error != NULL ? error
                         : card->app->set_admin_key(card->channel, card->state, setting->key,
                                                    setting->options, &setting->made);
}

struct error *card_set_admin_key(struct card *card, const struct card_admin *admin,
                                 struct secret *key, const struct card_admin_key_options *options,
                                 struct secret **out)
{
    struct setting setting = {admin, key, options, NULL};
    if (out != NULL)
        *out = NULL;
    if (card->app->set_admin_key == NULL)
        return error_new(ERROR_UNSUPPORTED, "a %s card has no management key", card->app->title);
    if (options->behind_pin && (admin == NULL || (admin->pin == NULL && !admin->pin_at_pad)))
        return error_new(ERROR_PIN_SOURCE, "a management key is put behind the PIN with the PIN");
    struct error *error = session_run_fresh(card, NULL, set_admin_key, &setting);
    if (error == NULL && out != NULL) {
        *out = setting.made;
        setting.made = NULL;
    }
    secret_free(setting.made);
    return error;
}
