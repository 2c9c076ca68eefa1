/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates as a table for people, and as JSON. */
#include "card/uri.h"
#include "command_list.h"
#include "crypto.h"
#include "terminal.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY        86400
#define PATH_SHOWN 4096
#define CELL_SIZE  PATH_SHOWN

long list_days_left(const struct found_certificate *item, time_t now)
{
    long seconds = (long)(item->ends - now);

    return seconds >= 0 ? seconds / DAY : -((-seconds + DAY - 1) / DAY);
}

void list_iso_time(time_t time, char out[ISO_TIME_SIZE])
{
    struct tm broken_down;

    if (gmtime_r(&time, &broken_down) == NULL ||
        strftime(out, ISO_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &broken_down) == 0)
        (void)snprintf(out, ISO_TIME_SIZE, "?");
}

/* ---- JSON -------------------------------------------------------------------------------- */

/* Paths may be anything; JSON is UTF-8. What is NULL is left out. */
static void write_text(struct json_writer *json, const char *name, const char *text)
{
    char *clean = NULL;

    if (text == NULL)
        return;
    json_write_fail(json, text_clean(text, PATH_SHOWN, &clean));
    if (clean != NULL)
        json_write_string(json, name, clean);
    free(clean);
}

static void write_time(struct json_writer *json, const char *name, time_t time)
{
    char text[ISO_TIME_SIZE];

    if (time == 0)
        return;
    list_iso_time(time, text);
    json_write_string(json, name, text);
}

static void write_names(struct json_writer *json, const struct names *names)
{
    json_write_array(json, "names");
    for (size_t i = 0; i < names->count; i++) {
        json_write_object(json, NULL);
        json_write_string(json, "type", name_type_text(names->items[i].type));
        json_write_string(json, "name", names->items[i].text);
        json_write_object_end(json);
    }
    json_write_array_end(json);
}

void list_write_json(struct json_writer *json, const struct found_certificate *item, time_t now)
{
    json_write_object(json, NULL);
    json_write_string(json, "name", item->name);
    json_write_string(json, "subject", item->subject);
    write_names(json, &item->names);
    json_write_string(json, "serial", item->serial);
    json_write_string(json, "fingerprint", item->fingerprint);
    write_time(json, "begins", item->begins);
    write_time(json, "ends", item->ends);
    json_write_integer(json, "days_left", list_days_left(item, now));
    write_text(json, "certificate", item->place);
    json_write_integer(json, "places", (long)item->places);
    write_text(json, "key", item->key);
    write_text(json, "goes_by", item->lineage);
    write_text(json, "ca", item->ca);
    write_time(json, "renew_at", item->renew_at);
    write_time(json, "revoke_previous_at", item->revoke_at);
    write_text(json, "note", item->note);
    json_write_object_end(json);
}

/* ---- the table: its cells ---------------------------------------------------------------- */

static void days_cell(const struct found_certificate *item, time_t now, char *out)
{
    (void)snprintf(out, CELL_SIZE, "%ld", list_days_left(item, now));
}

static void date(time_t time, char out[ISO_TIME_SIZE])
{
    list_iso_time(time, out);
    out[strcspn(out, "T")] = '\0';
}

static void ends_cell(const struct found_certificate *item, time_t now, char *out)
{
    char text[ISO_TIME_SIZE];

    (void)now;
    date(item->ends, text);
    (void)snprintf(out, CELL_SIZE, "%s", text);
}

/* What to call it by in other commands, where it has such a name. */
static void name_cell(const struct found_certificate *item, time_t now, char *out)
{
    (void)now;
    (void)snprintf(out, CELL_SIZE, "%s", item->lineage != NULL ? item->lineage : item->name);
}

static void ca_cell(const struct found_certificate *item, time_t now, char *out)
{
    (void)now;
    (void)snprintf(out, CELL_SIZE, "%s", item->ca != NULL ? item->ca : "-");
}

/* What is under way, owed or due: the nearest of them. */
static void due_cell(const struct found_certificate *item, time_t now, char *out)
{
    char text[ISO_TIME_SIZE];

    if (item->revoke_at != 0)
        date(item->revoke_at, text);
    else
        date(item->renew_at, text);
    if (item->revoke_at != 0)
        (void)snprintf(out, CELL_SIZE, "revoke %s", text);
    else if (item->note != NULL) /* "job ID: step" */
        (void)snprintf(out, CELL_SIZE, "%.*s", (int)strcspn(item->note, ":"), item->note);
    else if (item->renew_at != 0)
        (void)snprintf(out, CELL_SIZE, item->renew_at <= now ? "renew now" : "renew %s", text);
    else
        (void)snprintf(out, CELL_SIZE, "-");
}

