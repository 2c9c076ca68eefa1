/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of commands. */
#include "command.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct command commands[] = {
    {"start", start_command, "take a certificate to its successor"},
    {"resume", resume_command, "go on with a job"},
    {"renew", renew_command, "renew what is due, and revoke what is owed (for a timer)"},
    {"download", download_command, "write a certificate out"},
    {"revoke", revoke_command, "ask a CA to revoke a certificate"},
    {"status", status_command, "say where the jobs are"},
    {"cancel", cancel_command, "end a job"},
    {"check", check_command, "say what is wrong with a certificate request, before it is sent"},
    {"list", list_command, "list certificates in files and on cards, and how long they last"},
    {"ca", ca_command, "say which CAs there are, and what can be asked of them"},
    {"config", config_command, "check the configuration file"},
    {"card", card_command, "manage cards: PIN, PUK, keys, certificates"},
    {"exec", exec_command, "run a script whose `openssl` makes its keys on the card"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *out)
{
    fprintf(out, "usage: reissue COMMAND [ARGUMENT ...]\n\ncommands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\nreissue COMMAND --help says more; so does the manual, reissue(1).\n");
}

int reissue_main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "--version") == 0) {
        printf("reissue %s\n", REISSUE_VERSION);
        return EXIT_CODE_SUCCESS;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0) {
        print_usage(stdout);
        return EXIT_CODE_SUCCESS;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (argc > 1)
        fprintf(stderr, "reissue: there is no command \"%s\"\n\n", word);
    print_usage(stderr);
    return EXIT_CODE_USAGE;
}
