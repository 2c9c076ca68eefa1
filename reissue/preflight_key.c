/* SPDX-License-Identifier: BSD-2-Clause */
/* The card, and the key: whether they are there, and can do what a job will want of them. */
#include "card/manage.h"
#include "preflight_internal.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- the card ----------------------------------------------------------------------------- */

static struct error *no_such_algorithm(const char *wanted, const struct card_algorithms *known)
{
    char list[256] = "";

    for (size_t i = 0; i < known->count; i++)
        (void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i == 0 ? "" : ", ",
                       known->names[i]);
    return error_new(ERROR_UNSUPPORTED, "the card makes no %s keys, but %s: choose with --alg",
                     wanted, list);
}

/* What a card does not say for certain is left for it to refuse. */
static struct error *check_algorithm(struct flight *flight, struct card *card, const char *slot)
{
    const char *wanted = job_get(flight->job, JOB_ALGORITHM);
    struct card_algorithms algorithms = {.count = 0};
    struct error *error = card_check_generates(card);

    if (error == NULL)
        error = card_read_algorithms(card, slot, &algorithms);
    if (error != NULL)
        return error;
    for (size_t i = 0; i < algorithms.count; i++)
        if (strcasecmp(algorithms.names[i], wanted) == 0)
            return NULL;
    return algorithms.certain ? no_such_algorithm(wanted, &algorithms) : NULL;
}

static struct error *check_initialised(struct card *card)
{
    bool ready = false;
    struct error *error = card_is_initialised(card, &ready);

    if (error == NULL && !ready)
        error = error_new(ERROR_UNSUPPORTED, "the card was never set up: reissue card init does "
                                             "that");
    return error;
}

/* Where there is a source for it, it can be read; that it is right is seen when it is sent. */
static struct error *check_pin_source(struct flight *flight, const struct card_uri *uri)
{
    const char *source = flight->run->crypto->secrets.pin_source;
    struct secret *pin = NULL;
    struct error *error = NULL;

    if (source == NULL)
        source = uri->pin_source;
    if (card_pin_place(source) == CARD_PIN_FROM_SOURCE)
        error = card_pin_read(source, &pin);
    secret_free(pin);
    return error;
}

static struct error *check_tries(struct flight *flight, struct card *card,
                                 const struct card_uri *uri)
{
    struct card_secret_info info = {.tries_left = -1};
    struct error *error = card_read_secret_info(card, CARD_SECRET_PIN, &info);

    if (error != NULL && error_code(error) == ERROR_UNSUPPORTED) {
        error_free(error);
        return NULL;
    }
    if (error != NULL || !info.tries_counted || info.tries_left < 0)
        return error;
    if (info.tries_left == 0)
        return error_new(ERROR_PIN_BLOCKED,
                         "the card's PIN is blocked: reissue card unblock gives it new tries");
    if (info.tries_left == 1 && !uri->use_last_try)
        return error_new(ERROR_PIN_LAST_TRY,
                         "the card's PIN has one try left, which is not spent: use it with reissue "
                         "card, or say use-last-try in the URI");
    preflight_say(flight, "PIN", "%d tries left", info.tries_left);
    return NULL;
}

/* The card at a URI: that it is there, is set up, and will take its PIN. */
struct error *preflight_card(struct flight *flight, const char *place, bool makes_key)
{
    struct card_uri *uri = NULL;
    struct card *card = NULL;
    struct error *error = card_uri_parse(place, &uri);

    if (error == NULL)
        error = card_find_for_key(flight->run->crypto->cards, uri, &card);
    if (error == NULL)
        preflight_say(flight, "card", "%s, in %s", card_application_title(card),
                      card_reader_name(card));
    if (error == NULL)
        error = check_initialised(card);
    if (error == NULL && makes_key)
        error = check_algorithm(flight, card, uri->slot);
    if (error == NULL)
        error = check_tries(flight, card, uri);
    if (error == NULL)
        error = check_pin_source(flight, uri);
    card_free(card);
    card_uri_free(uri);
    return error;
}

/* ---- the key ------------------------------------------------------------------------------ */

static struct error *check_slot(struct flight *flight)
{
    enum step_end end;
    struct error *error = step_choose_key(flight->run, flight->job, &end);

    if (error != NULL)
        return error;
    preflight_say(flight, "new key", "%s at %s%s", job_get(flight->job, JOB_ALGORITHM),
                  job_get(flight->job, JOB_KEY_WANTED),
                  strcmp(job_get(flight->job, JOB_KEY_SLOT_BEFORE), "empty") == 0
                      ? ", which is free"
                      : ": the key that is there is lost");
    return NULL;
}

static struct error *check_new_file(struct flight *flight)
{
    const char *path = job_get(flight->job, JOB_KEY_WANTED);
    char *copy = strdup(path);
    struct error *error = NULL;

    if (copy == NULL)
        return error_no_memory();
    if (access(dirname(copy), W_OK | X_OK) != 0)
        error = error_new(ERROR_FILE, "cannot make the key's file %s: %s", path, strerror(errno));
    else
        preflight_say(flight, "new key", "%s in %s", job_get(flight->job, JOB_ALGORITHM), path);
    free(copy);
    return error;
}

static struct error *check_card_key(struct flight *flight, const char *place)
{
    struct card_uri *uri = NULL;
    struct card_key *key = NULL;
    struct error *error = card_uri_parse(place, &uri);

    if (error == NULL)
        error = card_find_key(flight->run->crypto->cards, uri, &key);
    card_key_free(key);
    card_uri_free(uri);
    return error;
}

/* The key that there is: in its slot, or in a file that can be read. */
static struct error *check_present_key(struct flight *flight)
{
    const char *place = job_get(flight->job, JOB_KEY_WANTED);
    struct error *error = NULL;

    if (crypto_is_card_uri(place))
        error = check_card_key(flight, place);
    else if (access(place, R_OK) != 0)
        error = error_new(ERROR_NOT_FOUND, "cannot read the key %s: %s", place, strerror(errno));
    if (error == NULL)
        preflight_say(flight, "key", "%s, which stays", place);
    return error;
}

static struct error *check_request(struct flight *flight)
{
    enum step_end end;
    struct error *error = step_make_request(flight->run, flight->job, &end);

    if (error == NULL)
        preflight_say(flight, "request", "it can be sent");
    return error;
}

struct error *preflight_key(struct flight *flight)
{
    const char *place = job_get(flight->job, JOB_KEY_WANTED);
    struct error *error = NULL;

    if (preflight_is_kind(flight, "csr"))
        return check_request(flight);
    if (crypto_is_card_uri(place))
        error = preflight_card(flight, place, preflight_is_kind(flight, "card"));
    if (error != NULL)
        return error;
    if (preflight_is_kind(flight, "card"))
        return check_slot(flight);
    return preflight_is_kind(flight, "file") ? check_new_file(flight) : check_present_key(flight);
}
