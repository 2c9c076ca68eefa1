/* SPDX-License-Identifier: BSD-2-Clause */
#include "softcard/hex.h"
#include "softcard/tlv.h"
#include "softcard_harness.h"

#include <stdlib.h>
#include <string.h>

/* Reads the first object of `hex`, from memory that ends where the data ends. */
static bool first_read(const char *hex, struct soft_tlv *tlv, size_t *rest)
{
    static uint8_t *exact;
    struct soft_bytes bytes = {0};
    struct soft_tlv_reader reader;
    bool good;

    free(exact);
    assert_true(soft_hex_decode(hex, &bytes));
    exact = malloc(bytes.length > 0 ? bytes.length : 1);
    assert_non_null(exact);
    if (bytes.length > 0)
        memcpy(exact, bytes.data, bytes.length);
    reader.data = exact;
    reader.length = bytes.length;
    soft_bytes_free(&bytes);
    good = soft_tlv_next(&reader, tlv);
    *rest = reader.length;
    return good;
}

static void assert_tlv(const char *hex, uint32_t tag, size_t length, size_t left)
{
    struct soft_tlv tlv;
    size_t rest;

    assert_true(first_read(hex, &tlv, &rest));
    assert_int_equal(tlv.tag, tag);
    assert_int_equal(tlv.length, length);
    assert_int_equal(rest, left);
}

static void reads_objects(void **state)
{
    (void)state;
    assert_tlv("5303010203", 0x53, 3, 0);
    assert_tlv("5300", 0x53, 0, 0);
    assert_tlv("7F490101FF", 0x7F49, 1, 1);
    assert_tlv("5FC10201AA", 0x5FC102, 1, 0);
    assert_tlv("53810101", 0x53, 1, 0);
    assert_tlv("5382000101", 0x53, 1, 0);
    assert_tlv("538300000101", 0x53, 1, 0);
}

static void refuses_malformed_objects(void **state)
{
    static const char *const malformed[] = {
        "",         "53",         "5F",           "5FC1",       "5FC18102", "5301",
        "53020A",   "5381",       "538102AA",     "5382",       "538200",   "53820002AA",
        "53840001", "53FF000000", "5380AA0000",   "5383FFFFFF", "53FF",     "5F81818101AA",
        "7F",       "538200FFAA", "53847FFFFFFF",
    };
    struct soft_tlv tlv;
    size_t rest;

    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        if (first_read(malformed[i], &tlv, &rest))
            fail_msg("'%s' was taken for a data object", malformed[i]);
    }
}

static void finds_objects_in_a_row_only(void **state)
{
    static const uint8_t data[] = {0x80, 0x01, 0x07, 0x7C, 0x02, 0x81, 0x00, 0x82, 0x00};
    struct soft_tlv tlv;

    (void)state;
    assert_true(soft_tlv_find(data, sizeof(data), 0x82, &tlv));
    assert_int_equal(tlv.length, 0);
    assert_false(soft_tlv_find(data, sizeof(data), 0x81, &tlv));
    assert_false(soft_tlv_find(data, sizeof(data) - 1, 0x82, &tlv));
    assert_false(soft_tlv_find(NULL, 0, 0x82, &tlv));
}

static void writes_what_it_reads(void **state)
{
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 3000, 65535};
    static const uint32_t tags[] = {0x53, 0x7F49, 0x5FC102};
    static uint8_t value[65535];

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct soft_bytes bytes = {0};
        struct soft_tlv_reader reader;
        struct soft_tlv tlv;

        soft_tlv_append(&bytes, tags[i % 3], value, lengths[i]);
        reader = (struct soft_tlv_reader){bytes.data, bytes.length};
        assert_true(soft_tlv_next(&reader, &tlv));
        assert_int_equal(tlv.tag, tags[i % 3]);
        assert_int_equal(tlv.length, lengths[i]);
        assert_int_equal(reader.length, 0);
        soft_bytes_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_objects),
        cmocka_unit_test(refuses_malformed_objects),
        cmocka_unit_test(finds_objects_in_a_row_only),
        cmocka_unit_test(writes_what_it_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
