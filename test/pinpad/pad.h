/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reader with a keypad, for tests: vpcd's virtual reader, to which this driver of pcscd's adds
 * what PC/SC part 10 calls secure PIN entry. It is as strict as real readers are: a structure that
 * is not right makes a command that is not, or none.
 *
 * PIN_PAD in pcscd's environment names a directory with what there is of a person:
 *
 *     typed       a line for each command: the PINs in the order in which they are asked for, or
 *                 "cancel"; lines are used up. Where there is none, or too little, nobody types
 *     patience    milliseconds that the reader waits (1000), if that is less than it was told
 *     features    the reader's answer about its features, in hexadecimal digits, in place of its
 * own properties  the same for its properties entries     what the reader was told, a line for each
 * command, with the status that came of it
 */
#ifndef PINPAD_PAD_H
#define PINPAD_PAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Control codes of this reader's own. */
#define PAD_VERIFY     0x42330006u
#define PAD_MODIFY     0x42330007u
#define PAD_PROPERTIES 0x42330012u

/* Digits that this keypad takes. */
#define PAD_PIN_MIN 4
#define PAD_PIN_MAX 16

/* Status words of the reader's, PC/SC part 10, 2.5.3 and 2.5.4. */
#define SW_ENTRY_TIMED_OUT 0x6400
#define SW_ENTRY_CANCELLED 0x6401
#define SW_ENTRIES_DIFFER  0x6402
#define SW_ENTRY_LENGTH    0x6403
#define SW_BAD_STRUCTURE   0x6480

#define PAD_COMMAND_MAX 64

/* What is asked for, as both structures say it. */
struct pad_order {
    bool modify;
    unsigned seconds;
    uint8_t format, block, conditions;
    uint8_t minimum, maximum;
    bool present, fresh, confirmed; /* which PINs are typed */
    uint8_t present_at, fresh_at;   /* offsets in the data */
    uint8_t command[PAD_COMMAND_MAX];
    size_t length;
};

/* Reads what the reader was told. SW_BAD_STRUCTURE, or 0. */
uint16_t pad_read_order(bool modify, const uint8_t *told, size_t length, struct pad_order *out);

/*
 * Has a person type the PINs, and puts them into the command. Returns 0, or the status that ends
 * this without the card.
 */
uint16_t pad_fill_in(struct pad_order *order);

/* The next line that is typed, without its end, within `seconds`; false: nobody is there. */
bool person_types(unsigned seconds, char *line, size_t size);

/* A line in "entries". */
void person_sees(const struct pad_order *order, uint16_t status);

/* Bytes from a file there in hexadecimal digits; false where there is no such file. */
bool person_file(const char *name, uint8_t *out, size_t room, size_t *length);

#endif
