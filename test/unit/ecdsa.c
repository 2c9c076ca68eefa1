/* SPDX-License-Identifier: BSD-2-Clause */
/* What of a hash cards sign, for curves of whole bytes and for P-521; kinds of keys as a set. */
#include "ecdsa.h"
#include "algorithms.h"
#include "expect.h"

static const uint8_t hash[70] = {0x11, 0x22, [62] = 0x55, [63] = 0x66, [64] = 0x77, [65] = 0x88};

static void takes_the_leftmost_bits(void **state)
{
    (void)state;
    uint8_t out[ECDSA_HASH_MAX];
    size_t size;
    expect_good(ecdsa_fit_hash(hash, sizeof(hash), 256, out, &size));
    assert_int_equal(size, 32);
    assert_memory_equal(out, hash, 32);
    expect_good(ecdsa_fit_hash(hash, sizeof(hash), 512, out, &size));
    assert_int_equal(size, 64);
    assert_memory_equal(out, hash, 64);
}

static void puts_zeros_before_a_short_one(void **state)
{
    (void)state;
    static const uint8_t zeros[ECDSA_HASH_MAX];
    uint8_t out[ECDSA_HASH_MAX];
    size_t size;
    expect_good(ecdsa_fit_hash(hash, 20, 384, out, &size));
    assert_int_equal(size, 48);
    assert_memory_equal(out, zeros, 28);
    assert_memory_equal(out + 28, hash, 20);
    expect_good(ecdsa_fit_hash(NULL, 0, 256, out, &size));
    assert_memory_equal(out, zeros, 32);
}

/* 521 bits are neither 65 bytes nor 66. */
static void keeps_off_the_odd_bits(void **state)
{
    (void)state;
    uint8_t out[ECDSA_HASH_MAX];
    size_t size;
    expect_good(ecdsa_fit_hash(hash, 64, 521, out, &size));
    assert_int_equal(size, 64);
    assert_memory_equal(out, hash, 64);
    expect_good(ecdsa_fit_hash(hash, 48, 521, out, &size));
    assert_int_equal(size, 64);
    assert_memory_equal(out + 16, hash, 48);
    expect_error(ecdsa_fit_hash(hash, 65, 521, out, &size), ERROR_ARGUMENT, "at most 64 bytes");
}

static void names_kinds_once(void **state)
{
    (void)state;
    struct card_algorithms set = {0};
    char text[CARD_ALGORITHMS_TEXT_MAX];
    card_algorithms_text(&set, text);
    assert_string_equal(text, "none");
    card_algorithms_add(&set, "P-256");
    card_algorithms_add(&set, "Ed25519");
    card_algorithms_add(&set, "P-256");
    card_algorithms_text(&set, text);
    assert_string_equal(text, "P-256, Ed25519");
    assert_true(card_algorithms_have(&set, "ed25519"));
    assert_false(card_algorithms_have(&set, "P-384"));
}

/* However many there are, the text ends where it has to. */
static void cuts_a_long_list_short(void **state)
{
    (void)state;
    static char names[CARD_ALGORITHMS_MAX][32];
    struct card_algorithms set = {0};
    char text[CARD_ALGORITHMS_TEXT_MAX];
    for (size_t i = 0; i < CARD_ALGORITHMS_MAX; i++) {
        memset(names[i], 'a' + (int)i, sizeof(names[i]) - 1);
        card_algorithms_add(&set, names[i]);
    }
    card_algorithms_add(&set, "one too many");
    assert_int_equal(set.count, CARD_ALGORITHMS_MAX);
    card_algorithms_text(&set, text);
    assert_int_equal(strlen(text), CARD_ALGORITHMS_TEXT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_leftmost_bits), cmocka_unit_test(puts_zeros_before_a_short_one),
        cmocka_unit_test(keeps_off_the_odd_bits),  cmocka_unit_test(names_kinds_once),
        cmocka_unit_test(cuts_a_long_list_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
