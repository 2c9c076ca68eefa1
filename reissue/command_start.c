/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue start: begins to take a certificate to its successor. */
#include "ask.h"
#include "command.h"
#include "exit_code.h"
#include "job_command.h"
#include "job_print.h"
#include "preflight.h"
#include "start_dialog.h"
#include "start_secrets.h"
#include "terminal.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: reissue start [CERT] [OPTION ...]\n"
    "Takes the certificate CERT (a file, a card: URI, or a name or serial number that reissue "
    "list\n"
    "shows) to its successor: key, request, certificate, files, card. On a terminal, what is not\n"
    "given is asked.\n";

struct starting {
    struct job_command *command;
    struct start_wish wish;
    struct start_dialog dialog;
    bool dry_run, yes;
    bool called_off; /* by the person who was asked */
};

/* ---- asking ------------------------------------------------------------------------------- */

/* Somebody sits at a terminal, and wants to be asked. */
static bool is_attended(const struct job_command *command)
{
    return !command->secrets.batch && !command->json && isatty(STDIN_FILENO) &&
           isatty(STDOUT_FILENO) && ask_possible();
}

static struct error *ask(struct starting *starting)
{
    bool go = true;
    struct error *error;

    if (starting->yes || !is_attended(starting->command) || !start_is_open(&starting->wish))
        return NULL;
    error = start_dialog(&starting->dialog, starting->command, &go);
    job_command_begin(starting->command);
    starting->called_off = !go;
    return error;
}

/* ---- trying ------------------------------------------------------------------------------- */

static void print_check(void *argument, const char *what, const char *detail)
{
    (void)argument;
    printf("  %-15s ", what);
    terminal_print(stdout, detail);
    fputc('\n', stdout);
}

static void print_plan(const struct job *job)
{
    bool revokes = strcmp(job_get(job, JOB_REVOKE), "no") != 0;

    printf("\nIt would go on with key, request, order, certificate, files, card and hooks%s.\n"
           "Not checked: whether the PIN and the management key are right, and what the CA\n"
           "will say. Nothing was changed.\n",
           revokes ? ",\nand with the revocation of the previous certificate" : "");
}

static struct error *print_plan_json(const struct job *job)
{
    static const struct {
        const char *name;
        enum job_value value;
    } values[] = {{"name", JOB_NAME},           {"ca", JOB_CA},         {"key", JOB_KEY_WANTED},
                  {"algorithm", JOB_ALGORITHM}, {"reason", JOB_REASON}, {"revoke", JOB_REVOKE}};
    struct json_writer json = {.comma = false};

    json_write_object(&json, NULL);
    json_write_boolean(&json, "dry_run", true);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        if (job_get(job, values[i].value) != NULL)
            json_write_string(&json, values[i].name, job_get(job, values[i].value));
    json_write_object_end(&json);
    return json_write_print(&json);
}

static struct error *try_out(struct starting *starting, struct job *job)
{
    struct run *run = &starting->command->run;
    preflight_report *report = starting->command->json ? NULL : print_check;
    struct error *error = NULL;

    if (is_attended(starting->command))
        error = start_ask_secrets(run, job);
    if (error == NULL && report != NULL)
        print_check(NULL, "name", job_get(job, JOB_NAME));
    if (error == NULL)
        error = preflight_reach_ca(run, job, report, NULL);
    if (error == NULL)
        error = preflight(run, job, report, NULL);
    if (error == NULL && report == NULL)
        return print_plan_json(job);
    if (error == NULL)
        print_plan(job);
    return error;
}

/* ---- the command -------------------------------------------------------------------------- */

static struct error *prepare(struct starting *starting, struct job **job)
{
    struct run *run = &starting->command->run;
    struct error *error;

    starting->command->only_looks = starting->dry_run;
    error = job_command_open(starting->command);

