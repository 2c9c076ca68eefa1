/* SPDX-License-Identifier: BSD-2-Clause */
#include "objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct soft_bytes *soft_objects_find(const struct soft_objects *objects, uint32_t tag)
{
    for (size_t i = 0; i < objects->count; i++) {
        if (objects->list[i].tag == tag)
            return &objects->list[i].value;
    }
    return NULL;
}

static void object_add(struct soft_objects *objects, uint32_t tag)
{
    struct soft_object *list = realloc(objects->list, (objects->count + 1) * sizeof(*list));

    if (list == NULL) {
        fprintf(stderr, "softcard: out of memory\n");
        abort();
    }
    objects->list = list;
    memset(&list[objects->count], 0, sizeof(*list));
    list[objects->count++].tag = tag;
}

static void object_remove(struct soft_objects *objects, size_t index)
{
    soft_bytes_free(&objects->list[index].value);
    objects->list[index] = objects->list[--objects->count];
}

void soft_objects_set(struct soft_objects *objects, uint32_t tag, const void *value, size_t length)
{
    size_t index = 0;

    while (index < objects->count && objects->list[index].tag != tag)
        index++;
    if (length == 0) {
        if (index < objects->count)
            object_remove(objects, index);
        return;
    }
    if (index == objects->count)
        object_add(objects, tag);
    soft_bytes_set(&objects->list[index].value, value, length);
}

void soft_objects_free(struct soft_objects *objects)
{
    for (size_t i = 0; i < objects->count; i++)
        soft_bytes_free(&objects->list[i].value);
    free(objects->list);
    objects->list = NULL;
    objects->count = 0;
}
