/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BER-TLV data objects, ISO/IEC 7816-4 5.2.2. The reader is strict, because what it reads comes
 * from a card: definite lengths only, tags of one to three bytes, lengths of one to four, and
 * nothing may reach beyond what contains it.
 */
#ifndef CARD_TLV_H
#define CARD_TLV_H

#include "buffer.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A data object; `value` points into the bytes that were read. */
struct tlv {
    uint32_t tag; /* its bytes, big-endian: 0x53, 0x7F49, 0x5FC105 */
    const uint8_t *value;
    size_t length;
};

/* A place in a sequence of data objects. */
struct tlv_reader {
    const uint8_t *next;
    size_t left;
};

void tlv_reader_init(struct tlv_reader *reader, const uint8_t *bytes, size_t length);

/* Whether there is nothing more to read. */
bool tlv_reader_done(const struct tlv_reader *reader);

/* Reads the next data object and moves on. ERROR_CARD_ANSWER; *out is then zeroed. */
struct error *tlv_read(struct tlv_reader *reader, struct tlv *out) MUST_CHECK;

/*
 * Looks for the first data object with `tag` among those in `bytes`, not inside of them. *found
 * tells whether there is one. ERROR_CARD_ANSWER where the bytes up to there are no data objects.
 */
struct error *tlv_find(const uint8_t *bytes, size_t length, uint32_t tag, struct tlv *out,
                       bool *found) MUST_CHECK;

/* The same where the data object has to be there: ERROR_CARD_ANSWER where it is not. */
struct error *tlv_require(const uint8_t *bytes, size_t length, uint32_t tag,
                          struct tlv *out) MUST_CHECK;

/* Appends a data object, its length in as few bytes as can be. ERROR_NO_MEMORY. */
struct error *tlv_append(struct buffer *buffer, uint32_t tag, const void *value,
                         size_t length) MUST_CHECK;

#endif
