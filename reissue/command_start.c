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
    "usage: reissue start [CERT] [OPTION ...]\n"
    "Takes the certificate CERT (a file, a card: URI, or a name or serial number that reissue "
    "list\n"
    "shows) to its successor: key, request, certificate, files, card. On a terminal, what is not\n"
    "given is asked.\n";

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
    const struct option_spec options[] = {
        {"new-key", "URI|FILE", "a new key, on a card (card: is a free slot) or in a new file",
         &wish.new_key, NULL},
        {"alg", "RSA-2048|RSA-3072|RSA-4096|P-256|P-384|Ed25519",
         "what kind of key (like the predecessor's)", &wish.algorithm, NULL},
        {"overwrite-key", NULL, "the key in the slot may be replaced", NULL, &wish.overwrite_key},
        {"key", "URI|FILE", "the key that there is already", &wish.key, NULL},
        {"csr", "FILE", "a request that was made elsewhere", &wish.csr, NULL},
        {"ca", "NAME", "the CA (manual: you carry the request there)", &wish.ca, NULL},
        {"name", "NAME", "what the certificate goes by here (its common name)", &wish.name, NULL},
        {"install", "URI|none", "where on a card it goes (beside a key on a card)", &wish.install,
         NULL},
        {"reason", "next-period|lost-key|compromised-key|new-algorithm|mismatch|server-change",
         "why", &wish.reason, NULL},
        {"revoke", "now|no", "whether the previous one is revoked (no)", &wish.revoke, NULL},
        {"revoke-after", "DURATION", "the same, so long after the switch: 14d", &wish.revoke_after,
         NULL},
        {"profile", "NAME", "the CA's profile", &wish.profile, NULL},
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
