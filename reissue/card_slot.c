/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card delete, move: what is in a slot goes, or goes elsewhere. */
#include "card.h"

#include <stdio.h>
#include <string.h>

/* Does it, and tells of it. An empty place is an error only where there was nothing at all. */
typedef struct error *delete_function(struct card *card, const struct card_admin *admin,
                                      const char *slot);

static struct error *delete_one(struct card_run *run, struct card *card,
                                const struct card_admin *admin, delete_function *function,
                                const char *what, bool *deleted)
{
    const char *slot = run->uri->slot;
    struct error *error = function(card, admin, slot);

    *deleted = error == NULL;
    if (error == NULL) {
        card_json_text(run, what, "deleted");
        card_say(run, "the %s in slot %s was deleted", what, slot);
    }
    return error;
}

static struct error *delete_both(struct card_run *run, struct card *card,
                                 const struct card_admin *admin)
{
    bool key_deleted;
    bool certificate_deleted;
    struct error *error = delete_one(run, card, admin, card_delete_key, "key", &key_deleted);

    if (error != NULL && error_code(error) != ERROR_NOT_FOUND)
        return error;
    struct error *second =
        delete_one(run, card, admin, card_delete_certificate, "certificate", &certificate_deleted);
    if (second != NULL && error_code(second) == ERROR_NOT_FOUND && key_deleted) {
        error_free(second);
        second = NULL;
    }
    if (second == NULL && error != NULL) { /* the certificate was all there was */
        error_free(error);
        return NULL;
    }
    if (error == NULL)
        return second;
    error_free(second);
    return error;
}

static struct error *delete_chosen(struct card_run *run, struct card *card,
                                   const struct card_admin *admin)
{
    bool deleted;

    if (card_has(run, OPTION_KEY_ONLY))
        return delete_one(run, card, admin, card_delete_key, "key", &deleted);
    if (card_has(run, OPTION_CERTIFICATE_ONLY))
        return delete_one(run, card, admin, card_delete_certificate, "certificate", &deleted);
    return delete_both(run, card, admin);
}

static struct error *delete_slot(struct card_run *run, struct card *card)
{
    const char *slot;
    const char *serial = NULL;
    char question[256];
    struct card_admin admin = {0};
    struct error *error = card_target_slot(run, &slot);

    if (error != NULL)
        return error;
    error_free(card_serial(card, &serial)); /* a card without one */
    (void)snprintf(question, sizeof(question), "Delete the %s in slot %s of %s card %s?",
                   card_has(run, OPTION_CERTIFICATE_ONLY) ? "certificate"
                   : card_has(run, OPTION_KEY_ONLY)       ? "key, for ever,"
                                                          : "key, for ever, and the certificate",
                   slot, card_application_title(card), serial == NULL ? "" : serial);
    error = card_confirm(run, question);
    if (error == NULL)
        error = card_get_admin(run, card, &admin);
    if (error == NULL)
        error = delete_chosen(run, card, &admin);
    card_admin_clear(&admin);
    return error;
}

struct error *card_delete_run(struct card_run *run)
{
    struct card *card;
    struct error *error;

    if (card_has(run, OPTION_KEY_ONLY) && card_has(run, OPTION_CERTIFICATE_ONLY))
        return error_new(ERROR_URI,
                         "--key-only and --certificate-only together leave nothing to delete");
    error = card_target(run, &card);
    if (error == NULL)
        error = delete_slot(run, card);
    card_free(card);
    return error;
}

/* ---- moving ------------------------------------------------------------------------------ */

static struct error *move(struct card_run *run, struct card *card)
{
    const char *to = run->values[OPTION_TO];
    const char *from;
    struct card_admin admin = {0};
    struct error *error = card_target_slot(run, &from);

    if (error == NULL)
        error = card_get_admin(run, card, &admin);
    if (error == NULL)
        error = card_move_key(card, &admin, from, to);
    if (error == NULL) {
        card_json_text(run, "from", from);
        card_json_text(run, "to", to);
        card_say(run,
                 "the key is in slot %s now: URIs and references that name slot %s have to "
                 "follow",
                 to, from);
    }
    card_admin_clear(&admin);
    return error;
}

struct error *card_move_run(struct card_run *run)
{
    struct card *card;
    struct error *error;

    if (!card_has(run, OPTION_TO))
        return error_new(ERROR_URI, "where to? Name a free slot with --to");
    error = card_target(run, &card);
    if (error == NULL)
        error = move(run, card);
    card_free(card);
    return error;
}
