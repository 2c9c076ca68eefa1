/* SPDX-License-Identifier: BSD-2-Clause */
#include "atr.h"

#include <stdio.h>

/*
 * Finds the historical bytes (ISO/IEC 7816-3 8.2.2): T0's low half counts them, its high half and
 * those of the TDi announce the interface bytes that come before.
 */
static bool atr_historical(const uint8_t *atr, size_t length, const uint8_t **out, size_t *count)
{
    if (length < 2)
        return false;
    *count = atr[1] & 0x0F;
    size_t at = 1;
    uint8_t announced = atr[1] >> 4;
    size_t next = 2;
    while (announced != 0) {
        bool more = (announced & 8) != 0; /* a TDi, the last of its group */
        for (int bit = 0; bit < 4; bit++)
            if ((announced >> bit & 1) != 0)
                at = next++;
        if (next > length)
            return false;
        announced = more ? atr[at] >> 4 : 0;
    }
    *out = atr + next;
    return *count <= length - next;
}

/* Card capabilities: COMPACT-TLV tag 7 (ISO/IEC 7816-4 12.1.1.9, table 119). */
static bool capabilities_extended(const uint8_t *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        uint8_t tag = bytes[at] >> 4;
        size_t size = bytes[at] & 0x0F;
        at++;
        if (size > length - at)
            return false;
        if (tag == 7)
            return size >= 3 && (bytes[at + 2] & 0x40) != 0;
        at += size;
    }
    return false;
}

bool atr_extended_length(const uint8_t *atr, size_t length)
{
    const uint8_t *bytes;
    size_t count;
    if (!atr_historical(atr, length, &bytes, &count) || count == 0)
        return false;
    /* The category indicator, 12.1.1.1: 00 has three status bytes at the end, 80 has all in
       COMPACT-TLV; anything else is not for us to read. */
    if (bytes[0] == 0x00 && count > 3)
        return capabilities_extended(bytes + 1, count - 4);
    return bytes[0] == 0x80 && capabilities_extended(bytes + 1, count - 1);
}

void atr_format(const uint8_t *atr, size_t length, char *out)
{
    out[0] = '\0';
    for (size_t i = 0; i < length && i < (ATR_TEXT_MAX - 1) / 2; i++)
        (void)snprintf(out + 2 * i, 3, "%02X", atr[i]);
}
