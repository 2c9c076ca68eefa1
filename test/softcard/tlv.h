/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_TLV_H
#define SOFTCARD_TLV_H

#include "bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One BER-TLV data object (ISO 7816-4, 5.2.2.1). `value` points into the data it was read from. */
struct soft_tlv {
    uint32_t tag; /* its bytes as a big-endian number, at most three */
    const uint8_t *value;
    size_t length;
};

/* What is still to be read of a sequence of data objects. */
struct soft_tlv_reader {
    const uint8_t *data;
    size_t length;
};

/*
 * Reads the next data object and moves past it. Returns false at the end and on anything malformed:
 * a tag of more than three bytes, an indefinite length or one of more than three bytes, a value
 * that passes the end. The two are told apart by reader->length, which is 0 only at the end.
 */
bool soft_tlv_next(struct soft_tlv_reader *reader, struct soft_tlv *tlv);

/*
 * Finds the first object with `tag` among the objects in `length` bytes at `data` (not inside
 * them). Returns false when there is none, or when what comes before it is malformed.
 */
bool soft_tlv_find(const uint8_t *data, size_t length, uint32_t tag, struct soft_tlv *tlv);

/* Appends a data object. `length` is at most 65535, the most that a card's object holds. */
void soft_tlv_append(struct soft_bytes *bytes, uint32_t tag, const void *value, size_t length);

/* Appends a data object of one byte. */
void soft_tlv_append_byte(struct soft_bytes *bytes, uint32_t tag, uint8_t value);

#endif
