/* SPDX-License-Identifier: BSD-2-Clause */
#include "softcard/apdu.h"

#include "softcard/hex.h"
#include "softcard_harness.h"

/* What a command must be taken apart into (ISO 7816-3, 12.1.3). */
struct apdu_case {
    const char *command;
    bool extended;
    size_t length;
    bool le_given;
    size_t le;
};

static const struct apdu_case cases[] = {
    {"00A40400", false, 0, false, 0},
    {"00C0000000", false, 0, true, 256},
    {"00C0000012", false, 0, true, 18},
    {"00A4040001AA", false, 1, false, 0},
    {"00A4040002AABB", false, 2, false, 0},
    {"00A4040001AA00", false, 1, true, 256},
    {"00A4040001AAFF", false, 1, true, 255},
    {"00C00000000000", true, 0, true, 65536},
    {"00C00000000100", true, 0, true, 256},
    {"00CB3FFF0000AA", true, 0, true, 0xAA},
    {"00CB3FFF000001AA", true, 1, false, 0},
    {"00CB3FFF000001AA0000", true, 1, true, 65536},
    {"00CB3FFF000001AA0123", true, 1, true, 0x123},
};

static const char *const malformed[] = {
    "",
    "00",
    "00A404",
    "00A4040002AA",       /* Lc says more than there is */
    "00A4040001AABBCC",   /* more than Lc and Le */
    "00A404000001",       /* Lc 00 in a short command */
    "00CB3FFF000000AA",   /* extended Lc 0000 */
    "00CB3FFF000002AA",   /* extended Lc says more */
    "00CB3FFF000001AA00", /* extended with a short Le */
    "00CB3FFF000001AA000000",
};

static bool command_parse(const char *hex, struct soft_bytes *bytes, struct soft_apdu *apdu)
{
    soft_bytes_clear(bytes);
    assert_true(soft_hex_decode(hex, bytes));
    return soft_apdu_parse(bytes->data, bytes->length, apdu);
}

static void takes_all_cases_apart(void **state)
{
    struct soft_bytes bytes = {0};
    struct soft_apdu apdu;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(command_parse(cases[i].command, &bytes, &apdu));
        assert_int_equal(apdu.extended, cases[i].extended);
        assert_int_equal(apdu.length, cases[i].length);
        assert_int_equal(apdu.le_given, cases[i].le_given);
        assert_int_equal(apdu.le, cases[i].le);
        if (apdu.length > 0)
            assert_int_equal(apdu.data[0], 0xAA);
    }
    soft_bytes_free(&bytes);
}

static void refuses_what_fits_no_case(void **state)
{
    struct soft_bytes bytes = {0};
    struct soft_apdu apdu;

    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        if (command_parse(malformed[i], &bytes, &apdu))
            fail_msg("'%s' was taken for a command", malformed[i]);
    }
    soft_bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_all_cases_apart),
        cmocka_unit_test(refuses_what_fits_no_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
