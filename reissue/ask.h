/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions to a person at the terminal: /dev/tty, wherever standard input and output go, so that
 * they also work over ssh and in a pipe. Where there is none nobody is asked.
 */
#ifndef REISSUE_ASK_H
#define REISSUE_ASK_H

#include "card/error.h"
#include "card/secret.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether there is somebody to ask. */
bool ask_possible(void);

/*
 * Asks for a secret, without echo, twice where it is new. *out is a new secret. ERROR_PIN_SOURCE
 * where nobody can be asked (the message names `option`, which would answer), where nothing was
 * typed, or not the same twice.
 */
struct error *ask_secret(const char *prompt, bool twice, const char *option,
                         struct secret **out) MUST_CHECK;

/* Asks for a line, with echo; `out` has room for `size` characters. ERROR_ARGUMENT: nobody there.
 */
struct error *ask_line(const char *prompt, char *out, size_t size) MUST_CHECK;

/* Tells a person what to do, on standard error: a card_pad_notice(). */
void ask_tell(const char *text);

#endif
