/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a renewal can go through with nobody there. */
#ifndef REISSUE_UNATTENDED_H
#define REISSUE_UNATTENDED_H

#include "config.h"
#include "run.h"

/*
 * Looks at the key that the certificate's section names, or at the card where new ones are made,
 * before anything starts. ERROR_PIN_SOURCE for a key whose PIN nobody tells, or which only a person
 * can type; _UNSUPPORTED for one that wants a touch; and whatever keeps a card from being found.
 */
struct error *unattended_check(struct run *run, const struct config_certificate *config) MUST_CHECK;

#endif
