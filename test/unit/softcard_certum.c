/* SPDX-License-Identifier: BSD-2-Clause */
/* The software card as a Certum card: its rules, command by command. */
#include "softcard_harness.h"

#include "softcard/hex.h"
#include "softcard/setup.h"

#include <stdlib.h>
#include <string.h>

#define SELECT_COMMON "00A404000AA000000167455349474F"
#define SELECT_SECURE "00A404000AA000000167455349474E"
#define RIGHT_PIN     "002000831031323334353600000000000000000000"
#define WRONG_PIN     "002000831039323334353600000000000000000000"
#define USE_RSA       "002281B606800142840121"
#define USE_EC        "002281B606800144840131"
#define HASH_32       "002A90A0229020" ZEROS_32
#define ZEROS_32      "0000000000000000000000000000000000000000000000000000000000000000"

static struct soft_card *card_new(void)
{
    struct soft_card *card = harness_card_new(SOFT_PROFILE_CERTUM);

    harness_key(card, "rsa1=rsa1024");
    harness_key(card, "ec1=p256");
    assert_null(soft_setup_certificate(card, "ec1=/CN=x"));
    assert_status(card, SELECT_SECURE, SOFT_NOT_FOUND);
    assert_status(card, SELECT_COMMON, 0x6104);
    return card;
}

static void reads_files_by_pages(void **state)
{
    struct soft_card *card = card_new();
    struct soft_bytes answer = {0};

    (void)state;
    assert_status(card, "00B0000000", 0x6986);
    assert_status(card, "00A4020C021022", SOFT_NOT_FOUND);
    assert_status(card, "00A4020C0210", SOFT_WRONG_LENGTH);
    assert_status(card, "00A40200021021", SOFT_WRONG_PARAMETERS);
    assert_status(card, "00A4020C022001", SOFT_OK);
    assert_int_equal(harness_send(card, "00B0000000", &answer), SOFT_OK);
    assert_int_equal(answer.length, 256);
    assert_memory_equal(answer.data, "\0\0\003ec1", 6);
    assert_status(card, "00B0070000", 0x6B00);
    assert_status(card, "00B0800000", SOFT_WRONG_PARAMETERS);
    assert_status(card, "00B0000000000000", SOFT_WRONG_LENGTH); /* no extended length */
    soft_bytes_free(&answer);
    harness_card_free(card);
}

static void wants_the_pin_for_each_signature(void **state)
{
    struct soft_card *card = card_new();

    (void)state;
    assert_status(card, "00200083", 0x63C3);
    assert_status(card, HASH_32, SOFT_CONDITIONS);
    assert_status(card, "002281B606800144840121", SOFT_WRONG_DATA); /* EC with the RSA key */
    assert_status(card, "002281B606800142840122", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, USE_RSA, SOFT_OK);
    assert_status(card, HASH_32, SOFT_OK);
    assert_status(card, "002A9E9A80", SOFT_SECURITY_STATUS);
    assert_status(card, RIGHT_PIN, SOFT_OK);
    assert_status(card, "00200083", SOFT_OK);
    assert_status(card, "002A9E9A80", SOFT_OK);
    assert_status(card, HASH_32, SOFT_OK);
    assert_status(card, "002A9E9A80", SOFT_SECURITY_STATUS);
    assert_status(card, RIGHT_PIN, SOFT_OK);
    assert_status(card, USE_EC, SOFT_OK); /* takes the hash away */
    assert_status(card, "002A9E9A40", SOFT_CONDITIONS);
    assert_status(card, HASH_32, SOFT_OK);
    assert_status(card, "002A9E9A40", SOFT_OK);
    /* A hash of a length that is none's. */
    assert_status(card, RIGHT_PIN, SOFT_OK);
    assert_status(card, USE_RSA, SOFT_OK);
    assert_status(card, "002A90A003900100", SOFT_OK);
    assert_status(card, "002A9E9A80", SOFT_WRONG_DATA);
    assert_status(card, "002A90A003900200", SOFT_WRONG_DATA);
    harness_card_free(card);
}

