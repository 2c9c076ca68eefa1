/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_CERTUM_H
#define SOFTCARD_CERTUM_H

#include "card.h"

/* What the files certum*.c share; there is no public specification: see certum.c. */

/* Appends the ATR of the card's make. */
void soft_certum_atr(const struct soft_card *card, struct soft_bytes *out);

/* Sets what the make implies for every command: 3.6 speaks T=0, and no extended length. */
void soft_certum_protocol(struct soft_card *card);

/* Makes a file by its identifier. False where there is none. */
bool soft_certum_file(const struct soft_card *card, uint16_t identifier, struct soft_bytes *out);

/* The directory's byte for an algorithm of that type; 0 where a card has none such. */
uint8_t soft_certum_algorithm(enum soft_certum_type type, uint8_t algorithm);

/* The key with that reference, or NULL. */
struct soft_certum_key *soft_certum_key(struct soft_card *card, uint8_t reference);

/* Commands: they append the answer and return the status. */
uint16_t soft_certum_get_data(struct soft_card *card, const struct soft_apdu *apdu,
                              struct soft_bytes *out);
uint16_t soft_certum_verify(struct soft_card *card, const struct soft_apdu *apdu);
uint16_t soft_certum_environment(struct soft_card *card, const struct soft_apdu *apdu);
uint16_t soft_certum_operation(struct soft_card *card, const struct soft_apdu *apdu,
                               struct soft_bytes *out);

#endif
