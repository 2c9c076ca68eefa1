/* SPDX-License-Identifier: BSD-2-Clause */
/* Printing for people: texts from strangers that no terminal obeys, and tables. */
#ifndef REISSUE_TERMINAL_H
#define REISSUE_TERMINAL_H

#include "card/error.h"

#include <stddef.h>
#include <stdio.h>

/* Prints one line's worth of text without whatever a terminal would obey, as text_clean() does. */
void terminal_print(FILE *out, const char *text);

/* The same, cut after `width` characters; 0: not cut. */
void terminal_print_cut(FILE *out, const char *text, size_t width);

/* Prints `text`, whose line ends count as blanks, in lines of less than 80 columns. It begins in
   column `used`, further lines in column `indent`. Ends the line. */
void terminal_print_wrapped(FILE *out, const char *text, size_t used, size_t indent);

/* How many characters fit into a line of `out`; 0 where that is no terminal. */
size_t terminal_width(FILE *out);

/* Rows of texts in columns. */
struct table;

/* A table of that many columns, with those headings, which are not copied. */
struct error *table_new(const char *const *headings, size_t columns, struct table **out) MUST_CHECK;

/* Adds a row of texts, which are copied and cleaned. */
struct error *table_add(struct table *table, const char *const *texts) MUST_CHECK;

/*
 * Prints the headings and the rows, each column as wide as its widest text. Where `width` is not 0,
 * the last column is cut so that no line is longer.
 */
void table_print(const struct table *table, FILE *out, size_t width);

/* NULL is fine. */
void table_free(struct table *table);

#endif
