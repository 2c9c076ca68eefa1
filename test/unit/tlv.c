/* SPDX-License-Identifier: BSD-2-Clause */
/* BER-TLV: what is read, and all that is not believed. */
#include "tlv.h"
#include "soft_reader.h"

#include <stdlib.h>
#include <string.h>

/* A copy of just that size, so that a sanitizer sees a byte read beyond it. */
static uint8_t *exact(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

static void reads_tags_and_lengths(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[8];
        size_t length;
        uint32_t tag;
        size_t value;
    } cases[] = {
        {{0x53, 0x00}, 2, 0x53, 0},
        {{0x53, 0x01, 0xAA}, 3, 0x53, 1},
        {{0x7F, 0x49, 0x01, 0xAA}, 4, 0x7F49, 1},
        {{0x5F, 0xC1, 0x05, 0x00}, 4, 0x5FC105, 0},
        {{0x53, 0x81, 0x01, 0xAA}, 4, 0x53, 1}, /* longer than needed: BER allows it */
        {{0x53, 0x82, 0x00, 0x01, 0xAA}, 5, 0x53, 1},
        {{0x53, 0x83, 0x00, 0x00, 0x01, 0xAA}, 6, 0x53, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tlv_reader reader;
        struct tlv tlv;
        uint8_t *bytes = exact(cases[i].bytes, cases[i].length);
        tlv_reader_init(&reader, bytes, cases[i].length);
        assert_no_error(tlv_read(&reader, &tlv));
        assert_int_equal(tlv.tag, cases[i].tag);
        assert_int_equal(tlv.length, cases[i].value);
        assert_ptr_equal(tlv.value + tlv.length, bytes + cases[i].length);
        assert_true(tlv_reader_done(&reader));
        free(bytes);
    }
}

static void refuses_what_is_none(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[8];
        size_t length;
    } cases[] = {
        {{0}, 0},
        {{0x53}, 1},
        {{0x53, 0x01}, 2},
        {{0x53, 0x80, 0x00, 0x00}, 4},             /* indefinite */
        {{0x53, 0x84, 0x00, 0x00, 0x00, 0x00}, 6}, /* too long a length */
        {{0x53, 0xFF, 0x00}, 3},                   /* reserved */
        {{0x53, 0x82, 0x01}, 3},                   /* the length is cut */
        {{0x53, 0x83, 0xFF, 0xFF, 0xFF, 0xAA}, 6}, /* beyond the end */
        {{0x7F}, 1},                               /* the tag is cut */
        {{0x5F, 0xC1}, 2},                         /* likewise */
        {{0x5F, 0xC1, 0x85, 0x05, 0x00}, 5},       /* too long a tag */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tlv_reader reader;
        struct tlv tlv;
        uint8_t *bytes = exact(cases[i].bytes, cases[i].length);
        tlv_reader_init(&reader, bytes, cases[i].length);
        assert_error(tlv_read(&reader, &tlv), ERROR_CARD_ANSWER, "card's answer");
        assert_null(tlv.value);
        assert_int_equal(reader.left, cases[i].length);
        free(bytes);
    }
}

static void finds_the_first(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x70, 0x02, 0x71, 0x00, 0x71, 0x01, 0x05, 0x71, 0x00, 0x53};
    struct tlv tlv;
    bool found;
    assert_no_error(tlv_find(bytes, 9, 0x71, &tlv, &found));
    assert_true(found);
    assert_int_equal(tlv.length, 1);
    assert_no_error(tlv_find(bytes, 9, 0x53, &tlv, &found));
    assert_false(found);
    assert_no_error(tlv_find(NULL, 0, 0x53, &tlv, &found));
    assert_false(found);
    assert_error(tlv_find(bytes, 10, 0x54, &tlv, &found), ERROR_CARD_ANSWER, "ends inside");
    assert_error(tlv_require(bytes, 9, 0x53, &tlv), ERROR_CARD_ANSWER, "lacks the data object 53");
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536};
    static const uint32_t tags[] = {0x53, 0x7F49, 0x5FC105};
    static uint8_t value[65536];
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct buffer buffer = {0};
        struct tlv tlv;
        uint32_t tag = tags[i % 3];
        assert_no_error(tlv_append(&buffer, tag, value, lengths[i]));
        assert_no_error(tlv_require(buffer.bytes, buffer.length, tag, &tlv));
        assert_int_equal(tlv.length, lengths[i]);
        assert_ptr_equal(tlv.value + tlv.length, buffer.bytes + buffer.length);
        buffer_clear(&buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_tags_and_lengths),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(finds_the_first),
        cmocka_unit_test(writes_what_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
