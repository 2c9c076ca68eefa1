/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of commands, and the help about them. */
#include "command.h"
#include "complete.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *group; /* what the help says above it and those that follow; NULL: the same */
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"From a certificate to its successor", "start", start_command,
     "take a certificate to its successor, or get a first one"},
    {NULL, "resume", resume_command, "go on with a job, or give it what the CA sent"},
    {NULL, "status", status_command, "say where the jobs are"},
    {NULL, "cancel", cancel_command, "end a job, or take back a revocation that is owed"},
    {NULL, "renew", renew_command, "renew what is due, and revoke what is owed (for a timer)"},
    {"Certificates", "list", list_command, "list certificates, and how long they last"},
    {NULL, "show", show_command, "say everything about one certificate"},
    {NULL, "download", download_command, "write a certificate out"},
    {NULL, "install", install_command,
     "put a certificate on a card, beside its key, or into files"},
    {NULL, "revoke", revoke_command, "ask a CA to revoke a certificate"},
    {"Before anything is sent", "check", check_command, "say what is wrong with a request"},
    {NULL, "ca", ca_command, "say which CAs there are, and what can be asked of them"},
    {NULL, "account", account_command, "look after the account with a CA"},
    {NULL, "config", config_command, "check the configuration file"},
    {"Cards and scripts", "card", card_command, "manage cards: PIN, PUK, keys, certificates"},
    {NULL, "exec", exec_command, "run a script whose `openssl` makes its keys on the card"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* ---- help -------------------------------------------------------------------------------- */

static void print_usage(FILE *out)
{
    fputs("usage: reissue COMMAND [ARGUMENT ...]\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i].group != NULL)
            fprintf(out, "\n%s:\n", commands[i].group);
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\nreissue help COMMAND says more; so does the manual, reissue(1).\n", out);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

#define NAME_MAX_LENGTH 16

static size_t smallest(size_t one, size_t other, size_t third)
{
    size_t small = one < other ? one : other;

    return small < third ? small : third;
}

/* How many letters to add, drop or change make one word of the other (Levenshtein's distance). */
static size_t distance(const char *one, const char *other)
{
    size_t row[NAME_MAX_LENGTH + 1];
    size_t length = strlen(other);

    for (size_t i = 0; i <= length; i++)
        row[i] = i;
    for (size_t i = 0; one[i] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t above = row[j + 1];

            row[j + 1] = smallest(above + 1, row[j] + 1, diagonal + (one[i] != other[j]));
            diagonal = above;
        }
    }
    return row[length];
}

const char *command_nearest(const char *word, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t least = 3; /* what is farther away was meant otherwise */

    for (size_t i = 0; i < count && strlen(word) <= NAME_MAX_LENGTH; i++) {
        size_t here = distance(word, names[i]);

        if (here < least && here < strlen(names[i])) {
            least = here;
            nearest = names[i];
        }
    }
    return nearest;
}

static int unknown(const char *word)
{
    const char *names[COMMAND_COUNT];
    const char *nearest;

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    nearest = command_nearest(word, names, COMMAND_COUNT);
    fprintf(stderr, "reissue: there is no command \"%s\": ", word);
    if (nearest != NULL)
        fprintf(stderr, "is \"%s\" meant?\n", nearest);
    else
        fputs("reissue help lists those that there are\n", stderr);
    return EXIT_CODE_USAGE;
}

/* reissue help [COMMAND [COMMAND OF ITS]] */
static int help(int argc, char **argv)
{
    char option[] = "--help", word[] = "help";
    char *arguments[] = {argv[0], option, NULL, NULL};
    const struct command *command;

    if (argc == 0) {
        print_usage(stdout);
        return EXIT_CODE_SUCCESS;
    }
    command = find(argv[0]);
    if (command == NULL)
        return unknown(argv[0]);
    if (argc == 1)
        return command->run(2, arguments);
    arguments[1] = command->run == card_command ? word : option;
    arguments[2] = argv[1];
    return command->run(3, arguments);
}

static int list_commands(void)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("%s\t%s\n", commands[i].name, commands[i].summary);
    printf("help\tsay what a command does, and its options\n");
    return EXIT_CODE_SUCCESS;
}

int reissue_main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    const struct command *command = find(word);

    if (command != NULL)
        return command->run(argc - 1, argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0)
        return help(argc - 2, argv + 2);
    if (strcmp(word, "--version") == 0)
        return printf("reissue %s\n", REISSUE_VERSION) < 0;
    if (strcmp(word, COMPLETE_COMMANDS) == 0)
        return list_commands();
    if (strcmp(word, COMPLETE_NAMES) == 0)
        return complete_names();
    if (strcmp(word, COMPLETE_CAS) == 0)
        return complete_cas();
    if (argc > 1)
        return unknown(word);
    print_usage(stderr);
    return EXIT_CODE_USAGE;
}
