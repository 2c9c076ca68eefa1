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

/* ---- asking which one -------------------------------------------------------------------- */

static struct error *make_question(const struct card_list *cards, char **out)
{
    size_t size;
    FILE *text = open_memstream(out, &size);
    struct error *error = text == NULL ? error_no_memory() : NULL;

    if (error != NULL)
        return error;
    fprintf(text, "Which one is meant?\n");
    for (size_t i = 0; error == NULL && i < cards->count; i++) {
        char *uri = NULL;

        error = card_uri_of(cards->items[i], &uri);
        if (error == NULL)
            fprintf(text, "  %zu  %s: %s\n", i + 1, card_application_title(cards->items[i]), uri);
        free(uri);
    }
    fprintf(text, "Type its number: ");
    if (fclose(text) != 0 && error == NULL)
        error = error_no_memory();
    return error;
}

static struct error *ask_which(const struct card_list *cards, struct card **out)
{
    char *question = NULL;
    char answer[16];
    char *end;
    unsigned long number;
    struct error *error = make_question(cards, &question);

    if (error == NULL)
        error = ask_line(question, answer, sizeof(answer));
    free(question);
    if (error != NULL)
        return error;
    number = strtoul(answer, &end, 10);
    if (answer[0] < '1' || answer[0] > '9' || *end != '\0' || number > cards->count)
        return error_new(ERROR_ARGUMENT, "\"%s\" is none of them: nothing was changed", answer);
    *out = cards->items[number - 1];
    return NULL;
}

/* From here on the URI means that card and no other. */
static struct error *narrow(struct card_uri *uri, struct card *card)
{
    const char *serial = NULL;
    char **place = &uri->serial;
    const char *value;

    error_free(card_serial(card, &serial)); /* a card without one goes by its reader */
    value = serial;
    if (serial == NULL) {
        place = &uri->reader;
        value = card_reader_name(card);
    }
    free(uri->app);
    free(*place);
    uri->app = strdup(card_application_name(card));
    *place = strdup(value);
    return uri->app != NULL && *place != NULL ? NULL : error_no_memory();
}

/* Takes the error of a search that found several. */
static struct error *choose(struct card_run *run, struct card **out, struct error *cause)
{
    struct card_list cards;
    struct card *card = NULL;
    struct error *error;

    if (error_code(cause) != ERROR_AMBIGUOUS || card_has(run, OPTION_JSON) || !ask_possible())
        return cause;
    error_free(cause);
    error = card_find_all(run->context, run->uri, &cards);
    if (error == NULL)
        error = ask_which(&cards, &card);
    if (error == NULL)
        error = narrow(run->uri, card);
    card_list_clear(&cards);
    return error != NULL ? error : card_find(run->context, run->uri, out);
}

struct error *card_target(struct card_run *run, struct card **out)
{
    struct error *error = card_find(run->context, run->uri, out);

    if (error != NULL)
        error = choose(run, out, error);
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
