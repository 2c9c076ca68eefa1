/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue list: certificates in files, below directories and on cards, and how long they last. */
#include "command_list.h"
#include "certificate_scan.h"
#include "command.h"
#include "exit_code.h"
#include "json_write.h"
#include "terminal.h"
#include "text.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY        86400
#define PATH_SHOWN 4096

/* A terminal that is narrower has no room for serial numbers. */
#define WIDTH_WITH_SERIAL 160

static const char usage[] =
    "usage: reissue list [OPTION ...] [FILE | DIRECTORY ...]\n"
    "Lists certificates, the newest first: those on the cards in the readers, and those in the\n"
    "files and below the directories that are named.\n"
    "\n"
    "  --expiring DAYS  only those that end within so many days, or have ended\n"
    "  --card URI       only cards (or slots) that fit the URI\n"
    "  --no-cards       do not look at cards\n"
    "  --json           print them as JSON\n"
    "  --config FILE    the configuration, see reissue.conf(5)\n"
    "  --help           print this\n";

struct options {
    struct list_options list;
    long expiring; /* days; -1: all */
    const char *card;
    bool no_cards;
    bool json;
    char **paths;
    int path_count;
};

/* Certificates that are known from elsewhere are added by these. */
static certificate_source *const sources[] = {list_live, NULL};

/* ---- options ----------------------------------------------------------------------------- */

static int wrong_usage(void)
{
    fputs(usage, stderr);
    return EXIT_CODE_USAGE;
}

static bool parse_days(const char *text, long *out)
{
    char *end;

    *out = strtol(text, &end, 10);
    return end != text && *end == '\0' && *out >= 0 && *out < 1000000;
}

/* Returns -1 to go on, or an exit code. */
static int take_option(int option, struct options *options)
{
    switch (option) {
    case 'e':
        return parse_days(optarg, &options->expiring) ? -1 : wrong_usage();
    case 'c':
        options->card = optarg;
        return -1;
    case 'n':
        options->no_cards = true;
        return -1;
    case 'j':
        options->json = true;
        return -1;
    case 'f':
        options->list.config_path = optarg;
        return -1;
    case 'h':
        fputs(usage, stdout);
        return EXIT_CODE_SUCCESS;
    default:
        return wrong_usage();
    }
}

static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"expiring", required_argument, NULL, 'e'},
        {"card", required_argument, NULL, 'c'},
        {"no-cards", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},
        {"config", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option, code = -1;

    *options = (struct options){.expiring = -1, .card = "card:"};
    while (code < 0 && (option = getopt_long(argc, argv, "", names, NULL)) != -1)
        code = take_option(option, options);
    options->paths = argv + optind;
    options->path_count = argc - optind;
    return code;
}

/* ---- finding ----------------------------------------------------------------------------- */

static struct error *find_on_cards(const struct options *options, struct certificate_scan *scan)
{
    struct card_uri *uri;
    struct card_context *context;
    struct error *error = card_uri_parse(options->card, &uri);

    if (error != NULL)
        return error;
    error = card_context_new(NULL, &context);
    if (error == NULL) {
        error = certificate_scan_cards(scan, context, uri);
        card_context_free(context);
    }
    card_uri_free(uri);
    return error;
}

/* What is wrong with cards is told in the end: it does not keep files from being listed. */
static struct error *find_all(const struct options *options, struct certificate_scan *scan,
                              struct error **card_error)
{
    struct error *error = NULL;

    for (size_t i = 0; error == NULL && sources[i] != NULL; i++)
        error = sources[i](scan, &options->list);
    for (int i = 0; error == NULL && i < options->path_count; i++)
        error = certificate_scan_path(scan, options->paths[i]);
    if (error == NULL && !options->no_cards)
        *card_error = find_on_cards(options, scan);
    return error != NULL ? error : certificate_scan_finish(scan);
}

/* ---- printing ---------------------------------------------------------------------------- */

/* Whole days that are left, rounded down; negative when it has ended. */
static long days_left(const struct found_certificate *item, time_t now)
{
    long seconds = (long)(item->ends - now);

    return seconds >= 0 ? seconds / DAY : -((-seconds + DAY - 1) / DAY);
}

static bool is_wanted(const struct options *options, const struct found_certificate *item,
                      time_t now)
{
    return options->expiring < 0 || days_left(item, now) <= options->expiring;
}

static void iso_time(time_t time, char *out, size_t size)
{
    struct tm broken_down;

    if (gmtime_r(&time, &broken_down) == NULL ||
        strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &broken_down) == 0)
        (void)snprintf(out, size, "?");
}

static struct error *add_row(struct table *table, const struct found_certificate *item, time_t now)
{
    char days[32], ends[32], place[PATH_SHOWN];
    const char *row[] = {days,  ends,        item->name, item->key != NULL ? item->key : "-",
                         place, item->serial};

