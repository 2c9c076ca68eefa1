/* SPDX-License-Identifier: BSD-2-Clause */
#include "apdu.h"

#include <string.h>

static size_t number_read(const uint8_t *data)
{
    return (size_t)data[0] << 8 | data[1];
}

/* Case 2S, 3S or 4S: `body` starts at P3 and is not empty. */
static bool body_parse_short(const uint8_t *body, size_t length, struct soft_apdu *apdu)
{
    size_t rest;

    if (length == 1) {
        apdu->le_given = true;
        apdu->le = body[0] == 0 ? 256 : body[0];
        return true;
    }
    apdu->length = body[0];
    apdu->data = body + 1;
    if (apdu->length == 0 || length - 1 < apdu->length)
        return false;
    rest = length - 1 - apdu->length;
    if (rest == 1) {
        apdu->le_given = true;
        apdu->le = body[length - 1] == 0 ? 256 : body[length - 1];
    }
    return rest <= 1;
}

/* Case 2E, 3E or 4E: `body` starts with 00 and has at least three bytes. */
static bool body_parse_extended(const uint8_t *body, size_t length, struct soft_apdu *apdu)
{
    size_t number = number_read(body + 1);
    size_t rest;

    apdu->extended = true;
    if (length == 3) {
        apdu->le_given = true;
        apdu->le = number == 0 ? 65536 : number;
        return true;
    }
    apdu->length = number;
    apdu->data = body + 3;
    if (apdu->length == 0 || length - 3 < apdu->length)
        return false;
    rest = length - 3 - apdu->length;
    if (rest == 2) {
        number = number_read(body + length - 2);
        apdu->le_given = true;
        apdu->le = number == 0 ? 65536 : number;
    }
    return rest == 0 || rest == 2;
}

bool soft_apdu_parse(const uint8_t *command, size_t length, struct soft_apdu *apdu)
{
    memset(apdu, 0, sizeof(*apdu));
    if (length < 4)
        return false;
    apdu->cla = command[0];
    apdu->ins = command[1];
    apdu->p1 = command[2];
    apdu->p2 = command[3];
    apdu->data = command + 4;
    if (length == 4)
        return true;
    if (command[4] == 0 && length >= 7)
        return body_parse_extended(command + 4, length - 4, apdu);
    return body_parse_short(command + 4, length - 4, apdu);
}
