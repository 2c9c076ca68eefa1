/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_BYTES_H
#define SOFTCARD_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* A growing array of bytes. Zero-initialised is empty. What it held is wiped when it grows or goes.
 */
struct soft_bytes {
    uint8_t *data;
    size_t length;
    size_t capacity;
};

/* Appends `length` bytes. Running out of memory ends the program: a card without memory is no card.
 */
void soft_bytes_append(struct soft_bytes *bytes, const void *data, size_t length);

/* Appends one byte. */
void soft_bytes_append_byte(struct soft_bytes *bytes, uint8_t byte);

/* Empties, wiping the content; the memory stays. */
void soft_bytes_clear(struct soft_bytes *bytes);

/* Empties and then holds a copy of `length` bytes at `data`, which may not point into `bytes`. */
void soft_bytes_set(struct soft_bytes *bytes, const void *data, size_t length);

/* Empties, wiping the content, and gives the memory back. The structure may be used again. */
void soft_bytes_free(struct soft_bytes *bytes);

#endif
