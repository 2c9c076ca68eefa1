/* SPDX-License-Identifier: BSD-2-Clause */
#include "tlv.h"

/* ISO 7816-4, 5.2.2.1: low five bits all set mean that tag bytes follow, the last one without
 * bit 8. */
static bool tag_read(struct soft_tlv_reader *reader, uint32_t *tag)
{
    size_t used = 0;

    *tag = 0;
    do {
        if (used == reader->length || used == 3)
            return false;
        *tag = *tag << 8 | reader->data[used++];
    } while (used == 1 ? (*tag & 0x1F) == 0x1F : (*tag & 0x80) != 0);
    reader->data += used;
    reader->length -= used;
    return true;
}

/* ISO 7816-4, 5.2.2.2: one byte up to 7F, or 81, 82, 83 and as many bytes. */
static bool length_read(struct soft_tlv_reader *reader, size_t *length)
{
    size_t count = 0;

    if (reader->length == 0)
        return false;
    *length = reader->data[0];
    if (*length > 0x7F) {
        count = *length & 0x7F;
        *length = 0;
    }
    if (reader->length < 1 + count || count > 3 || (reader->data[0] == 0x80))
        return false;
    for (size_t i = 0; i < count; i++)
        *length = *length << 8 | reader->data[1 + i];
    reader->data += 1 + count;
    reader->length -= 1 + count;
    return true;
}

bool soft_tlv_next(struct soft_tlv_reader *reader, struct soft_tlv *tlv)
{
    struct soft_tlv_reader rest = *reader;

    if (!tag_read(&rest, &tlv->tag) || !length_read(&rest, &tlv->length) ||
        tlv->length > rest.length)
        return false;
    tlv->value = rest.data;
    reader->data = rest.data + tlv->length;
    reader->length = rest.length - tlv->length;
    return true;
}

bool soft_tlv_find(const uint8_t *data, size_t length, uint32_t tag, struct soft_tlv *tlv)
{
    struct soft_tlv_reader reader = {data, length};

    while (soft_tlv_next(&reader, tlv)) {
        if (tlv->tag == tag)
            return true;
    }
    return false;
}

void soft_tlv_append(struct soft_bytes *bytes, uint32_t tag, const void *value, size_t length)
{
    if (tag > 0xFFFF)
        soft_bytes_append_byte(bytes, (uint8_t)(tag >> 16));
    if (tag > 0xFF)
        soft_bytes_append_byte(bytes, (uint8_t)(tag >> 8));
    soft_bytes_append_byte(bytes, (uint8_t)tag);
    if (length > 0xFF) {
        soft_bytes_append_byte(bytes, 0x82);
        soft_bytes_append_byte(bytes, (uint8_t)(length >> 8));
    } else if (length > 0x7F) {
        soft_bytes_append_byte(bytes, 0x81);
    }
    soft_bytes_append_byte(bytes, (uint8_t)length);
    soft_bytes_append(bytes, value, length);
}

void soft_tlv_append_byte(struct soft_bytes *bytes, uint32_t tag, uint8_t value)
{
    soft_tlv_append(bytes, tag, &value, 1);
}
