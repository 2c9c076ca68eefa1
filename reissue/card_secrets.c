/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card: where PINs, PUKs and management keys come from. */
#include "ask.h"
#include "card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    enum card_option present, fresh;
    const char *present_name, *fresh_name;
} sources[] = {
    [CARD_SECRET_PIN] = {OPTION_PIN, OPTION_NEW_PIN, "--pin-source", "--new-pin-source"},
    [CARD_SECRET_PUK] = {OPTION_PUK, OPTION_NEW_PUK, "--puk-source", "--new-puk-source"},
    [CARD_SECRET_ADMIN] = {OPTION_ADMIN, OPTION_NEW_ADMIN, "--management-key-source",
                           "--new-management-key-source"},
};

/* "PIN of PIV card 12345678: " */
static void make_prompt(struct card *card, const char *before, const char *name, char *out,
                        size_t size)
{
    const char *serial = NULL;

    error_free(card_serial(card, &serial)); /* a card without one */
    (void)snprintf(out, size, "%s%s of %s card%s%s: ", before, name, card_application_title(card),
                   serial == NULL ? "" : " ", serial == NULL ? "" : serial);
}

static struct error *copy(struct secret *from, struct secret **out)
{
    return secret_new(secret_bytes(from), secret_length(from), out);
}

/* The option's, or the URI's for the PIN; NULL where there is none. */
static const char *present_source(const struct card_run *run, enum card_secret which)
{
    const char *source = run->values[sources[which].present];

    return source != NULL || which != CARD_SECRET_PIN ? source : run->uri->pin_source;
}

/* Whether the URI has the PIN itself, and no option says otherwise. */
static bool takes_pin_value(const struct card_run *run, enum card_secret which)
{
    return which == CARD_SECRET_PIN && run->uri->pin_value != NULL &&
           run->values[sources[which].present] == NULL;
}

struct error *card_get_secret(struct card_run *run, struct card *card,
                              const struct card_secret_info *info, enum card_secret which,
                              struct secret **out)
{
    const char *source = present_source(run, which);
    char prompt[160];

    *out = NULL;
    if (takes_pin_value(run, which))
        return copy(run->uri->pin_value, out);
    if (source != NULL && card_pin_place(source) != CARD_PIN_ON_HOST)
        return card_pin_read(source, out);
    make_prompt(card, "", info->name, prompt, sizeof(prompt));
    return ask_secret(prompt, false, sources[which].present_name, out);
}

/* What is typed wrong is said before it is typed again. */
static void make_new_prompt(struct card *card, const struct card_secret_info *info, char *out,
                            size_t size)
{
    static const char *const kinds[] = {"characters", "digits", "hexadecimal digits"};
    char name[64];

    (void)snprintf(name, sizeof(name), "%s (%zu to %zu %s)", info->name, info->minimum,
                   info->maximum, kinds[info->characters]);
    make_prompt(card, "New ", name, out, size);
}

struct error *card_get_new_secret(struct card_run *run, struct card *card,
                                  const struct card_secret_info *info, enum card_secret which,
                                  struct secret **out)
{
    const char *source = run->values[sources[which].fresh];
    char prompt[160];
    struct error *error;

    *out = NULL;
    make_new_prompt(card, info, prompt, sizeof(prompt));
    error = source != NULL && card_pin_place(source) != CARD_PIN_ON_HOST
                ? card_pin_read(source, out)
                : ask_secret(prompt, true, sources[which].fresh_name, out);
    if (error == NULL)
        error = card_check_new_secret(info, *out);
    if (error != NULL) {
        secret_free(*out);
        *out = NULL;
    }
    return error;
}

/* ---- the reader's keypad ----------------------------------------------------------------- */