static void key_cell(const struct found_certificate *item, time_t now, char *out)
{
    (void)now;
    (void)snprintf(out, CELL_SIZE, "%s", item->key != NULL ? item->key : "-");
}

/* "card 9a", "file" */
static void short_key_cell(const struct found_certificate *item, time_t now, char *out)
{
    struct card_uri *uri = NULL;

    (void)now;
    if (item->key == NULL)
        (void)snprintf(out, CELL_SIZE, "-");
    else if (!crypto_is_card_uri(item->key))
        (void)snprintf(out, CELL_SIZE, "file");
    else {
        error_free(card_uri_parse(item->key, &uri)); /* then it says no more than that */
        (void)snprintf(out, CELL_SIZE, "card %s",
                       uri != NULL && uri->slot != NULL ? uri->slot : "");
    }
    card_uri_free(uri);
}

static void place_cell(const struct found_certificate *item, time_t now, char *out)
{
    (void)now;
    (void)snprintf(out, CELL_SIZE, "%s%s%s%s", item->place,
                   item->places > 1 ? " and elsewhere" : "", item->note != NULL ? ": " : "",
                   item->note != NULL ? item->note : "");
}

static void serial_cell(const struct found_certificate *item, time_t now, char *out)
{
    (void)now;
    (void)snprintf(out, CELL_SIZE, "%s", item->serial);
}

/* ---- the table --------------------------------------------------------------------------- */

enum shown { ALWAYS, NARROW, WIDE };

/* Wide is what is no terminal, too. */
#define WIDTH_WIDE 160

static const struct column {
    const char *heading;
    void (*cell)(const struct found_certificate *item, time_t now, char *out);
    enum shown shown;
    bool ours; /* says nothing of certificates that go by no name here */
} columns[] = {
    {"DAYS", days_cell, ALWAYS, false},     {"ENDS", ends_cell, WIDE, false},
    {"NAME", name_cell, ALWAYS, false},     {"CA", ca_cell, ALWAYS, true},
    {"DUE", due_cell, ALWAYS, true},        {"KEY", key_cell, WIDE, false},
    {"KEY", short_key_cell, NARROW, false}, {"CERTIFICATE", place_cell, ALWAYS, false},
    {"SERIAL", serial_cell, WIDE, false},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static bool any_is_ours(const struct certificate_scan *scan, const bool *wanted)
{
    for (size_t i = 0; i < scan->count; i++)
        if (scan->items[i].lineage != NULL && (wanted == NULL || wanted[i]))
            return true;
    return false;
}

static size_t choose_columns(bool wide, bool ours, const struct column **out)
{
    size_t count = 0;

    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if ((columns[i].shown == ALWAYS || (columns[i].shown == WIDE) == wide) &&
            (ours || !columns[i].ours))
            out[count++] = &columns[i];
    return count;
}

static struct error *add_row(struct table *table, const struct column *const *chosen, size_t count,
                             const struct found_certificate *item, time_t now)
{
    char cells[COLUMN_COUNT][CELL_SIZE];
    const char *row[COLUMN_COUNT];

    for (size_t i = 0; i < count; i++) {
        chosen[i]->cell(item, now, cells[i]);
        row[i] = cells[i];
    }
    return table_add(table, row);
}

struct error *list_print_table(const struct certificate_scan *scan, const bool *wanted, time_t now,
                               size_t *count)
{
    const struct column *chosen[COLUMN_COUNT];
    const char *headings[COLUMN_COUNT];
    size_t width = terminal_width(stdout);
    size_t column_count =
        choose_columns(width == 0 || width >= WIDTH_WIDE, any_is_ours(scan, wanted), chosen);
    struct table *table;
    struct error *error;

    for (size_t i = 0; i < column_count; i++)
        headings[i] = chosen[i]->heading;
    error = table_new(headings, column_count, &table);
    *count = 0;
    for (size_t i = 0; error == NULL && i < scan->count; i++) {
        if (wanted != NULL && !wanted[i])
            continue;
        error = add_row(table, chosen, column_count, &scan->items[i], now);
        ++*count;
    }
    if (error == NULL && *count > 0)
        table_print(table, stdout, width);
    table_free(table);
    return error;
}
