/* SPDX-License-Identifier: BSD-2-Clause */
#include "transport.h"

#include <stdlib.h>
#include <string.h>

struct error *transport_reader_list_add(struct transport_reader_list *list, const char *name,
                                        bool card_present)
{
    struct transport_reader *items =
        reallocarray(list->items, list->count + 1, sizeof(*list->items));
    if (items == NULL)
        return error_no_memory();
    list->items = items;
    struct transport_reader *reader = &items[list->count];
    *reader = (struct transport_reader){.name = strdup(name), .card_present = card_present};
    if (reader->name == NULL)
        return error_no_memory();
    list->count++;
    return NULL;
}

void transport_reader_list_clear(struct transport_reader_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].name);
    free(list->items);
    *list = (struct transport_reader_list){0};
}
