/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that grow, wiped when they move and when they are freed. A zeroed struct is an empty
 * buffer.
 */
#ifndef CARD_BUFFER_H
#define CARD_BUFFER_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

struct buffer {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
};

/* Appends `length` bytes. ERROR_NO_MEMORY, and the buffer stays as it was. */
struct error *buffer_append(struct buffer *buffer, const void *bytes, size_t length) MUST_CHECK;

/* Empties the buffer, wipes and frees what was in it. */
void buffer_clear(struct buffer *buffer);

#endif
