/* SPDX-License-Identifier: BSD-2-Clause */
/* Copying to the clipboard of whoever sits at a terminal, also over ssh. */
#ifndef REISSUE_CLIPBOARD_H
#define REISSUE_CLIPBOARD_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Asks the terminal that `out` is to copy `text` (xterm's control sequences, OSC 52), if it is of a
 * kind that knows how; most want their user's consent, and none answers. Returns whether it was
 * asked.
 */
bool clipboard_copy(FILE *out, const char *text);

#endif
