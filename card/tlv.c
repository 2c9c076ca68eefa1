/* SPDX-License-Identifier: BSD-2-Clause */
#include "tlv.h"

#define TAG_BYTES_MAX    3
#define LENGTH_BYTES_MAX 3 /* after the first: lengths up to 16 MiB, far beyond any card */

static struct error *truncated(void)
{
    return error_new(ERROR_CARD_ANSWER, "the card's answer ends inside a data object");
}

void tlv_reader_init(struct tlv_reader *reader, const uint8_t *bytes, size_t length)
{
    reader->next = bytes;
    reader->left = length;
}

bool tlv_reader_done(const struct tlv_reader *reader)
{
    return reader->left == 0;
}

static struct error *read_byte(struct tlv_reader *reader, uint8_t *out)
{
    if (reader->left == 0)
        return truncated();
    *out = *reader->next++;
    reader->left--;
    return NULL;
}

/* ISO/IEC 7816-4 5.2.2.1: 11111 in the low bits of the first byte: more bytes follow, and each
   with its high bit set is followed by another. */
static struct error *read_tag(struct tlv_reader *reader, uint32_t *tag)
{
    uint8_t byte = 0;
    struct error *error = read_byte(reader, &byte);
    *tag = byte;
    bool more = (byte & 0x1F) == 0x1F;
    for (int count = 1; error == NULL && more; count++) {
        if (count == TAG_BYTES_MAX)
            return error_new(ERROR_CARD_ANSWER, "the card's answer has a tag that is too long");
        error = read_byte(reader, &byte);
        *tag = *tag << 8 | byte;
        more = (byte & 0x80) != 0;
    }
    return error;
}

/* ISO/IEC 7816-4 5.2.2.2: up to 127 in one byte, else 0x80 + the number of bytes that follow. */
static struct error *read_length(struct tlv_reader *reader, size_t *length)
{
    uint8_t first = 0;
    struct error *error = read_byte(reader, &first);
    *length = first;
    if (error != NULL || first < 0x80)
        return error;
    int count = first & 0x7F;
    if (count == 0 || count > LENGTH_BYTES_MAX)
        return error_new(ERROR_CARD_ANSWER,
                         "the card's answer has a length that cannot be read (%02X)", first);
    *length = 0;
    for (; error == NULL && count > 0; count--) {
        uint8_t byte = 0;
        error = read_byte(reader, &byte);
        *length = *length << 8 | byte;
    }
    return error;
}

struct error *tlv_read(struct tlv_reader *reader, struct tlv *out)
{
    struct tlv_reader ahead = *reader;
    struct tlv found = {0};
    *out = found;
    struct error *error = read_tag(&ahead, &found.tag);
    if (error == NULL)
        error = read_length(&ahead, &found.length);
    if (error != NULL)
        return error;
    if (found.length > ahead.left)
        return truncated();
    found.value = ahead.next;
    reader->next = ahead.next + found.length;
    reader->left = ahead.left - found.length;
    *out = found;
    return NULL;
}

struct error *tlv_find(const uint8_t *bytes, size_t length, uint32_t tag, struct tlv *out,
                       bool *found)
{
    struct tlv_reader reader;
    tlv_reader_init(&reader, bytes, length);
    *found = false;
    while (!tlv_reader_done(&reader)) {
        struct error *error = tlv_read(&reader, out);
        if (error != NULL)
            return error;
        *found = out->tag == tag;
        if (*found)
            return NULL;
    }
    *out = (struct tlv){0};
    return NULL;
}

struct error *tlv_require(const uint8_t *bytes, size_t length, uint32_t tag, struct tlv *out)
{
    bool found;
    struct error *error = tlv_find(bytes, length, tag, out, &found);
    if (error == NULL && !found)
        error = error_new(ERROR_CARD_ANSWER, "the card's answer lacks the data object %02X",
                          (unsigned)tag);
    return error;
}

static size_t encode_tag(uint32_t tag, uint8_t *out)
{
    size_t count = 0;
    for (int shift = 24; shift >= 0; shift -= 8)
        if (tag >> shift != 0)
            out[count++] = (uint8_t)(tag >> shift);
    return count;
}

static size_t encode_length(size_t length, uint8_t *out)
{
    size_t count = 0;
    if (length >= 0x80) {
        uint8_t bytes = length > 0xFFFFFF ? 4 : length > 0xFFFF ? 3 : length > 0xFF ? 2 : 1;
        out[count++] = (uint8_t)(0x80 | bytes);
        for (int shift = (bytes - 1) * 8; shift > 0; shift -= 8)
            out[count++] = (uint8_t)(length >> shift);
    }
    out[count++] = (uint8_t)length;
    return count;
}

struct error *tlv_append(struct buffer *buffer, uint32_t tag, const void *value, size_t length)
{
    uint8_t header[4 + 5];
    size_t size = encode_tag(tag, header);
    size += encode_length(length, header + size);
    struct error *error = buffer_append(buffer, header, size);
    return error != NULL ? error : buffer_append(buffer, value, length);
}
