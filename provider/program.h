/* SPDX-License-Identifier: BSD-2-Clause */
/* What program this is: the configuration that makes keys on a card is read by others too. */
#ifndef PROVIDER_PROGRAM_H
#define PROVIDER_PROGRAM_H

#include <stdbool.h>

/*
 * Whether this process is the `openssl` command with a subcommand that makes keys for people
 * (genpkey, genrsa, ecparam, req). Not curl, not s_client, whose keys are for one connection.
 */
bool program_makes_keys(void);

/*
 * The file that `openssl genpkey` was told to write its key to (-out), for free(); NULL where this
 * is another program, or there is none. From OpenSSL 3.5 on genpkey opens it only after it has made
 * the key, and exits with 0 when it cannot be written.
 */
char *program_output(void);

#endif
