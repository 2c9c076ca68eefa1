/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue ca list: the CAs of the configuration, and what can be asked of each. */
#include "command_ca.h"
#include "ca.h"
#include "command.h"
#include "exit_code.h"
#include "json_write.h"
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: reissue ca list | orders NAME [OPTION ...]\n"
    "Lists the CAs of the configuration, and what can be asked of each; or the orders that an\n"
    "account has with one of them, newest first: the certificates that came of them, when they\n"
    "end, and what is to be done next.\n";

/* What a column says of a CA. */
static const struct column {
    const char *title, *json;
    unsigned offer; /* 0: whether it can be asked to revoke */
} columns[] = {
    {"first", "first", CA_FIRST},
    {"same key", "same_key", CA_SAME_KEY},
    {"--csr", "given_request", CA_GIVEN_REQUEST},
    {"revoke", "revoke", 0},
    {"unattended", "unattended", CA_UNATTENDED},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static const char explanation[] =
    "\n"
    "first       issues certificates that have no predecessor\n"
    "same key    certifies the predecessor's key again (--key)\n"
    "--csr       takes requests that were made elsewhere\n"
    "revoke      can be asked to revoke\n"
    "unattended  needs no person, so that reissue renew does all of it\n";

static bool offers(const struct ca *ca, const struct column *column)
{
    return column->offer == 0 ? ca->revoke != NULL : (ca->offers & column->offer) != 0;
}

/* ---- printing ---------------------------------------------------------------------------- */

struct listing {
    bool types; /* every type, not those that are configured */
    bool json;
    struct json_writer writer;
};

static void write_ca(struct json_writer *writer, const char *name, const struct ca *ca)
{
    json_write_object(writer, NULL);
    if (name != NULL)
        json_write_string(writer, "name", name);
    json_write_string(writer, "type", ca->type);
    json_write_string(writer, "title", ca->title);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        json_write_boolean(writer, columns[i].json, offers(ca, &columns[i]));
    json_write_object_end(writer);
}

static void print_ca(const char *name, const struct ca *ca)
{
    if (name != NULL)
        printf("%-16s ", name);
    printf("%-8s", ca->type);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        printf(" %-*s", (int)strlen(columns[i].title), offers(ca, &columns[i]) ? "yes" : "-");
    printf("%s%s\n", name == NULL ? "  " : "", name == NULL ? ca->title : "");
}

static void list_ca(struct listing *listing, const char *name, const struct ca *ca)
{
    if (listing->json)
        write_ca(&listing->writer, name, ca);
    else
        print_ca(name, ca);
}

static void begin(struct listing *listing)
{
    if (listing->json) {
        json_write_array(&listing->writer, NULL);
        return;
    }
    printf("%s%-8s", listing->types ? "" : "CA               ", "type");
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        printf(" %s", columns[i].title);
    printf("\n");
}

static struct error *end(struct listing *listing)
{
    if (!listing->json) {
        fputs(explanation, stdout);
        return NULL;
    }
    json_write_array_end(&listing->writer);
    return json_write_print(&listing->writer);
}

/* ---- the list ---------------------------------------------------------------------------- */

static struct error *list_configured(struct listing *listing, const struct config *config)
{
    struct error *error = NULL;

    list_ca(listing, manual_ca.type, &manual_ca);
    for (size_t i = 0; error == NULL && i < config->ca_count; i++) {
        const struct ca *ca;

        error = ca_find_name(config, config->cas[i].name, &ca);
        if (error == NULL)
            list_ca(listing, config->cas[i].name, ca);
    }
    return error;
}

static struct error *list(struct listing *listing, const char *path)
{
    struct config *config = NULL;
    struct error *error = listing->types ? NULL : config_open(path, &config);
    struct error *worse;

    if (error != NULL)
        return error;
    begin(listing);
    for (size_t i = 0; listing->types && ca_types[i] != NULL; i++)
        list_ca(listing, NULL, ca_types[i]);
    if (!listing->types)
        error = list_configured(listing, config);
    worse = end(listing);
    config_free(config);
    if (error == NULL)
        return worse;
    error_free(worse);
    return error;
}

/* One at most of what an order's list takes, and nothing of the other command's. */
static bool go_together(const struct ca_orders_options *orders, bool types, bool list)
{
    int given = (orders->days != NULL) + (orders->expiring != NULL) + (orders->certificate != NULL);

    return list ? given == 0 : given <= 1 && !types;
}

int ca_command(int argc, char **argv)
{
    struct job_command command;
    struct listing listing = {0};
    struct ca_orders_options orders = {0};
    const struct option_spec options[] = {
        {"types", NULL, "every type of CA that there is, not those that are configured", NULL,
         &listing.types},
        {"days", "DAYS", "the orders that were made in so many days (400)", &orders.days, NULL},
        {"expiring", "DAYS", "those whose certificates end within so many days", &orders.expiring,
         NULL},
        {"certificate", "ORDER", "writes that order's certificate and those above it, as PEM",
         &orders.certificate, NULL},
    };
    int code = job_command_parse(&command, argc, argv, usage, options, 4);
    int words = argc - optind;
    bool list_cas = words == 1 && strcmp(argv[optind], "list") == 0;
    struct error *error;

    if (code >= 0)
        return code;
    if ((!list_cas && (words != 2 || strcmp(argv[optind], "orders") != 0)) ||
        !go_together(&orders, listing.types, list_cas))
        return job_command_misused(usage);
    listing.json = command.json;
    error = list_cas ? list(&listing, command.config_path)
                     : ca_orders(&command, argv[optind + 1], &orders);
    job_command_close(&command);
    return error == NULL ? EXIT_CODE_SUCCESS : command_fail(error, command.json);
}
