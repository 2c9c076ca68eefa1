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

struct error *card_get_secret(struct card_run *run, struct card *card,
                              const struct card_secret_info *info, enum card_secret which,
                              struct secret **out)
{
    const char *source = run->values[sources[which].present];
    char prompt[160];

    *out = NULL;
    if (source != NULL)
        return card_pin_read(source, out);
    if (which == CARD_SECRET_PIN && run->uri->pin_value != NULL)
        return copy(run->uri->pin_value, out);
    if (which == CARD_SECRET_PIN && run->uri->pin_source != NULL)
        return card_pin_read(run->uri->pin_source, out);
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
    error = source != NULL ? card_pin_read(source, out)
                           : ask_secret(prompt, true, sources[which].fresh_name, out);
    if (error == NULL)
        error = card_check_new_secret(info, *out);
    if (error != NULL) {
        secret_free(*out);
        *out = NULL;
    }
    return error;
}

/* ---- who may change the card ------------------------------------------------------------- */

static struct error *get_pin(struct card_run *run, struct card *card, struct secret **out)
{
    struct card_secret_info info;
    struct error *error = card_read_secret_info(card, CARD_SECRET_PIN, &info);

    return error != NULL ? error : card_get_secret(run, card, &info, CARD_SECRET_PIN, out);
}

struct error *card_get_admin(struct card_run *run, struct card *card, struct card_admin *out)
{
    const char *source = run->values[OPTION_ADMIN];
    struct card_secret_info info;
    struct error *error;

    *out = (struct card_admin){.use_last_try =
                                   card_has(run, OPTION_LAST_TRY) || run->uri->use_last_try};
    if (source != NULL)
        return card_admin_read(source, &out->secret);
    error = card_read_secret_info(card, CARD_SECRET_ADMIN, &info);
    if (error != NULL || info.factory == CARD_YES)
        return error;
    out->behind_pin = info.behind_pin;
    if (info.behind_pin)
        return get_pin(run, card, &out->pin);
    return card_get_secret(run, card, &info, CARD_SECRET_ADMIN, &out->secret);
}

void card_admin_clear(struct card_admin *admin)
{
    secret_free(admin->secret);
    secret_free(admin->pin);
    *admin = (struct card_admin){0};
}