    (void)snprintf(days, sizeof(days), "%ld", days_left(item, now));
    iso_time(item->ends, ends, sizeof(ends));
    ends[strcspn(ends, "T")] = '\0';
    (void)snprintf(place, sizeof(place), "%s%s%s%s", item->place,
                   item->places > 1 ? " and elsewhere" : "", item->note != NULL ? ": " : "",
                   item->note != NULL ? item->note : "");
    return table_add(table, row);
}

static void print_remarks(const struct certificate_scan *scan)
{
    if (scan->links > 0)
        fprintf(stderr, "reissue: %zu symbolic links were not followed: name what they lead to\n",
                scan->links);
    if (scan->unreadable > 0)
        fprintf(stderr, "reissue: %zu files or directories could not be read\n", scan->unreadable);
    if (scan->truncated)
        fputs("reissue: there is more below a directory than is looked at: name parts of it\n",
              stderr);
}

static struct error *print_table(const struct options *options, const struct certificate_scan *scan,
                                 time_t now)
{
    static const char *const headings[] = {"DAYS", "ENDS", "NAME", "KEY", "CERTIFICATE", "SERIAL"};
    size_t width = terminal_width(stdout), count = 0;
    size_t columns =
        sizeof(headings) / sizeof(headings[0]) - (width != 0 && width < WIDTH_WITH_SERIAL ? 1 : 0);
    struct table *table;
    struct error *error = table_new(headings, columns, &table);

    for (size_t i = 0; error == NULL && i < scan->count; i++) {
        if (!is_wanted(options, &scan->items[i], now))
            continue;
        error = add_row(table, &scan->items[i], now);
        count++;
    }
    if (error == NULL && count > 0)
        table_print(table, stdout, width);
    else if (error == NULL)
        fputs(options->expiring < 0 ? "reissue: no certificates were found\n"
                                    : "reissue: no certificate ends that soon\n",
              stderr);
    table_free(table);
    return error;
}

/* Paths may be anything; JSON is UTF-8. */
static struct error *write_text(struct json_writer *json, const char *name, const char *text)
{
    char *clean = NULL;
    struct error *error = text_clean(text, PATH_SHOWN, &clean);

    if (error == NULL)
        json_write_string(json, name, clean);
    free(clean);
    return error;
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

static struct error *write_item(struct json_writer *json, const struct found_certificate *item,
                                time_t now)
{
    char begins[32], ends[32];
    struct error *error;

    iso_time(item->begins, begins, sizeof(begins));
    iso_time(item->ends, ends, sizeof(ends));
    json_write_object(json, NULL);
    json_write_string(json, "name", item->name);
    json_write_string(json, "subject", item->subject);
    write_names(json, &item->names);
    json_write_string(json, "serial", item->serial);
    json_write_string(json, "fingerprint", item->fingerprint);
    json_write_string(json, "begins", begins);
    json_write_string(json, "ends", ends);
    json_write_integer(json, "days_left", days_left(item, now));
    error = write_text(json, "certificate", item->place);
    json_write_integer(json, "places", (long)item->places);
    if (error == NULL && item->key != NULL)
        error = write_text(json, "key", item->key);
    if (error == NULL && item->note != NULL)
        error = write_text(json, "note", item->note);
    json_write_object_end(json);
    return error;
}

static struct error *print_json(const struct options *options, const struct certificate_scan *scan,
                                time_t now)
{
    struct json_writer json = {.comma = false};
    char *text;
    struct error *error = NULL, *written;

    json_write_array(&json, NULL);
    for (size_t i = 0; error == NULL && i < scan->count; i++)
        if (is_wanted(options, &scan->items[i], now))
            error = write_item(&json, &scan->items[i], now);
    json_write_array_end(&json);
    written = json_write_end(&json, &text);
    if (error == NULL && written == NULL)
        puts(text);
    free(text);
    if (error == NULL)
        return written;
    error_free(written);
    return error;
}

int list_command(int argc, char **argv)
{
    struct options options;
    struct certificate_scan scan = {.count = 0};
    time_t now = time(NULL);
    int code = parse_options(argc, argv, &options);
    struct error *error, *card_error = NULL;

    if (code >= 0)
        return code;
    error = find_all(&options, &scan, &card_error);
    if (error == NULL)
        error = options.json ? print_json(&options, &scan, now) : print_table(&options, &scan, now);
    if (error == NULL)
        print_remarks(&scan);
    certificate_scan_clear(&scan);
    if (error == NULL)
        return card_error == NULL ? EXIT_CODE_SUCCESS : command_fail(card_error, false);
    error_free(card_error);
    return command_fail(error, options.json);
}