    starting->dialog = (struct start_dialog){.run = run, .wish = &starting->wish};
    if (error == NULL)
        error = ask(starting);
    if (error == NULL && !starting->called_off)
        error = start_make_job(run, &starting->wish, job);
    return error;
}

/* Everything that can be checked is, before anything is written down. */
static struct error *begin(struct starting *starting, struct job *job)
{
    struct run *run = &starting->command->run;
    struct error *error = NULL;

    if (is_attended(starting->command))
        error = start_ask_secrets(run, job);
    if (error == NULL)
        error = preflight(run, job, NULL, NULL);
    return error != NULL ? error : job_save(run->state, job, "wanted by reissue start");
}

static int start(struct starting *starting)
{
    struct job_command *command = starting->command;
    struct job *job = NULL;
    struct error *error = prepare(starting, &job);
    int code = EXIT_CODE_SUCCESS;

    if (starting->called_off) {
        printf("Nothing was done.\n");
    } else if (starting->dry_run) {
        if (error == NULL)
            error = try_out(starting, job);
        code = error == NULL ? EXIT_CODE_SUCCESS : command_fail(error, command->json);
    } else {
        if (error == NULL)
            error = begin(starting, job);
        code = job_command_run(command, job, error);
    }
    job_free(job);
    start_dialog_clear(&starting->dialog);
    job_command_close(command);
    return code;
}

int start_command(int argc, char **argv)
{
    struct job_command command;
    struct starting starting = {.command = &command};
    struct start_wish *wish = &starting.wish;
    const struct option_spec options[] = {
        {"new-key", "URI|FILE", "a new key, on a card (card: is a free slot) or in a new file",
         &wish->new_key, NULL},
        {"alg",
         "RSA-2048|RSA-3072|RSA-4096|P-256|P-384|P-521|secp256k1|brainpoolP256r1|"
         "brainpoolP384r1|brainpoolP512r1|Ed25519",
         "its kind (like the predecessor's)", &wish->algorithm, NULL},
        {"overwrite-key", NULL, "the key in the slot may be replaced", NULL, &wish->overwrite_key},
        {"key", "URI|FILE", "the key that there is already", &wish->key, NULL},
        {"csr", "FILE", "a request that was made elsewhere", &wish->csr, NULL},
        {"subject", "/C=PL/CN=NAME", "of a first certificate, or another one than it was",
         &wish->subject, NULL},
        {"names", "NAME ...", "DNS names and addresses (those that it was for)", &wish->names,
         NULL},
        {"ca", "NAME", "the CA (manual: you carry the request there)", &wish->ca, NULL},
        {"validation", "http-01|dns-01|tls-alpn-01|dns-txt|dns-cname|file|email",
         "how the CA sees whose the names are, of what its section lists (the first)",
         &wish->validation, NULL},
        {"profile", "NAME", "the CA's profile", &wish->profile, NULL},
        {"preferred-chain", "NAME", "the chain from that issuer, of several",
         &wish->preferred_chain, NULL},
        {"name", "NAME", "what it goes by here (as before; its common name)", &wish->name, NULL},
        {"install", "URI|none", "where on a card it goes (beside its key)", &wish->install, NULL},
        {"reason", "next-period|lost-key|compromised-key|new-algorithm|mismatch|server-change",
         "why", &wish->reason, NULL},
        {"revoke", "now|no", "revoke the previous one once the new one is in use (no)",
         &wish->revoke, NULL},
        {"revoke-after", "DURATION", "the same, so long after that: 14d", &wish->revoke_after,
         NULL},
        {"dry-run", NULL, "check what can be checked, and change nothing", NULL, &starting.dry_run},
        {"yes", NULL, "do not ask for what has a default", NULL, &starting.yes},
    };
    int code = job_command_parse(&command, argc, argv, usage, options,
                                 sizeof(options) / sizeof(options[0]));

    if (code >= 0)
        return code;
    if (argc - optind > 1)
        return job_command_misused(usage);
    if (optind < argc)
        wish->certificate = argv[optind];
    return start(&starting);
}
