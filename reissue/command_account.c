/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue account: the account with an ACME server. */
#include "ca_acme.h"
#include "command.h"
#include "exit_code.h"
#include "job_command.h"
#include "json_write.h"
#include "question.h"
#include "terminal.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: reissue account show|register|update|key-rollover|deactivate [OPTION ...]\n"
    "Looks after the account with an ACME server: shows it; makes it, or finds it again; sends "
    "the\n"
    "contacts of the configuration, where they have changed; gives it a new key; or ends it, for "
    "good.\n";

#define CONTACTS_MAX 8

struct accounting {
    struct job_command *command;
    const char *ca;
    bool yes;
};

/* ---- the CA ------------------------------------------------------------------------------- */

/* The only ACME server of the configuration needs no name. */
static struct error *choose_ca(struct accounting *accounting)
{
    const struct config *config = accounting->command->run.config;
    const char *only = NULL;
    size_t count = 0;

    for (size_t i = 0; i < config->ca_count; i++) {
        bool fits = accounting->ca == NULL || strcmp(accounting->ca, config->cas[i].name) == 0;

        if (fits && strcmp(config->cas[i].type, acme_ca.type) == 0) {
            only = config->cas[i].name;
            count++;
        }
    }
    if (count != 1)
        return error_new(ERROR_ARGUMENT,
                         "say which CA is meant, with --ca: one of those of type acme that reissue "
                         "ca list shows");
    accounting->ca = only;
    return NULL;
}

/* ---- showing ------------------------------------------------------------------------------ */

static const char *status_text(enum acme_status status)
{
    switch (status) {
    case ACME_STATUS_VALID:
        return "valid";
    case ACME_STATUS_DEACTIVATED:
        return "deactivated";
    case ACME_STATUS_REVOKED:
        return "revoked by the CA";
    default:
        return "unknown";
    }
}

static void print_line(const char *what, const char *text)
{
    printf("  %-9s ", what);
    terminal_print(stdout, text);
    fputc('\n', stdout);
}

static struct error *print_text(const struct acme_ca *ca, const struct acme_account *account,
                                const char *key)
{
    const struct json *contact = json_member(account->document, "contact");

    printf("Account with %s\n", ca->config->name);
    print_line("server", ca->config->directory);
    print_line("account", acme_account_url(ca->acme));
    print_line("status", status_text(account->status));
    print_line("key", key);
    for (const struct json *item = json_first(contact); item != NULL; item = json_next(item))
        print_line("contact", json_text(item));
    return NULL;
}

static struct error *print_json(const struct acme_ca *ca, const struct acme_account *account,
                                const char *key)
{
    struct json_writer writer = {0};

    json_write_object(&writer, NULL);
    json_write_string(&writer, "ca", ca->config->name);
    json_write_string(&writer, "account", acme_account_url(ca->acme));
    json_write_string(&writer, "status", status_text(account->status));
    json_write_string(&writer, "key", key);
    json_write_array(&writer, "contacts");
    for (const struct json *item = json_first(json_member(account->document, "contact"));
         item != NULL; item = json_next(item))
        json_write_string(&writer, NULL, json_text(item));
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    return json_write_print(&writer);
}

static struct error *print_account(struct accounting *accounting, struct acme_ca *ca,
                                   const struct acme_account *account)
{
    char *key = NULL;
    struct error *error = acme_ca_key_path(&accounting->command->run, ca->config, &key);

    if (error == NULL)
        error =
            accounting->command->json ? print_json(ca, account, key) : print_text(ca, account, key);
    free(key);
    return error;
}

/* ---- the commands ------------------------------------------------------------------------- */

static struct error *look(struct accounting *accounting, struct acme_ca *ca)
{
    struct acme_account account = {0};
    struct error *error = acme_account_get(ca->acme, &account);

    if (error == NULL)
        error = print_account(accounting, ca, &account);
    acme_account_clear(&account);
    return error;
}

static struct error *show(struct accounting *accounting)
{
    struct acme_ca *ca;
    struct error *error = acme_ca_find_account(&accounting->command->run, accounting->ca, &ca);

    return error != NULL ? error : look(accounting, ca);
}

/* As the first order would. The session wants a job to know the CA by. */
static struct error *register_account(struct accounting *accounting)
{
    struct acme_ca *ca;
    struct job *job = NULL;
    struct error *error = job_new(&job);

    if (error == NULL)
        error = job_set(job, JOB_CA, accounting->ca);
    if (error == NULL)
        error = acme_ca_open(&accounting->command->run, job, &ca);
    if (error == NULL)
        error = look(accounting, ca);
    job_free(job);
    return error;
}

static struct error *send_contacts(struct accounting *accounting, struct acme_ca *ca)
{
    const char *contacts[CONTACTS_MAX];
    char *text = strdup(ca->config->contact == NULL ? "" : ca->config->contact), *rest;
    struct acme_account account = {0};
    size_t count = 0;
    struct error *error;

