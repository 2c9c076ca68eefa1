/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card show: a card, its secrets and what it can do. */
#include "card.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- secrets ----------------------------------------------------------------------------- */

static void write_secret(struct card_run *run, const char *name,
                         const struct card_secret_info *info)
{
    json_write_object(&run->result, name);
    card_json_text(run, "name", info->name);
    card_json_answer(run, "set", info->set);
    card_json_answer(run, "factory", info->factory);
    card_json_number(run, "tries_left", info->tries_counted ? info->tries_left : -1);
    card_json_number(run, "tries_limit", info->tries_counted ? info->tries_limit : -1);
    json_write_boolean(&run->result, "behind_pin", info->behind_pin);
    card_json_text(run, "algorithm", info->algorithm);
    json_write_object_end(&run->result);
}

static void describe_tries(const struct card_secret_info *info, char *out, size_t size)
{
    if (info->set == CARD_NO)
        (void)snprintf(out, size, "none yet");
    else if (!info->tries_counted)
        (void)snprintf(out, size, "%s%s",
                       info->algorithm == NULL ? "the card does not say of which kind"
                                               : info->algorithm,
                       info->behind_pin ? ", kept behind the PIN" : "");
    else if (info->tries_left == 0)
        (void)snprintf(out, size, "BLOCKED");
    else if (info->tries_left < 0)
        (void)snprintf(out, size, "the card does not say how many tries are left");
    else if (info->tries_limit < 0)
        (void)snprintf(out, size, "%d tries left", info->tries_left);
    else
        (void)snprintf(out, size, "%d of %d tries left", info->tries_left, info->tries_limit);
}

static struct error *show_secret(struct card_run *run, struct card *card, enum card_secret which)
{
    static const char *const names[] = {"pin", "puk", "admin"};
    struct card_secret_info info;
    char tries[80];
    char label[32];
    struct error *error = card_read_secret_info(card, which, &info);

    if (error != NULL && error_code(error) == ERROR_UNSUPPORTED) {
        error_free(error);
        return NULL;
    }
    if (error != NULL)
        return error;
    write_secret(run, names[which], &info);
    describe_tries(&info, tries, sizeof(tries));
    (void)snprintf(label, sizeof(label), "%s:", info.name);
    card_say(run, "  %-16s %s%s%s", label, tries, info.factory == CARD_YES && tries[0] ? ", " : "",
             info.factory == CARD_YES ? "that of a new card still" : "");
    if (info.tries_counted && info.tries_left == 1)
        card_warn(run, "one more wrong %s blocks it", info.name);
    return NULL;
}

static struct error *show_secrets(struct card_run *run, struct card *card)
{
    struct error *error;

    json_write_object(&run->result, "secrets");
    error = show_secret(run, card, CARD_SECRET_PIN);
    if (error == NULL)
        error = show_secret(run, card, CARD_SECRET_PUK);
    if (error == NULL)
        error = show_secret(run, card, CARD_SECRET_ADMIN);
    json_write_object_end(&run->result);
    return error;
}

/* ---- the card ---------------------------------------------------------------------------- */

static struct error *show_algorithms(struct card_run *run, struct card *card)
{
    struct card_algorithms had;
    char names[CARD_ALGORITHMS_TEXT_MAX];
    struct error *error = card_read_algorithms(card, run->uri->slot, &had);

    if (error != NULL)
        return error;
    json_write_array(&run->result, "can_generate");
    for (size_t i = 0; i < had.count; i++)
        json_write_string(&run->result, NULL, had.names[i]);
    json_write_array_end(&run->result);
    card_algorithms_text(&had, names);
    json_write_boolean(&run->result, "can_generate_certain", had.certain);
    card_say(run, "  %-16s %s%s", "can generate:", names,
             had.certain ? "" : " (as cards of this kind do; this one does not say)");
    return NULL;
}

static void say_how_to_initialise(struct card_run *run, struct card *card)
{
    struct error *error = card_check_changes_secrets(card);

    card_say(run, "  %-16s not initialised: %s",
             "profile:", error == NULL ? "reissue card init" : error_message(error));
    error_free(error);
}

static struct error *show_head(struct card_run *run, struct card *card,
                               const struct card_make *make, bool initialised)
{
    const char *serial = NULL;
    char *uri = NULL;
    char version[32] = "";
    struct error *error = card_uri_of(card, &uri);

    if (error != NULL)
        return error;
    error_free(card_serial(card, &serial)); /* a card without one */
    if (make->version_known)
        (void)snprintf(version, sizeof(version), "%u.%u.%u", make->version[0], make->version[1],
                       make->version[2]);
    card_json_text(run, "uri", uri);
    card_json_text(run, "reader", card_reader_name(card));
    card_json_text(run, "application", card_application_name(card));
    card_json_text(run, "serial", serial);
    card_json_text(run, "make", make->name[0] == '\0' ? NULL : make->name);
    card_json_text(run, "firmware", version[0] == '\0' ? NULL : version);
    json_write_boolean(&run->result, "initialised", initialised);
    card_say(run, "%s", uri);
    card_say(run, "  %-16s %s, %s%s%s, in the reader \"%s\"", "card:", card_application_title(card),
             make->name[0] == '\0' ? "plain" : make->name, version[0] == '\0' ? "" : " ", version,
             card_reader_name(card));
    if (!initialised)
        say_how_to_initialise(run, card);
    free(uri);
    return NULL;
}

static struct error *show_keypad(struct card_run *run, struct card *card)
{
    struct card_pad pad;
    struct error *error = card_read_pad(card, &pad);

    if (error != NULL)
        return error;
    json_write_boolean(&run->result, "keypad", pad.verifies);
    if (pad.verifies)
        card_say(run, "  %-16s the reader's: PINs are %s there, unless a source is named",
                 "keypad:", pad.changes ? "typed and changed" : "typed");
    return NULL;
}

static struct error *show_card(struct card_run *run, struct card *card)
{
    struct card_make make;
    bool initialised = false;
    struct error *error = card_read_make(card, &make);

    json_write_object(&run->result, NULL);
    if (error == NULL)
        error = card_is_initialised(card, &initialised);
    if (error == NULL)
        error = show_head(run, card, &make, initialised);
    if (error == NULL)
        error = show_keypad(run, card);
    if (error == NULL)
        error = show_secrets(run, card);
    if (error == NULL)
        error = show_algorithms(run, card);
    if (error == NULL && initialised) /* there is nothing in it otherwise */
        error = card_show_slots(run, card, &make);
    json_write_object_end(&run->result);
    return error;
}

struct error *card_show_run(struct card_run *run)
{
    struct card_list cards;
    struct error *error = card_find_all(run->context, run->uri, &cards);

    json_write_array(&run->result, "cards");
    for (size_t i = 0; error == NULL && i < cards.count; i++)
        error = show_card(run, cards.items[i]);
    json_write_array_end(&run->result);
    card_list_clear(&cards);
    return error;
}
