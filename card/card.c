/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done with a whole card. */
#include "card_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *card_describe(const struct card *card)
{
    char *text = NULL;
    const char *title = card->app->title;
    int length = card->serial != NULL
                     ? asprintf(&text, "%s card %s", title, card->serial)
                     : asprintf(&text, "the %s card in the reader \"%s\"", title, card->reader);
    return length < 0 ? NULL : text;
}

char *card_describe_wanted(const struct card *card)
{
    char *text = NULL;
    if (card->serial != NULL)
        return card_describe(card);
    if (asprintf(&text, "the %s card that was in the reader \"%s\"", card->app->title,
                 card->reader) < 0)
        return NULL;
    return text;
}

struct card_uri card_uri_fields(const struct card *card)
{
    struct card_uri uri = {.app = (char *)card->app->name}; /* only formatted, never freed */
    if (card->serial != NULL)
        uri.serial = card->serial;
    else
        uri.reader = card->reader;
    uri.module_path = (char *)card->system->module;
    return uri;
}

/* ---- serial number and PIN --------------------------------------------------------------- */

struct error *card_learn_serial(struct card *card)
{
    char *serial = NULL;
    if (card->serial != NULL || card->serial_lacking)
        return NULL;
    struct error *error = card->app->serial(card->channel, card->state, &serial);
    if (error == NULL)
        card->serial = serial;
    if (error == NULL || error_code(error) != ERROR_NOT_FOUND || !card->proven)
        return error;
    error_free(error);
    card->serial_lacking = true;
    return NULL;
}

static struct error *learn_serial(struct card *card, void *argument)
{
    (void)argument;
    return card_learn_serial(card);
}

static bool serial_known(struct card *card, const char **out)
{
    lock_acquire(&card->lock);
    *out = card->serial;
    bool known = card->serial != NULL || card->serial_lacking;
    lock_release(&card->lock);
    return known;
}

struct error *card_serial(struct card *card, const char **out)
{
    struct error *error = NULL;
    if (!serial_known(card, out))
        error = session_run(card, NULL, learn_serial, NULL);
    if (error == NULL && serial_known(card, out) && *out == NULL)
        error = error_new(ERROR_NOT_FOUND, "the card in the reader \"%s\" has no serial number",
                          card->reader);
    return error;
}

static struct error *read_pin_status(struct card *card, void *argument)
{
    return card->app->pin_status(card->channel, card->state, argument);
}

struct error *card_pin_status(struct card *card, struct card_pin_status *out)
{
    *out = (struct card_pin_status){.tries_left = -1};
    return session_run_fresh(card, NULL, read_pin_status, out);
}
