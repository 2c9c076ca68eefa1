/* SPDX-License-Identifier: BSD-2-Clause */
#include "apdu_encode.h"

#include <string.h>

static size_t put_header(const struct apdu_command *command, uint8_t *out)
{
    out[0] = command->cla;
    out[1] = command->ins;
    out[2] = command->p1;
    out[3] = command->p2;
    return 4;
}

static size_t put_data(const struct apdu_command *command, uint8_t *out)
{
    if (command->length > 0)
        memcpy(out, command->data, command->length);
    return command->length;
}

static size_t put_16_bits(size_t number, uint8_t *out)
{
    out[0] = (uint8_t)(number >> 8);
    out[1] = (uint8_t)number;
    return 2;
}

/* An Le of zeros stands for the most there can be: 256, or 65536 where it is extended. */
static size_t encode_short(const struct apdu_command *command, enum apdu_form form, uint8_t *out)
{
    size_t size = put_header(command, out);
    if (command->length > 0) {
        out[size++] = (uint8_t)command->length;
        size += put_data(command, out + size);
    }
    if (command->expected > 0 && (form == APDU_SHORT || command->length == 0))
        out[size++] = command->expected >= 256 ? 0 : (uint8_t)command->expected;
    else if (form == APDU_SHORT_NO_LE && command->length == 0)
        out[size++] = 0; /* T=0 always has a fifth byte, P3 (ISO/IEC 7816-3 12.2.2) */
    return size;
}

static size_t encode_extended(const struct apdu_command *command, uint8_t *out)
{
    size_t size = put_header(command, out);
    out[size++] = 0; /* says that the fields that follow are extended */
    if (command->length > 0) {
        size += put_16_bits(command->length, out + size);
        size += put_data(command, out + size);
    }
    if (command->expected > 0)
        size += put_16_bits(command->expected >= 65536 ? 0 : command->expected, out + size);
    return size;
}

size_t apdu_encode(const struct apdu_command *command, enum apdu_form form, uint8_t *out)
{
    return form == APDU_EXTENDED ? encode_extended(command, out) : encode_short(command, form, out);
}
