/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_SETUP_CERTUM_H
#define SOFTCARD_SETUP_CERTUM_H

#include "card.h"

/* Whether an argument of --key or --certificate is about a Certum key: rsa1= to ec15=. */
bool soft_setup_is_certum(const char *argument);

/* The rest returns NULL, or what is wrong, to be freed by the caller. */

/* --key SLOT=ALGORITHM: a key with the slot's name as its label, unless there is one. */
char *soft_setup_certum_key(struct soft_card *card, const char *argument);

/* --certificate SLOT=SUBJECT: one by that key, in the first free file, unless there is one. */
char *soft_setup_certum_certificate(struct soft_card *card, const char *argument);

#endif
