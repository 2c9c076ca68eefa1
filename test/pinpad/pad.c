/* SPDX-License-Identifier: BSD-2-Clause */
/* From what a reader is told to the command that it sends, PC/SC part 10, 2.6 and CCID 6.1.11. */
#include "pad.h"

#include <reader.h>
#include <stdio.h>
#include <string.h>

#define HEADER 5 /* CLA, INS, P1, P2, Lc */

#define UNITS_BYTES   0x80
#define RIGHT_ALIGNED 0x04
#define ASCII         0x02

#define WHEN_LONGEST 0x01
#define WHEN_KEY     0x02

#define CONFIRM 0x01
#define PRESENT 0x02

#define MESSAGES_DEFAULT 0xFF

/* ---- the order --------------------------------------------------------------------------- */

static uint16_t read_verify(const uint8_t *told, size_t length, struct pad_order *out)
{
    PIN_VERIFY_STRUCTURE verify;

    if (length < sizeof(verify))
        return SW_BAD_STRUCTURE;
    memcpy(&verify, told, sizeof(verify));
    if (verify.ulDataLength != length - sizeof(verify) || verify.ulDataLength > PAD_COMMAND_MAX ||
        (verify.bNumberMessage > 1 && verify.bNumberMessage != MESSAGES_DEFAULT) ||
        verify.bmPINLengthFormat != 0)
        return SW_BAD_STRUCTURE;
    out->seconds = verify.bTimerOut;
    out->format = verify.bmFormatString;
    out->block = verify.bmPINBlockString;
    out->conditions = verify.bEntryValidationCondition;
    out->minimum = (uint8_t)(verify.wPINMaxExtraDigit >> 8);
    out->maximum = (uint8_t)verify.wPINMaxExtraDigit;
    out->present = true;
    out->length = verify.ulDataLength;
    memcpy(out->command, told + sizeof(verify), out->length);
    return 0;
}

static uint16_t read_modify(const uint8_t *told, size_t length, struct pad_order *out)
{
    PIN_MODIFY_STRUCTURE modify;

    if (length < sizeof(modify))
        return SW_BAD_STRUCTURE;
    memcpy(&modify, told, sizeof(modify));
    if (modify.ulDataLength != length - sizeof(modify) || modify.ulDataLength > PAD_COMMAND_MAX ||
        (modify.bNumberMessage > 3 && modify.bNumberMessage != MESSAGES_DEFAULT) ||
        modify.bMsgIndex1 > 2 || modify.bMsgIndex2 > 2 || modify.bMsgIndex3 > 2 ||
        modify.bmPINLengthFormat != 0 || modify.bConfirmPIN > (CONFIRM | PRESENT))
        return SW_BAD_STRUCTURE;
    out->seconds = modify.bTimerOut;
    out->format = modify.bmFormatString;
    out->block = modify.bmPINBlockString;
    out->conditions = modify.bEntryValidationCondition;
    out->minimum = (uint8_t)(modify.wPINMaxExtraDigit >> 8);
    out->maximum = (uint8_t)modify.wPINMaxExtraDigit;
    out->present = (modify.bConfirmPIN & PRESENT) != 0;
    out->fresh = true;
    out->confirmed = (modify.bConfirmPIN & CONFIRM) != 0;
    out->present_at = modify.bInsertionOffsetOld;
    out->fresh_at = modify.bInsertionOffsetNew;
    out->length = modify.ulDataLength;
    memcpy(out->command, told + sizeof(modify), out->length);
    return 0;
}

/* Where the PIN begins in the data, in bytes; -1 where that is in the middle of one. */
static int position(const struct pad_order *order)
{
    int units = order->format >> 3 & 0x0F;

    return units == 0 || (order->format & UNITS_BYTES) != 0 ? units : -1;
}

static bool block_fits(const struct pad_order *order, uint8_t offset)
{
    return HEADER + (size_t)position(order) + offset + order->block <= order->length;
}

