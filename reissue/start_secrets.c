/* SPDX-License-Identifier: BSD-2-Clause */
#include "start_secrets.h"

#include "ask.h"
#include "card/manage.h"
#include "secret_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is typed, as a source like those of the command line; lives as long as the process. What
   can be typed at the reader's keypad is left to that. */
static struct error *ask_source(struct card *card, enum card_secret which, const char *name,
                                const char *option, const char **out)
{
    bool at_pad = false;
    char prompt[160];
    char path[32];
    char *source = NULL;
    struct secret *secret;
    struct error *error = card_pad_serves(card, CARD_PAD_VERIFY, which, &at_pad, NULL);

    if (error != NULL)
        return error;
    if (at_pad) {
        *out = "pad:";
        return NULL;
    }
    (void)snprintf(prompt, sizeof(prompt), "%s of the %s card: ", name,
                   card_application_title(card));
    error = ask_secret(prompt, false, option, &secret);
    if (error != NULL)
        return error;
    error = secret_file_new(secret, path, sizeof(path));
    secret_free(secret);
    if (error == NULL && asprintf(&source, "file:%s", path) < 0)
        return error_no_memory();
    *out = source;
    return error;
}

static struct error *ask_for(struct run *run, struct card *card)
{
    struct card_secret_info info = {.name = "PIN"};
    struct error *error = card_read_secret_info(card, CARD_SECRET_ADMIN, &info);
    bool pin_will_do = (error != NULL && error_code(error) == ERROR_UNSUPPORTED) ||
                       (error == NULL && info.behind_pin);

    if (error != NULL && !pin_will_do)
        return error;
    error_free(error);
    if (pin_will_do)
        return ask_source(card, CARD_SECRET_PIN, "PIN", "--pin-source",
                          &run->crypto->secrets.pin_source);
    if (info.factory == CARD_YES) {
        run->admin_source = "factory";
        return NULL;
    }
    return ask_source(card, CARD_SECRET_ADMIN, info.name, "--management-key-source",
                      &run->admin_source);
}

/* The card that is changed: the key is made there, or the certificate goes there. */
static const char *place_of_change(const struct job *job)
{
    const char *install = job_get(job, JOB_INSTALL);
    const char *key = job_get(job, JOB_KEY_WANTED);

    if (install != NULL && strcmp(install, INSTALL_BESIDE_KEY) != 0)
        return install;
    return key != NULL && crypto_is_card_uri(key) ? key : NULL;
}

struct error *start_ask_secrets(struct run *run, const struct job *job)
{
    const char *place = place_of_change(job);
    struct card_uri *uri = NULL;
    struct card *card = NULL;
    struct error *error;

    if (place == NULL || run->admin_source != NULL || run->crypto->secrets.pin_source != NULL)
        return NULL;
    error = card_uri_parse(place, &uri);
    if (error == NULL)
        error = card_find_for_key(run->crypto->cards, uri, &card);
    if (error == NULL)
        error = ask_for(run, card);
    card_free(card);
    card_uri_free(uri);
    return error;
}
