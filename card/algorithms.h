/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of keys that a card can make, as a set. */
#ifndef CARD_ALGORITHMS_H
#define CARD_ALGORITHMS_H

#include "types.h"

#define CARD_ALGORITHMS_TEXT_MAX 256

/* Adds a name, which has to be static, unless it is in there already. */
void card_algorithms_add(struct card_algorithms *set, const char *name);

/* Whether it is in there, in whatever case. */
bool card_algorithms_have(const struct card_algorithms *set, const char *name);

/* All of them for a message: "RSA-2048, P-256", or "none". */
void card_algorithms_text(const struct card_algorithms *set, char out[CARD_ALGORITHMS_TEXT_MAX]);

#endif
