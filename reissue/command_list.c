/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue list: certificates in files, below directories and on cards, and how long they last. */
#include "command_list.h"
#include "certificate_scan.h"
#include "command.h"
#include "exit_code.h"
#include "json_write.h"
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: reissue list [OPTION ...] [FILE | DIRECTORY ...]\n"
    "Lists certificates, the newest first: its own, those on the cards in the readers, and those\n"
    "in the files and below the directories that are named.\n";

struct options {
    struct list_options list;
    long expiring; /* days; -1: all */
    const char *card;
    bool no_cards;
    bool json;
    char **paths;
    int path_count;
};

/* ---- options ----------------------------------------------------------------------------- */

static bool parse_days(const char *text, long *out)
{
    char *end;

    *out = strtol(text, &end, 10);
    return end != text && *end == '\0' && *out >= 0 && *out < 1000000;
}

static int parse_options(int argc, char **argv, struct options *options)
{
    const char *expiring = NULL;
    const struct option_spec own[] = {
        {"expiring", "DAYS", "only those that end within so many days, or have ended", &expiring,
         NULL},
        {"card", "URI", "only cards (or slots) that fit the URI", &options->card, NULL},
        {"no-cards", NULL, "do not look at cards", NULL, &options->no_cards},
        {"json", NULL, "print them as JSON", NULL, &options->json},
        {"config", "FILE", "the configuration, see reissue.conf(5)", &options->list.config_path,
         NULL},
        {"state", "DIRECTORY", "where jobs and certificates are kept",
         &options->list.state_directory, NULL},
    };
    const struct command_options command = {
        .usage = usage, .own = own, .own_count = sizeof(own) / sizeof(own[0])};
    int code;

    *options = (struct options){.expiring = -1, .card = "card:"};
    code = options_parse(&command, argc, argv);
    if (code < 0 && expiring != NULL && !parse_days(expiring, &options->expiring))
        code = options_misused(&command);
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
    struct error *error = list_live(scan, &options->list);

    for (int i = 0; error == NULL && i < options->path_count; i++)
        error = certificate_scan_path(scan, options->paths[i]);
    if (error == NULL && !options->no_cards)
        *card_error = find_on_cards(options, scan);
    return error != NULL ? error : certificate_scan_finish(scan);
}

/* ---- printing ---------------------------------------------------------------------------- */

static bool is_wanted(const struct options *options, const struct found_certificate *item,
                      time_t now)
{
    return options->expiring < 0 || list_days_left(item, now) <= options->expiring;
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
    bool *wanted = calloc(scan->count + 1, sizeof(*wanted));
    size_t count = 0;
    struct error *error;

    if (wanted == NULL)
        return error_no_memory();
    for (size_t i = 0; i < scan->count; i++)
        wanted[i] = is_wanted(options, &scan->items[i], now);
    error = list_print_table(scan, wanted, now, &count);
    if (error == NULL && count == 0)
        fputs(options->expiring < 0 ? "reissue: no certificates were found\n"
                                    : "reissue: no certificate ends that soon\n",
              stderr);
    free(wanted);
    return error;
}

static struct error *print_json(const struct options *options, const struct certificate_scan *scan,
                                time_t now)
{
    struct json_writer json = {.comma = false};

    json_write_array(&json, NULL);
    for (size_t i = 0; i < scan->count; i++)
        if (is_wanted(options, &scan->items[i], now))
            list_write_json(&json, &scan->items[i], now);
    json_write_array_end(&json);
    return json_write_print(&json);
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
