/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue config check: says what is wrong with the configuration, or that nothing is. */
#include "command.h"
#include "config.h"
#include "exit_code.h"
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: reissue config check [OPTION ...]\n"
    "Reads the configuration, and says what is wrong with it: the first mistake, with file and\n"
    "line. Looks at the files that it names as well, at no card and no server.\n";

/* Returns -1 to go on, or an exit code. */
static int parse_options(int argc, char **argv, const char **path)
{
    const struct option_spec own[] = {
        {"config", "FILE", "instead of the usual one, see reissue.conf(5)", path, NULL},
    };
    const struct command_options command = {.usage = usage, .own = own, .own_count = 1};
    int code;

    *path = NULL;
    code = options_parse(&command, argc, argv);
    if (code >= 0 || (optind + 1 == argc && strcmp(argv[optind], "check") == 0))
        return code;
    return options_misused(&command);
}

int config_command(int argc, char **argv)
{
    const char *path;
    struct config *config = NULL;
    int code = parse_options(argc, argv, &path);
    struct error *error;

    if (code >= 0)
        return code;
    error = config_open(path, &config);
    if (error == NULL)
        error = config_check_files(config);
    if (error == NULL)
        printf("%s: nothing is wrong (%zu CAs, %zu certificates, %zu hooks)\n", config->path,
               config->ca_count, config->certificate_count, config->hook_count);
    config_free(config);
    return error == NULL ? EXIT_CODE_SUCCESS : command_fail(error, false);
}
