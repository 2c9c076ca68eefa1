/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts from strangers, made fit for a person's terminal and for a log. */
#ifndef REISSUE_TEXT_H
#define REISSUE_TEXT_H

#include "card/error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A copy of `text` in one line: control characters (C0, C1, DEL), line separators and what turns
 * the direction of writing become spaces, what is not UTF-8 becomes "?", and what goes beyond `max`
 * bytes "...". The caller frees it.
 */
struct error *text_clean(const char *text, size_t max, char **out) MUST_CHECK;

/* The next word of a list with blanks in between: where it begins, and *length; NULL after the
   last. *list goes on behind it. */
const char *text_next_word(const char **list, size_t *length);

/* Whether a list has that word. */
bool text_has_word(const char *list, const char *word);

#endif
