/* SPDX-License-Identifier: BSD-2-Clause */
#include "terminal.h"

#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A line is never longer; a text is never cut for less. */
#define TEXT_MAX    4000
#define WIDTH_LEAST 20
#define GAP         2

/* Wrapped text is for reading, in whatever is wider than this, too. */
#define WRAPPED_MAX 80

struct table {
    const char *const *headings;
    size_t columns;
    char **texts; /* row by row */
    size_t rows;
    size_t *widths;
};

void terminal_print_wrapped(FILE *out, const char *text, size_t used, size_t indent)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " \n");

        if (used > indent && used + 1 + length >= WRAPPED_MAX) {
            fprintf(out, "\n%*s", (int)indent, "");
            used = indent;
        } else if (used > indent) {
            fputc(' ', out);
            used++;
        }
        fprintf(out, "%.*s", (int)length, text);
        used += length;
        text += length + strspn(text + length, " \n");
    }
    fputc('\n', out);
}

size_t terminal_width(FILE *out)
{
    struct winsize size;
    int descriptor = fileno(out);

    if (!isatty(descriptor))
        return 0;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

/* Characters of UTF-8: each is taken for one column. */
static size_t characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

struct error *table_new(const char *const *headings, size_t columns, struct table **out)
{
    struct table *table = calloc(1, sizeof(*table));

    *out = table;
    if (table != NULL)
        table->widths = calloc(columns, sizeof(*table->widths));
    if (table == NULL || table->widths == NULL) {
        free(table);
        *out = NULL;
        return error_no_memory();
    }
    table->headings = headings;
    table->columns = columns;
    for (size_t i = 0; i < columns; i++)
        table->widths[i] = characters(headings[i]);
    return NULL;
}

struct error *table_add(struct table *table, const char *const *texts)
{
    size_t used = table->rows * table->columns;
    char **all = reallocarray(table->texts, used + table->columns, sizeof(*all));
    struct error *error = all == NULL ? error_no_memory() : NULL;
    size_t count = 0;

    if (all != NULL)
        table->texts = all;
    for (; error == NULL && count < table->columns; count++) {
        error = text_clean(texts[count], TEXT_MAX, &all[used + count]);
        if (error != NULL)
            break;
        if (characters(all[used + count]) > table->widths[count])
            table->widths[count] = characters(all[used + count]);
    }
    if (error == NULL)
        table->rows++;
    for (size_t i = 0; error != NULL && i < count; i++)
        free(all[used + i]);
    return error;
}

/* The text, its first `most` characters, and blanks up to `width`. */
static void print_cell(FILE *out, const char *text, size_t width, size_t most)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        bool begins = ((unsigned char)*text & 0xC0) != 0x80;

        if (begins && count++ == most)
            return;
        fputc(*text, out);
    }
    for (; count < width; count++)
        fputc(' ', out);
}

void terminal_print_cut(FILE *out, const char *text, size_t width)
{
    char *clean;
    struct error *error = text_clean(text, TEXT_MAX, &clean);

    print_cell(out, error == NULL ? clean : error_message(error), 0, width == 0 ? SIZE_MAX : width);
    error_free(error);
    free(clean);
}

void terminal_print(FILE *out, const char *text)
{
    terminal_print_cut(out, text, 0);
}

static void print_row(const struct table *table, const char *const *texts, FILE *out, size_t width)
{
    size_t used = 0;

    for (size_t i = 0; i < table->columns; i++) {
        bool last = i + 1 == table->columns;
        size_t room = width > used + WIDTH_LEAST ? width - used : WIDTH_LEAST;

        print_cell(out, texts[i], last ? 0 : table->widths[i] + GAP,
                   last && width > 0 ? room : SIZE_MAX);
        used += table->widths[i] + GAP;
    }
    fputc('\n', out);
}

void table_print(const struct table *table, FILE *out, size_t width)
{
    print_row(table, table->headings, out, width);
    for (size_t i = 0; i < table->rows; i++)
        print_row(table, (const char *const *)table->texts + i * table->columns, out, width);
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->rows * table->columns; i++)
        free(table->texts[i]);
    free(table->texts);
    free(table->widths);
    free(table);
}