    if (text == NULL)
        return error_no_memory();
    for (char *word = strtok_r(text, " \t", &rest); word != NULL && count < CONTACTS_MAX;
         word = strtok_r(NULL, " \t", &rest))
        contacts[count++] = word;
    error = acme_account_update(ca->acme, contacts, count, &account);
    if (error == NULL)
        error = print_account(accounting, ca, &account);
    acme_account_clear(&account);
    free(text);
    return error;
}

static struct error *update(struct accounting *accounting)
{
    struct acme_ca *ca;
    struct error *error = acme_ca_find_account(&accounting->command->run, accounting->ca, &ca);

    return error != NULL ? error : send_contacts(accounting, ca);
}

/* One at a time: the next key has one place. */
static struct error *change_key(struct accounting *accounting)
{
    struct run *run = &accounting->command->run;
    struct acme_ca *ca;
    int lock = -1;
    struct error *error =
        state_lock(run->state, "account", "another reissue changes an account's key", &lock);

    if (error == NULL)
        error = acme_ca_find_account(run, accounting->ca, &ca);
    if (error == NULL)
        error = acme_ca_change_key(run, ca);
    if (error == NULL && !accounting->command->json)
        printf("The account with %s has a new key.\n", accounting->ca);
    if (error == NULL)
        error = look(accounting, ca);
    state_unlock(lock);
    return error;
}

static struct error *confirm(const struct accounting *accounting)
{
    char *title = NULL;
    bool sure = false;
    struct error *error = NULL;

    if (accounting->yes)
        return NULL;
    if (accounting->command->secrets.batch)
        return error_new(ERROR_ARGUMENT, "an account that is deactivated stays so: say --yes if "
                                         "that is meant");
    if (asprintf(&title, "Deactivate the account with %s, for good?", accounting->ca) < 0)
        return error_no_memory();
    error = question_confirm(title,
                             "The CA takes nothing from it any more, and no other account gets its "
                             "key. Certificates stay valid; to revoke them their own keys are "
                             "needed.",
                             false, &sure);
    free(title);
    if (error == NULL && !sure)
        error = error_new(ERROR_ARGUMENT, "called off: nothing was done");
    return error;
}

/* The key is kept, under a name by which nobody takes it for one that is in use. */
static struct error *put_key_away(struct run *run, const struct acme_ca *ca)
{
    char *path = NULL, *away = NULL;
    struct error *error = acme_ca_key_path(run, ca->config, &path);

    if (error == NULL && !crypto_is_card_uri(path)) {
        if (asprintf(&away, "%s.deactivated", path) < 0)
            error = error_no_memory();
        else if (rename(path, away) != 0)
            error = error_new(ERROR_FILE, "cannot rename %s: %s", path, strerror(errno));
    }
    free(away);
    free(path);
    return error != NULL ? error
                         : state_run(run->state, "DELETE FROM account WHERE ca = ?1",
                                     STATE_VALUES(ca->config->name));
}

static struct error *deactivate(struct accounting *accounting)
{
    struct run *run = &accounting->command->run;
    struct acme_account account = {0};
    struct acme_ca *ca;
    struct error *error = confirm(accounting);

    if (error == NULL)
        error = acme_ca_find_account(run, accounting->ca, &ca);
    if (error == NULL)
        error = acme_account_deactivate(ca->acme, &account);
    acme_account_clear(&account);
    if (error == NULL)
        error = put_key_away(run, ca);
    if (error == NULL && !accounting->command->json)
        printf("The account with %s is deactivated.\n", accounting->ca);
    return error;
}

/* ---- the command -------------------------------------------------------------------------- */

static const struct {
    const char *name;
    struct error *(*run)(struct accounting *accounting);
} commands[] = {
    {"show", show},
    {"register", register_account},
    {"update", update},
    {"key-rollover", change_key},
    {"deactivate", deactivate},
};

static struct error *run_command(struct accounting *accounting, size_t which)
{
    struct error *error = job_command_open(accounting->command);

    if (error == NULL)
        error = choose_ca(accounting);
    return error != NULL ? error : commands[which].run(accounting);
}

int account_command(int argc, char **argv)
{
    struct job_command command;
    struct accounting accounting = {.command = &command};
    const struct option_spec options[] = {
        {"ca", "NAME", "which CA (the only one of type acme)", &accounting.ca, NULL},
        {"yes", NULL, "deactivate it without asking", NULL, &accounting.yes},
    };
    int code = job_command_parse(&command, argc, argv, usage, options, 2);
    size_t which = 0;
    struct error *error;

    if (code >= 0)
        return code;
    while (optind < argc && which < sizeof(commands) / sizeof(commands[0]) &&
           strcmp(argv[optind], commands[which].name) != 0)
        which++;
    if (argc - optind != 1 || which == sizeof(commands) / sizeof(commands[0]))
        return job_command_misused(usage);
    error = run_command(&accounting, which);
    job_command_close(&command);
    return error == NULL ? EXIT_CODE_SUCCESS : command_fail(error, command.json);
}