/* What two sources say together: the keypad takes all that a command needs, or nothing of it. */
static struct error *join_places(enum card_pin_place one, enum card_pin_place other,
                                 enum card_pin_place *out)
{
    *out = one == CARD_PIN_ANYWHERE ? other : one;
    if (one == other || one == CARD_PIN_ANYWHERE || other == CARD_PIN_ANYWHERE ||
        (one != CARD_PIN_AT_PAD && other != CARD_PIN_AT_PAD))
        return NULL;
    return error_new(ERROR_URI, "one of the two is to be typed at the reader's keypad (pad:), and "
                                "the other is not: one command takes both from there, or neither");
}

static struct error *refuse_pad(struct error *why_not)
{
    return error_wrap(why_not, ERROR_PIN_SOURCE,
                      "the reader has no keypad that serves for this: name another source than "
                      "pad:");
}

struct error *card_at_pad(struct card_run *run, struct card *card, enum card_pad_use use,
                          enum card_secret which, enum card_secret changed, bool *out)
{
    enum card_pin_place place = takes_pin_value(run, which)
                                    ? CARD_PIN_FROM_SOURCE
                                    : card_pin_place(present_source(run, which));
    struct error *why_not = NULL;
    struct error *error = NULL;

    *out = false;
    if (use != CARD_PAD_VERIFY)
        error = join_places(place, card_pin_place(run->values[sources[changed].fresh]), &place);
    if (error != NULL || place == CARD_PIN_ON_HOST || place == CARD_PIN_FROM_SOURCE)
        return error;
    error = card_pad_serves(card, use, use == CARD_PAD_CHANGE ? changed : which, out, &why_not);
    if (error == NULL && !*out && place == CARD_PIN_AT_PAD)
        return refuse_pad(why_not);
    error_free(why_not); /* it is asked for here then */
    return error;
}

/* ---- who may change the card ------------------------------------------------------------- */

struct error *card_get_pin(struct card_run *run, struct card *card, struct card_admin *out)
{
    struct card_secret_info info;
    struct error *error = card_read_secret_info(card, CARD_SECRET_PIN, &info);

    if (error == NULL)
        error = card_at_pad(run, card, CARD_PAD_VERIFY, CARD_SECRET_PIN, CARD_SECRET_PIN,
                            &out->pin_at_pad);
    if (error != NULL || out->pin_at_pad)
        return error;
    return card_get_secret(run, card, &info, CARD_SECRET_PIN, &out->pin);
}

/* A management key has to be given; an admin PIN can be typed anywhere. */
static struct error *get_admin_secret(struct card_run *run, struct card *card,
                                      const struct card_secret_info *info, struct card_admin *out)
{
    struct error *error = NULL;

    if (info->tries_counted)
        error = card_at_pad(run, card, CARD_PAD_VERIFY, CARD_SECRET_ADMIN, CARD_SECRET_ADMIN,
                            &out->secret_at_pad);
    if (error != NULL || out->secret_at_pad)
        return error;
    return card_get_secret(run, card, info, CARD_SECRET_ADMIN, &out->secret);
}

struct error *card_get_admin(struct card_run *run, struct card *card, struct card_admin *out)
{
    const char *source = run->values[OPTION_ADMIN];
    struct card_secret_info info;
    struct error *error;

    *out = (struct card_admin){.use_last_try =
                                   card_has(run, OPTION_LAST_TRY) || run->uri->use_last_try};
    if (card_pin_place(source) == CARD_PIN_FROM_SOURCE)
        return card_admin_read(source, &out->secret);
    error = card_read_secret_info(card, CARD_SECRET_ADMIN, &info);
    if (error != NULL && error_code(error) == ERROR_UNSUPPORTED) {
        error_free(error); /* such cards have none: the PIN allows changes */
        return card_get_pin(run, card, out);
    }
    if (error != NULL || info.factory == CARD_YES)
        return error;
    out->behind_pin = info.behind_pin;
    if (info.behind_pin)
        return card_get_pin(run, card, out);
    return get_admin_secret(run, card, &info, out);
}

void card_admin_clear(struct card_admin *admin)
{
    secret_free(admin->secret);
    secret_free(admin->pin);
    *admin = (struct card_admin){0};
}
