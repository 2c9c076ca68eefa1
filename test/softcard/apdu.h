/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_APDU_H
#define SOFTCARD_APDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Status words (ISO 7816-4, table 6; SP 800-73-4 part 2, section 3). */
enum soft_status {
    SOFT_OK = 0x9000,
    SOFT_BYTES_REMAINING = 0x6100, /* low byte: how many, 00 for 256 or more */
    SOFT_TRIES_LEFT = 0x63C0,      /* low nibble: how many */
    SOFT_TERMINATED = 0x6285,      /* the application is in its termination state */
    SOFT_MEMORY_FAILURE = 0x6581,  /* the state could not be written */
    SOFT_WRONG_LENGTH = 0x6700,
    SOFT_CHANNEL_UNSUPPORTED = 0x6881,
    SOFT_SECURE_UNSUPPORTED = 0x6882, /* secure messaging */
    SOFT_CHAIN_LAST_EXPECTED = 0x6883,
    SOFT_CHAIN_UNSUPPORTED = 0x6884,
    SOFT_SECURITY_STATUS = 0x6982, /* not authenticated */
    SOFT_BLOCKED = 0x6983,
    SOFT_CONDITIONS = 0x6985, /* conditions of use not satisfied */
    SOFT_WRONG_DATA = 0x6A80,
    SOFT_NOT_FOUND = 0x6A82, /* data object or application */
    SOFT_NO_SPACE = 0x6A84,
    SOFT_WRONG_PARAMETERS = 0x6A86,    /* P1 or P2 */
    SOFT_REFERENCE_NOT_FOUND = 0x6A88, /* key or PIN reference */
    SOFT_WRONG_LE = 0x6C00,            /* low byte: the right one */
    SOFT_INS_UNSUPPORTED = 0x6D00,
    SOFT_CLA_UNSUPPORTED = 0x6E00,
    SOFT_FAILURE = 0x6F00, /* something of ours broke */
};

/* A command APDU, taken apart. `data` points into the command. */
struct soft_apdu {
    uint8_t cla;
    uint8_t ins;
    uint8_t p1;
    uint8_t p2;
    bool extended; /* lengths were given in their extended form */
    bool le_given; /* cases 2 and 4 */
    size_t le;     /* most bytes wanted, 1 to 65536; 0 when not given */
    size_t length; /* of data: Lc */
    const uint8_t *data;
};

/*
 * Takes apart a command of `length` bytes (ISO 7816-3, 12.1.3: cases 1, 2, 3, 4, short and
 * extended). Returns false when the bytes fit none of them.
 */
bool soft_apdu_parse(const uint8_t *command, size_t length, struct soft_apdu *apdu);

#endif
