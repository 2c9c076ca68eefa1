/* SPDX-License-Identifier: BSD-2-Clause */
/* A command as bytes, ISO/IEC 7816-3 12.1: what one exchange with the card carries. */
#ifndef CARD_APDU_ENCODE_H
#define CARD_APDU_ENCODE_H

#include "apdu.h"

/* The forms in which a command can be sent. */
enum apdu_form {
    APDU_SHORT,       /* up to 255 bytes of data, 256 of answer */
    APDU_SHORT_NO_LE, /* the same under T=0: Le is left out where there is data */
    APDU_EXTENDED,    /* up to APDU_DATA_MAX bytes of data, 65536 of answer */
};

/* The most bytes apdu_encode() writes. */
#define APDU_ENCODED_MAX (4 + 3 + APDU_DATA_MAX + 2)

/*
 * Writes the command into `out`, which has room for APDU_ENCODED_MAX bytes, and returns its
 * length. The data has to fit the form.
 */
size_t apdu_encode(const struct apdu_command *command, enum apdu_form form, uint8_t *out);

#endif
