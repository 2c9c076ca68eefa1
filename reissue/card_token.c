/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card init: a PKCS #11 token that was never initialised. */
#include "card.h"

#include <stdio.h>
#include <stdlib.h>

#define LABEL_DEFAULT "reissue"

static struct error *get_secrets(struct card_run *run, const struct card_blank_token *blank,
                                 struct secret **officer, struct secret **pin)
{
    const struct card_secret_info rules[] = {
        {.name = "PIN of the security officer",
         .minimum = blank->pin_minimum,
         .maximum = blank->pin_maximum},
        {.name = "PIN", .minimum = blank->pin_minimum, .maximum = blank->pin_maximum},
    };
    char owner[128];
    struct error *error;

    *pin = NULL;
    (void)snprintf(owner, sizeof(owner), "the token in \"%s\"", blank->reader);
    error = card_get_first_secret(run, owner, &rules[0], CARD_SECRET_PUK, officer);
    return error != NULL ? error
                         : card_get_first_secret(run, owner, &rules[1], CARD_SECRET_PIN, pin);
}

static struct error *initialise(struct card_run *run, const struct card_blank_token *blank)
{
    struct card_token_setup setup = {
        .label = card_has(run, OPTION_LABEL) ? run->values[OPTION_LABEL] : LABEL_DEFAULT};
    char *uri = NULL;
    struct error *error = get_secrets(run, blank, &setup.officer, &setup.pin);

    if (error == NULL)
        error = card_initialise_token(run->context, run->uri, blank->reader, &setup, &uri);
    if (error == NULL) {
        card_json_text(run, "card", uri);
        card_json_text(run, "label", setup.label);
        card_say(run, "the token \"%s\" is initialised, and has its PINs", setup.label);
        card_say(run, "%s", uri);
    }
    secret_free(setup.officer);
    secret_free(setup.pin);
    free(uri);
    return error;
}

struct error *card_token_init(struct card_run *run, bool *found)
{
    struct card_blank_token blank;
    struct error *error;

    *found = false;
    if (!card_uri_names_module(run->uri))
        return NULL;
    error = card_find_blank_token(run->context, run->uri, &blank);
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error); /* the URI means a token that is known already */
        return NULL;
    }
    *found = error == NULL;
    if (error == NULL)
        error = initialise(run, &blank);
    card_blank_token_clear(&blank);
    return error;
}
