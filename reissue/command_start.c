/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue start: begins to take a certificate to its successor. */
#include "command.h"
#include "exit_code.h"
#include "job_command.h"
#include "start.h"

#include <getopt.h>
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
    "  --alg ALGORITHM              what kind: RSA-2048, RSA-3072, RSA-4096, P-256, P-384, P-521,\n"
    "                               secp256k1, brainpoolP256r1, brainpoolP384r1, brainpoolP512r1,\n"
    "                               Ed25519 (like the predecessor's)\n"
    "  --overwrite-key              the key in the slot may be replaced\n"
    "  --key URI|FILE               the key that there is already\n"
    "  --csr FILE                   a request that was made elsewhere\n"
    "  --ca NAME                    the CA (manual: you carry the request there)\n"
    "  --name NAME                  what the certificate goes by here (like its predecessor)\n"
    "  --install URI|none           where on a card it is installed (beside a key on a card)\n"
    "  --reason REASON              next-period, lost-key, compromised-key, new-algorithm,\n"
    "                               mismatch or server-change\n"
    "  --revoke now|no, --revoke-after DURATION\n"
    "                               what becomes of the previous certificate (no)\n"
    "  --profile NAME               the CA's profile\n" JOB_COMMAND_HELP;

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
    const struct job_option options[] = {
        {"new-key", &wish.new_key, NULL},
        {"alg", &wish.algorithm, NULL},
        {"overwrite-key", NULL, &wish.overwrite_key},
        {"key", &wish.key, NULL},
        {"csr", &wish.csr, NULL},
        {"ca", &wish.ca, NULL},
        {"name", &wish.name, NULL},
        {"install", &wish.install, NULL},
        {"reason", &wish.reason, NULL},
        {"revoke", &wish.revoke, NULL},
        {"revoke-after", &wish.revoke_after, NULL},
        {"profile", &wish.profile, NULL},
    };
    int code = job_command_parse(&command, argc, argv, usage, options,
                                 sizeof(options) / sizeof(options[0]));

    if (code >= 0)
        return code;
    if (argc - optind > 1)
        return job_command_misused(usage);
    if (optind < argc)
        wish.certificate = argv[optind];
    return start(&command, &wish);
}
