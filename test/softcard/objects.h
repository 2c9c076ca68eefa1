/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_OBJECTS_H
#define SOFTCARD_OBJECTS_H

#include "bytes.h"

#include <stddef.h>
#include <stdint.h>

/* A data object that an application keeps. What its value includes is the application's affair. */
struct soft_object {
    uint32_t tag;
    struct soft_bytes value;
};

/* All of an application's. Zero-initialised is empty. */
struct soft_objects {
    struct soft_object *list;
    size_t count;
};

/* The object with that tag, or NULL. */
const struct soft_bytes *soft_objects_find(const struct soft_objects *objects, uint32_t tag);

/* Replaces or adds an object; a length of 0 removes it. */
void soft_objects_set(struct soft_objects *objects, uint32_t tag, const void *value, size_t length);

/* Removes all, wiping them. The structure may be used again. */
void soft_objects_free(struct soft_objects *objects);

#endif
