/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card: which card and which slot a command is about. */
#include "ask.h"
#include "card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error *describe(struct card_run *run, struct card *card)
{
    const char *serial = NULL;
    char *uri = NULL;
    struct error *error = card_uri_of(card, &uri);

    if (error != NULL)
        return error;
    error_free(card_serial(card, &serial)); /* a card without one */
    card_json_text(run, "card", uri);
    card_json_text(run, "serial", serial);
    card_json_text(run, "application", card_application_name(card));
    free(uri);
    return NULL;
}

struct error *card_target(struct card_run *run, struct card **out)
{
    struct error *error = card_find(run->context, run->uri, out);

    if (error == NULL)
        error = describe(run, *out);
    if (error == NULL)
        return NULL;
    card_free(*out);
    *out = NULL;
    return error;
}

struct error *card_target_slot(const struct card_run *run, const char **out)
{
    *out = run->uri->slot;
    if (*out != NULL)
        return NULL;
    return error_new(ERROR_URI, "which slot? Name it: --slot 9a, or card:slot=9a (reissue card "
                                "show lists what there is)");
}

struct error *card_confirm(const struct card_run *run, const char *question)
{
    char prompt[512];
    char answer[16];

    if (card_has(run, OPTION_YES))
        return NULL;
    if (!ask_possible())
        return error_new(ERROR_ARGUMENT, "%s There is no terminal to ask: say --yes if so",
                         question);
    (void)snprintf(prompt, sizeof(prompt), "%s Type yes: ", question);
    struct error *error = ask_line(prompt, answer, sizeof(answer));
    if (error == NULL && strcmp(answer, "yes") != 0)
        error = error_new(ERROR_ARGUMENT, "that was no \"yes\": nothing was changed");
    return error;
}
