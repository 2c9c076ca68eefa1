/* SPDX-License-Identifier: BSD-2-Clause */
#include "question.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct error *choices_add(struct choices *choices, const char *value, const char *format, ...)
{
    struct choice *items = reallocarray(choices->items, choices->count + 1, sizeof(*items));
    struct choice *added;
    va_list arguments;
    int length;

    if (items == NULL)
        return error_no_memory();
    choices->items = items;
    added = &items[choices->count];
    added->value = strdup(value);
    va_start(arguments, format);
    length = vasprintf(&added->label, format, arguments);
    va_end(arguments);
    if (length < 0)
        added->label = NULL;
    if (added->value == NULL || length < 0) {
        free(added->value);
        free(added->label);
        return error_no_memory();
    }
    choices->count++;
    return NULL;
}

void choices_clear(struct choices *choices)
{
    for (size_t i = 0; i < choices->count; i++) {
        free(choices->items[i].value);
        free(choices->items[i].label);
    }
    free(choices->items);
    *choices = (struct choices){0};
}