static void counts_tries(void **state)
{
    struct soft_card *card = card_new();

    (void)state;
    assert_status(card, "0020008308313233343536FFFF", SOFT_WRONG_LENGTH);
    assert_status(card, WRONG_PIN, 0x63C2);
    assert_status(card, RIGHT_PIN, SOFT_OK);
    assert_status(card, WRONG_PIN, 0x63C2);
    assert_status(card, WRONG_PIN, 0x63C1);
    assert_status(card, WRONG_PIN, SOFT_BLOCKED);
    assert_status(card, RIGHT_PIN, SOFT_BLOCKED);
    assert_status(card, "002000841031323334353637380000000000000000", SOFT_OK);
    assert_status(card, "00200080", SOFT_WRONG_PARAMETERS);
    soft_card_reset(card);
    assert_status(card, SELECT_COMMON, 0x6104);
    assert_status(card, "00200083", SOFT_BLOCKED);
    harness_card_free(card);
}

static void shows_rsa_keys_only(void **state)
{
    struct soft_card *card = card_new();

    (void)state;
    assert_status(card, "00CB00FF0AB6038301217F49028100", 0x6191);
    assert_status(card, "00CB00FF0AB6038301317F49028100", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, "00CB00FF0AB6038301227F49028100", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, "00CB00FF0AB6038301217F49028200", SOFT_WRONG_DATA);
    assert_status(card, "00CB00FF03B60100", SOFT_WRONG_DATA);
    assert_status(card, "00CB00FE0AB6038301217F49028100", SOFT_WRONG_PARAMETERS);
    harness_card_free(card);
}

static void is_other_makes(void **state)
{
    struct soft_card *card = card_new();

    (void)state;
    card->options.certum_make = SOFT_CERTUM_SECURE;
    soft_card_reset(card);
    assert_status(card, SELECT_COMMON, SOFT_NOT_FOUND);
    assert_status(card, SELECT_SECURE, 0x6104);
    assert_status(card, "00A4020C025032", SOFT_INS_UNSUPPORTED);
    card->options.certum_make = SOFT_CERTUM_35;
    soft_card_reset(card);
    assert_status(card, SELECT_COMMON, SOFT_NOT_FOUND);
    assert_status(card, SELECT_SECURE, SOFT_NOT_FOUND);
    card->options.certum_make = SOFT_CERTUM_COMMON;
    soft_certum_free(&card->state.certum);
    soft_certum_init(&card->state.certum, false);
    assert_status(card, SELECT_COMMON, 0x6104);
    assert_status(card, "00200083", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, RIGHT_PIN, SOFT_REFERENCE_NOT_FOUND);
    harness_card_free(card);
}

/* Any command, right ones bent a little among them, in any order. */
static void survives_anything(void **state)
{
    static const char *const commands[] = {
        SELECT_COMMON,
        RIGHT_PIN,
        USE_RSA,
        USE_EC,
        HASH_32,
        "002A9E9A80",
        "00A4020C022001",
        "00B0000000",
        "00B0010000",
        "00A4020C025032",
        "00CB00FF0AB6038301217F49028100",
    };
    struct soft_card *card = card_new();
    unsigned seed = 1;

    (void)state;
    for (unsigned i = 0; i < 4000; i++) {
        struct soft_bytes command = {0};
        struct soft_bytes response = {0};

        seed = seed * 1103515245u + 12345u;
        assert_true(soft_hex_decode(commands[(seed >> 16) % 11], &command));
        if ((seed >> 8 & 3) != 0)
            command.data[(seed >> 20) % command.length] = (uint8_t)(seed >> 12);
        if ((seed >> 10 & 7) == 0)
            command.length -= (seed >> 13) % command.length;
        card->state.certum.pin.tries = 3;
        soft_card_transmit(card, command.data, command.length, &response);
        assert_in_range(response.length, 2, 258);
        soft_bytes_free(&command);
        soft_bytes_free(&response);
    }
    harness_card_free(card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_files_by_pages), cmocka_unit_test(wants_the_pin_for_each_signature),
        cmocka_unit_test(counts_tries),         cmocka_unit_test(shows_rsa_keys_only),
        cmocka_unit_test(is_other_makes),       cmocka_unit_test(survives_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