/* Readers keep commands back that have nothing to do with PINs. */
static bool is_for_pins(const struct pad_order *order)
{
    uint8_t ins = order->command[1];

    return order->modify ? ins == 0x24 || ins == 0x2C : ins == 0x20;
}

static uint16_t check_order(const struct pad_order *order)
{
    bool ends = (order->conditions & WHEN_KEY) != 0 ||
                ((order->conditions & WHEN_LONGEST) != 0 && order->minimum == order->maximum);
    bool form = (order->format & 0x03) == ASCII && (order->format & RIGHT_ALIGNED) == 0 &&
                position(order) >= 0 && order->block <= 0x0F;
    bool limits = order->minimum <= order->maximum && order->maximum <= PAD_PIN_MAX;

    if (!ends || !form || !limits || order->length < 4 || !is_for_pins(order))
        return SW_BAD_STRUCTURE;
    if (order->block == 0) /* its length becomes that of what is typed */
        return order->length <= HEADER ? 0 : SW_BAD_STRUCTURE;
    if (order->length <= HEADER || order->command[4] != order->length - HEADER)
        return SW_BAD_STRUCTURE;
    return block_fits(order, order->present_at) && block_fits(order, order->fresh_at)
               ? 0
               : SW_BAD_STRUCTURE;
}

uint16_t pad_read_order(bool modify, const uint8_t *told, size_t length, struct pad_order *out)
{
    uint16_t status;

    *out = (struct pad_order){.modify = modify};
    status = (modify ? read_modify : read_verify)(told, length, out);
    return status != 0 ? status : check_order(out);
}

/* ---- what is typed ----------------------------------------------------------------------- */

/* At its place in the command, which a PIN that is not padded makes longer. */
static uint16_t insert(struct pad_order *order, uint8_t offset, const char *pin)
{
    size_t length = strlen(pin);
    uint8_t *data = order->command + HEADER;

    if (length < order->minimum || length > order->maximum || length < PAD_PIN_MIN)
        return SW_ENTRY_LENGTH;
    if (order->block != 0) {
        if (length > order->block)
            return SW_ENTRY_LENGTH;
        memcpy(data + position(order) + offset, pin, length);
        return 0;
    }
    if (order->length < HEADER) {
        order->command[4] = 0;
        order->length = HEADER;
    }
    memcpy(order->command + order->length, pin, length);
    order->length += length;
    order->command[4] = (uint8_t)(order->length - HEADER);
    return 0;
}

/* The next word of the line; NULL: nothing more is typed. */
static const char *next_word(char **line)
{
    return strtok_r(NULL, " ", line);
}

static uint16_t take_pins(struct pad_order *order, const char *first, char **line)
{
    const char *present = order->present ? first : NULL;
    const char *fresh = !order->fresh ? NULL : order->present ? next_word(line) : first;
    const char *again = order->confirmed ? next_word(line) : NULL;
    uint16_t status;

    if ((order->fresh && fresh == NULL) || (order->confirmed && again == NULL))
        return SW_ENTRY_TIMED_OUT;
    if (order->confirmed && strcmp(fresh, again) != 0)
        return SW_ENTRIES_DIFFER;
    status = present == NULL ? 0 : insert(order, order->present_at, present);
    return status != 0 || fresh == NULL ? status : insert(order, order->fresh_at, fresh);
}

uint16_t pad_fill_in(struct pad_order *order)
{
    char line[256];
    char *rest = NULL;
    const char *first;

    if (!person_types(order->seconds, line, sizeof(line)))
        return SW_ENTRY_TIMED_OUT;
    first = strtok_r(line, " ", &rest);
    if (first == NULL)
        return SW_ENTRY_TIMED_OUT;
    return strcmp(first, "cancel") == 0 ? SW_ENTRY_CANCELLED : take_pins(order, first, &rest);
}
