/* SPDX-License-Identifier: BSD-2-Clause */
/* What a job cannot do where nobody is there to help it. */
#ifndef REISSUE_UNATTENDED_H
#define REISSUE_UNATTENDED_H

#include "run.h"

/*
 * With nobody to be asked (secrets.batch), before a job begins or is gone on with, as long as it
 * needs its key: ERROR_ARGUMENT where the job's
 * key wants a touch each time that it is used, ERROR_PIN_SOURCE where a person would have to type
 * its PIN, as far as card and reader say so. What else is wrong with the key, or the card, is for
 * the step to tell that needs it.
 */
struct error *unattended_check(struct run *run, const struct job *job) MUST_CHECK;

#endif
