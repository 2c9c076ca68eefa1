/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue config check: says what is wrong with the configuration, or that nothing is. */
#include "command.h"
#include "config.h"
#include "exit_code.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: reissue config check [--config FILE]\n"
    "Reads the configuration, and says what is wrong with it: the first mistake, with file and\n"
    "line. Looks at the files that it names as well, at no card and no server.\n"
    "\n"
    "  --config FILE  instead of the usual one, see reissue.conf(5)\n"
    "  --help         print this\n";

/* Returns -1 to go on, or an exit code. */
static int parse_options(int argc, char **argv, const char **path)
{
    static const struct option names[] = {
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    *path = NULL;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == 'c') {
            *path = optarg;
        } else if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_CODE_SUCCESS;
        } else {
            fputs(usage, stderr);
            return EXIT_CODE_USAGE;
        }
    }
    if (optind + 1 == argc && strcmp(argv[optind], "check") == 0)
        return -1;
    fputs(usage, stderr);
    return EXIT_CODE_USAGE;
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
