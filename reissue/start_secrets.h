/* SPDX-License-Identifier: BSD-2-Clause */
/* The secrets that a job with a card will want, asked for before it begins. */
#ifndef REISSUE_START_SECRETS_H
#define REISSUE_START_SECRETS_H

#include "run.h"

/*
 * Where no source was given for what proves that the card may be changed: finds out from the card
 * whether it is that of a new card, or kept behind the PIN, and asks a person for it, or for the
 * PIN. What was typed is in memory that this process alone reads, and `run` names it as a source
 * from then on. Does nothing for jobs that change no card. ERROR_PIN_SOURCE.
 */
struct error *start_ask_secrets(struct run *run, const struct job *job) MUST_CHECK;

#endif
