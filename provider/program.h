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

#endif
