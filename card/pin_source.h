/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a PIN comes from when nobody types it. */
#ifndef CARD_PIN_SOURCE_H
#define CARD_PIN_SOURCE_H

#include "error.h"
#include "secret.h"
#include "types.h"

/* What "pad:" (the reader's keypad), "host:" (the program asks a person) and the sources below
   stand for; NULL: nothing is said. Anything else is CARD_PIN_FROM_SOURCE, and refused when it is
   read. */
enum card_pin_place pin_source_place(const char *source);

/*
 * Reads the PIN that `source` names: "file:PATH", "env:NAME" (of an environment variable), or
 * "credential:NAME" (systemd's, a file in $CREDENTIALS_DIRECTORY). One line end after it is left
 * out. *pin is a new secret. ERROR_PIN_SOURCE; the message names the source and what is wrong.
 */
struct error *pin_source_read(const char *source, struct secret **pin) MUST_CHECK;

#endif
