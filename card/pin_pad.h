/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keypad of a reader that has one. What is typed there goes into a command in the reader, and
 * from there to the card: the host never has it. PC/SC part 10 (version 2.02.09), "IFDs with Secure
 * PIN Entry Capabilities".
 */
#ifndef CARD_PIN_PAD_H
#define CARD_PIN_PAD_H

#include "transport.h"

/* What a reader gives a person to type a PIN, in seconds; then it ends the entry itself. */
#define PIN_PAD_SECONDS 30

/* What a reader's pad can do. */
struct pin_pad {
    uint32_t verify, modify;  /* control codes; 0: not that */
    uint8_t minimum, maximum; /* digits of a PIN that the pad takes; 0 and 15 where not said */
};

/* A command (of class 00) whose PINs are typed. */
struct pin_entry {
    uint8_t ins, p1, p2;
    bool present;            /* the present PIN, or the one that proves, is asked for (first) */
    bool fresh;              /* a new one is asked for (then), twice */
    size_t block;            /* bytes that each is padded to, with FF; 0: none is */
    size_t minimum, maximum; /* characters that each has */
};

/*
 * What the reader says of its pad; all zero where it has none. ERROR_CARD_ANSWER for what no reader
 * can mean; and the transport's errors.
 */
struct error *pin_pad_read(struct card_transport *transport, struct pin_pad *out) MUST_CHECK;

/* The most bytes that a PIN can be padded to: four bits of a structure say how many. */
#define PIN_PAD_BLOCK_MAX 15

/* The lengths of a PIN that both the card and the pad take; none, where *minimum is the larger. */
void pin_pad_range(const struct pin_pad *pad, const struct pin_entry *entry, size_t *minimum,
                   size_t *maximum);

/* Whether the pad can be used for that entry; ERROR_UNSUPPORTED says why not. */
struct error *pin_pad_check(const struct pin_pad *pad, const struct pin_entry *entry) MUST_CHECK;

/*
 * Has the PINs typed, and the command sent to the card, inside a transaction: *status is the card's
 * word on it. It takes a person's time, but never longer than PIN_PAD_SECONDS for each PIN and what
 * the reader may take for itself. ERROR_PIN_ABORTED, _PIN_TIMEOUT; _PIN_FORMAT for PINs that are
 * too short or too long, or new ones that differ: the card got nothing in all of these. And the
 * transport's errors.
 */
struct error *pin_pad_enter(struct card_transport *transport, const struct pin_pad *pad,
                            const struct pin_entry *entry, uint16_t *status) MUST_CHECK;

#endif
