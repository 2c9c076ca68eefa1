/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_SETUP_H
#define SOFTCARD_SETUP_H

#include "card.h"

/* What is wrong, in words, to be freed by the caller. */
__attribute__((format(printf, 1, 2))) char *soft_setup_problem(const char *format, ...);

/* Everything else here returns NULL, or what is wrong, to be freed by the caller. */

/* Fills a new card's state as its issuer would: plain PIV with CHUID and CCC, YubiKey with F9,
 * OpenPGP with nothing. */
char *soft_setup_issue(struct soft_state *state);

/* --management-algorithm NAME: the default management key, 01 to 08 again and again, for another
 * cipher. */
char *soft_setup_management(struct soft_state *state, const char *name);

/* --key SLOT=ALGORITHM[:pin-policy[:touch-policy]]: a key, unless the slot has one. An OpenPGP key
 * (sig, dec, aut) has no policies. */
char *soft_setup_key(struct soft_card *card, const char *argument);

/* --certificate SLOT=SUBJECT[,gzip]: a certificate by the slot's own key, unless there is one. */
char *soft_setup_certificate(struct soft_card *card, const char *argument);

#endif
