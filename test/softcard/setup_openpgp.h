/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_SETUP_OPENPGP_H
#define SOFTCARD_SETUP_OPENPGP_H

#include "card.h"

#include <stdbool.h>

/* Whether an argument of --key or --certificate is about an OpenPGP key: sig=, dec= or aut=. */
bool soft_setup_is_pgp(const char *argument);

/* The rest returns NULL, or what is wrong, to be freed by the caller. */

/* --key SLOT=ALGORITHM: attributes, key, fingerprint and time, unless there is a key. */
char *soft_setup_pgp_key(struct soft_card *card, const char *argument);

/* --certificate SLOT=SUBJECT: a certificate by that key, unless there is one. */
char *soft_setup_pgp_certificate(struct soft_card *card, const char *argument);

/* --openpgp-object TAG=HEX: a data object as it is, without any check; an empty value takes it
 * away. */
char *soft_setup_pgp_object(struct soft_card *card, const char *argument);

/* Replaces what a new application says of RSA exponents by what the options say. */
void soft_setup_pgp_exponent(struct soft_card *card);

#endif
