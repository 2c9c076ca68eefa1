/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card reset: as new, and every key gone. */
#include "ask.h"
#include "card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What has to be typed: the serial number, or the reader of a card that has none. */
static struct error *name_of(struct card *card, const char **out)
{
    struct error *error = card_serial(card, out);

    if (error == NULL || error_code(error) != ERROR_NOT_FOUND)
        return error;
    error_free(error);
    *out = card_reader_name(card);
    return NULL;
}

static struct error *compare(const char *typed, const char *name)
{
    if (strcasecmp(typed, name) == 0)
        return NULL;
    return error_new(ERROR_ARGUMENT, "\"%s\" is not this card, which is %s: nothing was changed",
                     typed, name);
}

static struct error *ask(struct card *card, const char *name)
{
    char prompt[320];
    char typed[128];
    struct error *error;

    (void)snprintf(prompt, sizeof(prompt),
                   "This deletes every %s key and certificate on the card %s, for ever.\n"
                   "To go on, type %s: ",
                   card_application_title(card), name, name);
    error = ask_line(prompt, typed, sizeof(typed));
    return error != NULL ? error : compare(typed, name);
}

/* --serial alone names the card; it takes --yes, too, not to be asked. */
static struct error *make_sure(struct card_run *run, struct card *card, const char *name)
{
    const char *serial = run->values[OPTION_SERIAL];
    struct error *error = serial == NULL ? NULL : compare(serial, name);

    if (error != NULL || (serial != NULL && card_has(run, OPTION_YES)))
        return error;
    if (!ask_possible())
        return error_new(ERROR_ARGUMENT,
                         "a reset deletes every key, and there is no terminal to ask: say --serial "
                         "%s --yes if that is meant",
                         name);
    return ask(card, name);
}

/* Whether there is such a secret: a card that was reset half the way tells of none. */
static struct error *look(struct card *card, enum card_secret which, struct card_secret_info *info,
                          bool *there)
{
    struct error *error = card_read_secret_info(card, which, info);

    *there = error == NULL;
    if (error == NULL || error_code(error) != ERROR_UNSUPPORTED)
        return error;
    error_free(error);
    return NULL;
}

/* Most cards need nothing; a PKCS #11 token, which has no admin, its security officer. */
static struct error *get_proof(struct card_run *run, struct card *card, struct secret **out)
{
    struct card_secret_info info;
    bool admin;
    bool puk = false;
    struct error *error;

    *out = NULL;
    if (card_has(run, OPTION_ADMIN))
        return card_admin_read(run->values[OPTION_ADMIN], out);
    error = look(card, CARD_SECRET_ADMIN, &info, &admin);
    if (error == NULL && !admin)
        error = look(card, CARD_SECRET_PUK, &info, &puk);
    return error != NULL || !puk ? error : card_get_secret(run, card, &info, CARD_SECRET_PUK, out);
}

static struct error *reset(struct card_run *run, struct card *card)
{
    struct card_admin admin = {.use_last_try = card_has(run, OPTION_LAST_TRY)};
    const char *name;
    struct error *error = card_check_resets(card);

    if (error == NULL)
        error = name_of(card, &name);
    if (error == NULL)
        error = make_sure(run, card, name);
    if (error == NULL)
        error = get_proof(run, card, &admin.secret);
    if (error == NULL)
        error = card_reset(card, &admin);
    if (error == NULL) {
        json_write_boolean(&run->result, "reset", true);
        card_say(run, "the card is as new: set it up with reissue card init");
    }
    card_admin_clear(&admin);
    return error;
}

struct error *card_reset_run(struct card_run *run)
{
    struct card *card;
    struct error *error = card_target(run, &card);

    if (error == NULL)
        error = reset(run, card);
    card_free(card);
    return error;
}
