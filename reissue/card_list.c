/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card list: readers, cards, applications. */
#include "card.h"
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLL_MS 250

/* ---- waiting ----------------------------------------------------------------------------- */

static bool card_is_there(const struct card_reader_list *readers)
{
    for (size_t i = 0; i < readers->count; i++)
        if (readers->items[i].application_count > 0)
            return true;
    return false;
}

/* Negative: without end. */
static struct error *wait_seconds(const struct card_run *run, double *out)
{
    const char *text = run->values[OPTION_WAIT];
    char *end;

    *out = -1;
    if (text[0] == '\0')
        return NULL;
    errno = 0;
    *out = strtod(text, &end);
    if (*end == '\0' && errno == 0 && *out >= 0 && *out <= 1e6)
        return NULL;
    return error_new(ERROR_URI, "--wait=%s: that is no number of seconds", text);
}

static struct error *wait_for_card(struct card_run *run, struct card_reader_list *readers)
{
    static const struct timespec pause = {0, POLL_MS * 1000000L};
    double seconds;
    double start = trace_clock();
    struct error *error = wait_seconds(run, &seconds);

    while (error == NULL && !card_is_there(readers)) {
        if (seconds >= 0 && trace_clock() - start > seconds * 1000)
            return error_new(ERROR_NO_CARD, "no card was inserted in %g seconds", seconds);
        (void)nanosleep(&pause, NULL);
        card_reader_list_clear(readers);
        error = card_readers(run->context, readers);
    }
    return error;
}

/* ---- printing ---------------------------------------------------------------------------- */

static void format_make(const struct card_make *make, char *out, size_t size)
{
    if (make->version_known)
        (void)snprintf(out, size, "%s %u.%u.%u", make->name, make->version[0], make->version[1],
                       make->version[2]);
    else
        (void)snprintf(out, size, "%s", make->name);
}

static struct error *list_application(struct card_run *run,
                                      const struct card_application *application,
                                      struct json_object *array)
{
    struct json_object *object = json_object_new_object();
    struct card_make make;
    char name[80];
    char *uri = NULL;
    struct error *error = card_uri_of(application->card, &uri);

    json_object_array_add(array, object);
    if (error == NULL)
        error = card_read_make(application->card, &make);
    if (error == NULL) {
        format_make(&make, name, sizeof(name));
        card_json_text(object, "application", application->name);
        card_json_text(object, "serial", application->serial);
        card_json_text(object, "make", name[0] == '\0' ? NULL : name);
        card_json_text(object, "uri", uri);
        card_say(run, "  %-8s %-16s serial %-12s %s", application->title,
                 name[0] == '\0' ? "card" : name,
                 application->serial == NULL ? "(none)" : application->serial, uri);
    }
    free(uri);
    return error;
}

static void list_failure(struct card_run *run, const struct card_reader *reader,
                         struct json_object *object)
{
    char *text = reader->failure == NULL ? NULL : error_describe(reader->failure);

    if (text != NULL) {
        card_json_text(object, "failure", text);
        card_say(run, "  cannot be used: %s", text);
    } else if (!reader->card_present) {
        card_say(run, "  no card");
    } else if (reader->application_count == 0) {
        card_say(run, "  a card with no application that is known here (ATR %s)",
                 reader->atr == NULL ? "not known" : reader->atr);
    }
    free(text);
}

/* Any of the card's applications knows the reader. */
static struct error *list_keypad(const struct card_run *run, const struct card_reader *reader,
                                 struct json_object *object)
{
    struct card_pad pad;
    struct error *error;

    if (reader->application_count == 0) {
        card_say(run, "%s", reader->name);
        json_object_object_add(object, "keypad", NULL);
        return NULL;
    }
    error = card_read_pad(reader->applications[0].card, &pad);
    if (error == NULL) {
        json_object_object_add(object, "keypad", json_object_new_boolean(pad.verifies));
        card_say(run, "%s%s", reader->name, pad.verifies ? ", with a keypad for PINs" : "");
    }
    return error;
}

static struct error *list_reader(struct card_run *run, const struct card_reader *reader,
                                 struct json_object *array)
{
    struct json_object *object = json_object_new_object();
    struct json_object *applications = json_object_new_array();
    struct error *error = NULL;

    json_object_array_add(array, object);
    card_json_text(object, "reader", reader->name);
    json_object_object_add(object, "card", json_object_new_boolean(reader->card_present));
    card_json_text(object, "atr", reader->atr);
    json_object_object_add(object, "applications", applications);
    error = list_keypad(run, reader, object);
    for (size_t i = 0; error == NULL && i < reader->application_count; i++)
        error = list_application(run, &reader->applications[i], applications);
    list_failure(run, reader, object);
    return error;
}

struct error *card_list_run(struct card_run *run)
{
    struct card_reader_list readers = {0};
    struct json_object *array = json_object_new_array();
    struct error *error = card_readers(run->context, &readers);

    json_object_object_add(run->result, "readers", array);
    if (error == NULL && card_has(run, OPTION_WAIT))
        error = wait_for_card(run, &readers);
    for (size_t i = 0; error == NULL && i < readers.count; i++)
        error = list_reader(run, &readers.items[i], array);
    if (error == NULL && readers.count == 0)
        card_say(run, "no reader is connected");
    card_reader_list_clear(&readers);
    return error;
}
