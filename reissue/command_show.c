/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue show: everything about one certificate. */
#include "card/public_key.h"
#include "command.h"
#include "command_list.h"
#include "describe.h"
#include "exit_code.h"
#include "job_command.h"
#include "live.h"
#include "terminal.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: reissue show CERT [OPTION ...]\n"
    "Says everything about one certificate: a file, a card: URI, a name or serial number that\n"
    "reissue list shows, or a job's. Asks for no PIN, and no server.\n";

#define NAMES_SHOWN 100
#define SOON        30 /* days: when somebody should think of a successor */

/* ---- printing it -------------------------------------------------------------------------- */

static void print_line(const char *what, const char *text)
{
    printf("  %-12s ", what);
    terminal_print(stdout, text);
    fputc('\n', stdout);
}

static void print_days(const struct found_certificate *item, time_t now)
{
    char begins[ISO_TIME_SIZE], ends[ISO_TIME_SIZE];
    long days = list_days_left(item, now);

    list_iso_time(item->begins, begins);
    list_iso_time(item->ends, ends);
    printf("  %-12s %s\n  %-12s %s (%ld days %s)\n", "begins", begins, "ends", ends, labs(days),
           days >= 0 ? "left" : "ago");
}

static struct error *print_issuer(const struct found_certificate *item)
{
    X509 *certificate;
    char *issuer = NULL;
    char key[64] = "unreadable";
    struct error *error = found_certificate_read(item, &certificate);

    if (error == NULL)
        error = describe_name(X509_get_issuer_name(certificate), &issuer);
    if (error == NULL) {
        print_line("issuer", issuer);
        if (item->public_key[0] != '\0')
            public_key_name(X509_get0_pubkey(certificate), key, sizeof(key));
        print_line("key", key);
        print_line("key is at", item->key != NULL ? item->key : "unknown: it was not seen");
    }
    free(issuer);
    X509_free(certificate);
    return error;
}

static struct error *print_subject(const struct found_certificate *item)
{
    char *names = NULL;
    struct error *error = names_text(&item->names, NAMES_SHOWN, &names);

    if (error == NULL) {
        print_line("subject", item->subject[0] != '\0' ? item->subject : "-");
        print_line("names", names[0] != '\0' ? names : "-");
        print_line("serial", item->serial);
        print_line("SHA-256", item->fingerprint);
    }
    free(names);
    return error;
}

/* What is due or owed, and by whom. */
static void print_future(const struct found_certificate *item)
{
    char date[ISO_TIME_SIZE];

    print_line("CA", item->ca);
    if (item->renew_at != 0) {
        list_iso_time(item->renew_at, date);
        printf("  %-12s %s, by reissue renew\n", "renewal", date);
    } else {
        printf("  %-12s by hand: there is no section [certificate %s] for reissue renew\n",
               "renewal", item->lineage);
    }
    if (item->revoke_at != 0) {
        list_iso_time(item->revoke_at, date);
        printf("  %-12s %s, of the previous certificate\n", "revocation", date);
    }
    if (item->note != NULL)
        print_line("under way", item->note);
}

static struct error *print_files(const struct run *run, const struct found_certificate *item)
{
    char *path = NULL;
    struct error *error = live_path(run->state, item->lineage, "", &path);

    if (error == NULL)
        print_line("files", path);
    free(path);
    return error;
}

/* "job ID: step", as list_state() has it. */
static void print_next(const struct found_certificate *item, const char *word, time_t now)
{
    int id_length = item->note == NULL ? 0 : (int)strcspn(item->note + 4, ":");

    printf("\n");
    if (item->note != NULL && item->revoke_at == 0)
        printf("Next: reissue resume %.*s\n", id_length, item->note + 4);
    else if (item->note != NULL)
        printf("Next: nothing. (reissue cancel %.*s keeps the previous certificate from being "
               "revoked.)\n",
               id_length, item->note + 4);
    else if (item->renew_at != 0)
        printf("Next: nothing: reissue renew --all does it, from a timer.\n");
    else
        printf("Next: reissue start %s%s\n", word,
               list_days_left(item, now) <= SOON ? "" : ", when its end is near");
}

static struct error *print_item(const struct run *run, const struct found_certificate *item,
                                const char *word)
{
    time_t now = time(NULL);
    struct error *error;

    terminal_print(stdout, item->lineage != NULL ? item->lineage : item->name);
    printf("\n");
    error = print_subject(item);
    if (error == NULL)
        error = print_issuer(item);
    if (error != NULL)
        return error;
    if (item->public_key[0] != '\0')
        print_line("key SHA-256", item->public_key);
    print_days(item, now);
    print_line("is at", item->place);
    if (item->lineage != NULL) {
        print_future(item);
        error = print_files(run, item);
    }
    if (error == NULL)
        print_next(item, word, now);
    return error;
}

static struct error *print_json(const struct found_certificate *item)
{
    struct json_writer json = {.comma = false};

    list_write_json(&json, item, time(NULL));
    return json_write_print(&json);
}

/* ---- the command -------------------------------------------------------------------------- */

static struct error *show(struct job_command *command, const char *word)
{
    struct certificate_scan scan = {.count = 0};
    const struct found_certificate *item;
    struct error *error = list_find(&command->run, word, &scan, &item);

    if (error == NULL)
        error = command->json ? print_json(item) : print_item(&command->run, item, word);
    certificate_scan_clear(&scan);
    return error;
}

int show_command(int argc, char **argv)
{
    struct job_command command;
    int code = job_command_parse(&command, argc, argv, usage, NULL, 0);
    struct error *error;

    if (code >= 0)
        return code;
    if (argc - optind != 1)
        return job_command_misused(usage);
    command.only_looks = true;
    error = job_command_open(&command);
    if (error == NULL)
        error = show(&command, argv[optind]);
    job_command_close(&command);
    return error == NULL ? EXIT_CODE_SUCCESS : command_fail(error, command.json);
}
