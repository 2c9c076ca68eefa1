/* SPDX-License-Identifier: BSD-2-Clause */
/* One `reissue` at a time changes a card, whoever runs it and whatever its state directory is. */
#ifndef REISSUE_CARD_LOCK_H
#define REISSUE_CARD_LOCK_H

#include "card/card.h"

/*
 * Takes the card's lock, which goes by its serial number (cards without one share a lock).
 * ERROR_BUSY where another process has it. *out is for state_unlock().
 */
struct error *card_lock(struct card *card, int *out) MUST_CHECK;

#endif
