/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is to choose from when a certificate is taken to its successor: what the cards, the
 * CA, and the reason for it leave. */
#include "command_list.h"
#include "config.h"
#include "start_dialog.h"
#include "validation.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- certificates ------------------------------------------------------------------------- */

/* What to call it by: its name here, or where it is. */
static const char *word_for(const struct found_certificate *item)
{
    return item->lineage != NULL ? item->lineage : item->place;
}

struct error *start_offer_certificates(struct start_dialog *dialog, const char **preset)
{
    time_t now = time(NULL);
    struct error *error = NULL;

    for (size_t i = 0; error == NULL && i < dialog->scan.count; i++) {
        const struct found_certificate *item = &dialog->scan.items[i];
        const char *word = word_for(item);

        error = choices_add(&dialog->choices, word, "%s (%ld days left)  %s", item->name,
                            list_days_left(item, now), strcmp(word, item->name) == 0 ? "" : word);
        if (i == 0)
            *preset = word;
    }
    if (error == NULL)
        error = choices_add(&dialog->choices, START_FIRST, "none: a first certificate is wanted");
    if (dialog->scan.count == 0)
        *preset = START_FIRST;
    return error;
}

/* ---- the reason --------------------------------------------------------------------------- */

struct error *start_offer_reasons(struct start_dialog *dialog, const char **preset)
{
    struct error *error = NULL;

    for (const struct start_reason *reason = start_reasons; error == NULL && reason->name != NULL;
         reason++)
        error =
            choices_add(&dialog->choices, reason->name, "%s (%s)", reason->meaning, reason->name);
    *preset = start_reasons[0].name;
    return error;
}

/* The one that is given may be wrong: that is said later. */
const struct start_reason *start_dialog_reason(const struct start_dialog *dialog)
{
    const char *name = dialog->wish->reason;
    const struct start_reason *reason = name == NULL ? NULL : start_find_reason(name);

    return reason != NULL ? reason : start_reasons;
}

/* ---- the CA ------------------------------------------------------------------------------- */

struct error *start_offer_cas(struct start_dialog *dialog, const char **preset)
{
    const struct config *config = dialog->run->config;
    const char *before = dialog->predecessor == NULL ? NULL : dialog->predecessor->ca;
    struct error *error = NULL;

    for (size_t i = 0; error == NULL && i < config->ca_count; i++)
        error = choices_add(&dialog->choices, config->cas[i].name, "%s (%s)", config->cas[i].name,
                            config->cas[i].type == NULL ? "acme" : config->cas[i].type);
    if (error == NULL && config_find_ca(config, "manual") == NULL)
        error = choices_add(&dialog->choices, "manual",
                            "manual: you carry the request to a CA, and its answer back");
    for (size_t i = 0; error == NULL && i < dialog->choices.count; i++)
        if (*preset == NULL ||
            (before != NULL && strcmp(before, dialog->choices.items[i].value) == 0))
            *preset = dialog->choices.items[i].value;
    return error;
}

/* ---- the validation ----------------------------------------------------------------------- */

/* The names that were given (in `given`, for names_clear()), or those of the predecessor; of a
   request none are known yet. */
static struct error *names_wanted(const struct start_dialog *dialog, struct names *given,
                                  const struct names **out)
{
    const struct start_wish *wish = dialog->wish;

    *given = (struct names){0};
    *out = given;
    if (wish->csr != NULL)
        return NULL;
    if (wish->names != NULL)
        return names_add_list(given, wish->names);
    if (dialog->predecessor != NULL)
        *out = &dialog->predecessor->names;
    return NULL;
}

/* What is wrong with the names, the job has to say as well. */
bool start_has_validations(const struct start_dialog *dialog)
{
    const struct config_ca *config = config_find_ca(dialog->run->config, dialog->wish->ca);
    struct names given;
    const struct names *names;
    struct error *error = names_wanted(dialog, &given, &names);
    size_t count = 0;

    for (const struct validation *each = validations; config != NULL && each->name != NULL; each++)
        count += validation_is_possible(config, each, names);
    names_clear(&given);
    error_free(error);
    return count > 1;
}

struct error *start_offer_validations(struct start_dialog *dialog, const char **preset)
{
    const struct config_ca *config = config_find_ca(dialog->run->config, dialog->wish->ca);
    struct names given;
    const struct names *names;
    struct error *error = names_wanted(dialog, &given, &names);

    for (const struct validation *each = validations; error == NULL && each->name != NULL; each++)
        if (validation_is_possible(config, each, names))
            error = choices_add(&dialog->choices, each->name, "%s (%s)", each->meaning, each->name);
    if (error == NULL)
        *preset = validation_usual(config, names)->name;
    names_clear(&given);
    return error;
}

/* ---- the previous certificate ------------------------------------------------------------- */

struct error *start_offer_revocation(struct start_dialog *dialog, const char **preset)
{
    bool compromised = start_dialog_reason(dialog)->revokes_now;
    struct error *error = choices_add(&dialog->choices, "no", "it stays valid until its end");

    if (error == NULL)
        error =
            choices_add(&dialog->choices, "now", "it is revoked as soon as the new one is in use");
    if (error == NULL && !compromised)
        error = choices_add(&dialog->choices, "14d", "it is revoked 14 days after that");
    *preset = compromised ? "now" : "no";
    return error;
}
