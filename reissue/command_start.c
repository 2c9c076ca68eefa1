/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue start: begins to take a certificate to its successor. */
#include "command.h"
#include "exit_code.h"
#include "job_command.h"
#include "start.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: reissue start [CERT] (--new-key PLACE | --key KEY | --csr FILE) [OPTION ...]\n"
    "Takes the certificate CERT (a file, a card: URI, or a name that reissue list shows) to its\n"
    "successor: key, request, certificate, files, card.\n"
    "\n"
    "  --new-key card:[...]|FILE    a new key, made on the card (in a free slot, if none is "
    "named)\n"
    "                               or in a new file\n"
    "  --alg ALGORITHM              what kind: RSA-2048, RSA-3072, RSA-4096, P-256, P-384, "
    "Ed25519\n"
    "                               (like the predecessor's)\n"
    "  --overwrite-key              the key in the slot may be replaced\n"
    "  --key URI|FILE               the key that there is already\n"
    "  --csr FILE                   a request that was made elsewhere\n"
    "  --ca NAME                    the CA (manual: you carry the request there)\n"
    "  --name NAME                  what the certificate goes by here (its common name)\n"
    "  --install URI|none           where on a card it is installed (beside a key on a card)\n"
    "  --reason REASON              next-period, lost-key, compromised-key, new-algorithm,\n"
    "                               mismatch or server-change\n"
    "  --revoke now|no, --revoke-after DURATION\n"
    "                               what becomes of the previous certificate (no)\n"
    "  --profile NAME               the CA's profile\n" JOB_COMMAND_HELP;

enum {
    OPTION_NEW_KEY = OPTION_OWN,
    OPTION_ALGORITHM,
    OPTION_OVERWRITE,
    OPTION_KEY,
    OPTION_CSR,
    OPTION_CA,
    OPTION_NAME,
    OPTION_INSTALL,
    OPTION_REASON,
    OPTION_REVOKE,
    OPTION_REVOKE_AFTER,
    OPTION_PROFILE,
    OPTION_HELP,
};

static const struct option options[] = {
    {"new-key", required_argument, NULL, OPTION_NEW_KEY},
    {"alg", required_argument, NULL, OPTION_ALGORITHM},
    {"overwrite-key", no_argument, NULL, OPTION_OVERWRITE},
    {"key", required_argument, NULL, OPTION_KEY},
    {"csr", required_argument, NULL, OPTION_CSR},
    {"ca", required_argument, NULL, OPTION_CA},
    {"name", required_argument, NULL, OPTION_NAME},
    {"install", required_argument, NULL, OPTION_INSTALL},
    {"reason", required_argument, NULL, OPTION_REASON},
    {"revoke", required_argument, NULL, OPTION_REVOKE},
    {"revoke-after", required_argument, NULL, OPTION_REVOKE_AFTER},
    {"profile", required_argument, NULL, OPTION_PROFILE},
    {"help", no_argument, NULL, OPTION_HELP},
    JOB_COMMAND_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* Where an option's argument goes; NULL for those that have none, or are not of this command. */
static const char **place_of(struct start_wish *wish, int option)
{
    switch (option) {
    case OPTION_NEW_KEY:
        return &wish->new_key;
    case OPTION_ALGORITHM:
        return &wish->algorithm;
    case OPTION_KEY:
        return &wish->key;
    case OPTION_CSR:
        return &wish->csr;
    case OPTION_CA:
        return &wish->ca;
    case OPTION_NAME:
        return &wish->name;
    case OPTION_INSTALL:
        return &wish->install;
    case OPTION_REASON:
        return &wish->reason;
    case OPTION_REVOKE:
        return &wish->revoke;
    case OPTION_REVOKE_AFTER:
        return &wish->revoke_after;
    case OPTION_PROFILE:
        return &wish->profile;
    default:
        return NULL;
    }
}

static int start(struct job_command *command, const struct start_wish *wish)
{
    struct job *job = NULL;
    struct error *error = job_command_open(command);
    int code;

    if (error == NULL)
        error = start_make_job(&command->run, wish, &job);
    if (error == NULL)
        error = job_save(command->run.state, job, "wanted by reissue start");
    code = job_command_run(command, job, error);
    job_free(job);
    job_command_close(command);
    return code;
}

int start_command(int argc, char **argv)
{
    struct job_command command;
    struct start_wish wish = {0};
    struct error *error = NULL;
    int option;

    job_command_init(&command);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char **place = place_of(&wish, option);

        if (place != NULL)
            *place = optarg;
        else if (option == OPTION_OVERWRITE)
            wish.overwrite_key = true;
        else if (option == OPTION_HELP)
            return fputs(usage, stdout) < 0 ? EXIT_CODE_FAILURE : EXIT_CODE_SUCCESS;
        else if (!job_command_option(&command, option, optarg, &error))
            return fputs(usage, stderr) < 0 ? EXIT_CODE_FAILURE : EXIT_CODE_USAGE;
        if (error != NULL)
            return command_fail(error, command.json);
    }
    if (argc - optind > 1)
        return fputs(usage, stderr) < 0 ? EXIT_CODE_FAILURE : EXIT_CODE_USAGE;
    if (optind < argc)
        wish.certificate = argv[optind];
    return start(&command, &wish);
}
