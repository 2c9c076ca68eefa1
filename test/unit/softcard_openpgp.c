/* SPDX-License-Identifier: BSD-2-Clause */
/* The OpenPGP application's rules: selection, passwords, data objects, life cycle. Sections are
 * those of the OpenPGP card specification 3.4.1. */
#include "softcard/hex.h"
#include "softcard/setup.h"
#include "softcard/setup_openpgp.h"
#include "softcard/tlv.h"
#include "softcard_harness.h"

#include <stdio.h>
#include <stdlib.h>

#define SELECT_PGP   "00A4040006D27600012401"
#define VERIFY_SIGN  "0020008106313233343536"
#define VERIFY_OTHER "0020008206313233343536"
#define VERIFY_ADMIN "00200083083132333435363738"
#define WRONG_SIGN   "0020008106393939393939"
#define WRONG_ADMIN  "00200083083939393939393939"
#define ZEROS_20     "0000000000000000000000000000000000000000"
#define RSA_2048_17  "010800001100"
#define RSA_3072_17  "010c00001100"
#define SELECT_FIRST                                                                               \
    "00A5000406"                                                                                   \
    "60045C027F21"
#define SELECT_SECOND                                                                              \
    "00A5010406"                                                                                   \
    "60045C027F21"
#define SELECT_THIRD                                                                               \
    "00A5020406"                                                                                   \
    "60045C027F21"

static int yubikey_new(void **state)
{
    *state = harness_card_new(SOFT_PROFILE_YUBIKEY);
    assert_status(*state, SELECT_PGP, SOFT_OK);
    return 0;
}

static int openpgp_new(void **state)
{
    *state = harness_card_new(SOFT_PROFILE_OPENPGP);
    assert_status(*state, SELECT_PGP, SOFT_OK);
    return 0;
}

static int card_free(void **state)
{
    harness_card_free(*state);
    return 0;
}

static void is_where_it_belongs(void **state)
{
    struct soft_card *piv = harness_card_new(SOFT_PROFILE_PIV);
    struct soft_card *card = *state;

    assert_status(piv, SELECT_PGP, SOFT_NOT_FOUND);
    assert_status(card, SELECT_PIV, SOFT_NOT_FOUND);
    piv->options.unknown_aid_6d00 = true;
    assert_status(piv, SELECT_PGP, SOFT_INS_UNSUPPORTED);
    assert_status(piv, SELECT_PIV "00", SOFT_OK);
    harness_card_free(piv);
    /* By a part of the name, and by the whole, but not by another card's. */
    assert_answer(card, "00A4040005D276000124", "", SOFT_OK);
    assert_answer(card, "00CA004F00", "d276000124010304fffe123456780000", SOFT_OK);
    assert_status(card, "00A4040010D276000124010304FFFE123456780000", SOFT_OK);
    assert_status(card, "00A4040010D276000124010304FFFE123456790000", SOFT_NOT_FOUND);
    assert_status(card, "00A4040004D2760001", SOFT_NOT_FOUND);
}

static void shares_a_yubikey_with_piv(void **state)
{
    struct soft_card *card = *state;

    assert_answer(card, "00CA004F00", "d2760001240103040006123456780000", SOFT_OK);
    assert_answer(card, "00F1000000", "050701", SOFT_OK);
    assert_status(card, VERIFY_OTHER, SOFT_OK);
    assert_status(card, "00200082", SOFT_OK);
    /* Either application's PIN state goes with its selection; another AID that is unknown does not.
     */
    assert_status(card, "00A4040005A000000999", SOFT_NOT_FOUND);
    assert_status(card, "00200082", SOFT_OK);
    assert_status(card, SELECT_PIV, SOFT_OK);
    assert_status(card, VERIFY_PIN, SOFT_OK);
    assert_status(card, VERIFY_STATUS, SOFT_OK);
    assert_status(card, SELECT_PGP, SOFT_OK);
    assert_status(card, "00200082", SOFT_TRIES_LEFT | 3);
    assert_status(card, SELECT_PIV, SOFT_OK);
    assert_status(card, VERIFY_STATUS, SOFT_TRIES_LEFT | 3);
    /* One's wrong PIN is not the other's; one's reset is not the other's. */
    assert_status(card, VERIFY_WRONG, SOFT_TRIES_LEFT | 2);
    assert_status(card, SELECT_PGP, SOFT_OK);
    assert_status(card, "00200082", SOFT_TRIES_LEFT | 3);
    assert_status(card, VERIFY_OTHER, SOFT_OK);
    assert_status(card, SELECT_PGP, SOFT_OK);
    assert_status(card, "00200082", SOFT_TRIES_LEFT | 3);
}

static void counts_tries(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, "00200081", SOFT_TRIES_LEFT | 3);
    assert_status(card, WRONG_SIGN, SOFT_TRIES_LEFT | 2);
    assert_answer(card, "00CA00C400", "00404040020003", SOFT_OK);
    /* 81 and 82 are one password with two states. */
    assert_status(card, VERIFY_OTHER, SOFT_OK);
    assert_status(card, "00200081", SOFT_TRIES_LEFT | 3);
    assert_status(card, "00200082", SOFT_OK);
    assert_status(card, "0020FF82", SOFT_OK);
    assert_status(card, "00200082", SOFT_TRIES_LEFT | 3);
    /* What cannot be a password costs nothing. */
    assert_status(card, "00200081053132333435", SOFT_WRONG_DATA);
    assert_status(card, "002000830731323334353637", SOFT_WRONG_DATA);
    assert_status(card, "0020008406313233343536", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, "0020018106313233343536", SOFT_WRONG_PARAMETERS);
    for (int i = 2; i >= 0; i--)
        assert_status(card, WRONG_ADMIN, SOFT_TRIES_LEFT | i);
    assert_status(card, WRONG_ADMIN, SOFT_BLOCKED);
    assert_status(card, VERIFY_ADMIN, SOFT_BLOCKED);
    assert_status(card, "00200083", SOFT_BLOCKED);
}

static void says_6982_on_a_yubikey(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, WRONG_SIGN, SOFT_SECURITY_STATUS);
    assert_answer(card, "00CA00C400", "017f7f7f020003", SOFT_OK);
    /* Yubico's F2: tries of each. */
    assert_status(card, "00F2000003050607", SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    assert_status(card, "00F2000003050600", SOFT_WRONG_DATA);
    assert_status(card, "00F2000003050607", SOFT_OK);
    assert_answer(card, "00CA00C400", "017f7f7f050007", SOFT_OK);
}

static void changes_passwords(void **state)
{
    struct soft_card *card = *state;

    /* 123456 to 1234567; the old one is wrong then, and of another length. */
    assert_status(card, VERIFY_SIGN, SOFT_OK);
    assert_status(card, "002400810D31323334353631323334353637", SOFT_OK);
    assert_status(card, "00200081", SOFT_TRIES_LEFT | 3);
    assert_status(card, VERIFY_SIGN, SOFT_TRIES_LEFT | 2);
    assert_status(card, "002000810731323334353637", SOFT_OK);
    /* Too short a new one costs nothing, a wrong old one a try. */
    assert_status(card, "002400810C313233343536373132333435", SOFT_WRONG_DATA);
    assert_status(card, "002400810D39393939393939313233343536", SOFT_TRIES_LEFT | 2);
    assert_status(card, "002400820D31323334353637313233343536", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card,
                  "0024008310"
                  "3132333435363738"
                  "3837363534333231",
                  SOFT_OK);
    assert_status(card, VERIFY_ADMIN, SOFT_TRIES_LEFT | 2);
    assert_status(card, "00200083083837363534333231", SOFT_OK);
}

static void unblocks_pw1(void **state)
{
    struct soft_card *card = *state;

    for (int i = 0; i < 3; i++)
        harness_send(card, WRONG_SIGN, NULL);
    assert_status(card, VERIFY_SIGN, SOFT_BLOCKED);
    /* There is no reset code yet, and nobody has verified PW3. */
    assert_status(card,
                  "002C00810E"
                  "3838383838383838"
                  "363534333231",
                  SOFT_BLOCKED);
    assert_status(card, "002C028106363534333231", SOFT_SECURITY_STATUS);
    assert_status(card, "00DA00D3083838383838383838", SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    assert_status(card, "00DA00D30738383838383838", SOFT_WRONG_DATA);
    assert_status(card, "00DA00D3083838383838383838", SOFT_OK);
    assert_answer(card, "00CA00C400", "00404040000303", SOFT_OK);
    assert_status(card,
                  "002C00810E"
                  "3939393939393939"
                  "363534333231",
                  SOFT_TRIES_LEFT | 2);
    assert_status(card,
                  "002C00810E"
                  "3838383838383838"
                  "363534333231",
                  SOFT_OK);
    assert_status(card, "0020008106363534333231", SOFT_OK);
    assert_status(card, "002C028106313233343536", SOFT_OK);
    assert_status(card, VERIFY_SIGN, SOFT_OK);
    assert_status(card, "002C018106313233343536", SOFT_WRONG_PARAMETERS);
}

static void guards_its_objects(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, "00DA0101021122", SOFT_SECURITY_STATUS);
    assert_status(card, "00DA005E026162", SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_SIGN, SOFT_OK);
    assert_status(card, "00DA0101021122", SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_OTHER, SOFT_OK);
    assert_status(card, "00DA0101021122", SOFT_OK);
    assert_status(card, "00DA0102021122", SOFT_SECURITY_STATUS);
    assert_status(card, "00DA0103023344", SOFT_OK);
    assert_status(card, "00CA010400", SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    assert_status(card, "00DA0104025566", SOFT_OK);
    assert_answer(card, "00CA010400", "5566", SOFT_OK);
    assert_status(card, "00DA005E026162", SOFT_OK);
    assert_status(card, SELECT_PGP, SOFT_OK);
    assert_answer(card, "00CA010100", "1122", SOFT_OK);
    assert_answer(card, "00CA005E00", "6162", SOFT_OK);
    assert_status(card, "00CA010300", SOFT_SECURITY_STATUS);
    assert_status(card, "00CA010400", SOFT_SECURITY_STATUS);
    /* Not to be read by themselves, not there, not to be written. */
    assert_status(card, "00CA005B00", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, "00CA00D600", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, "00DA004F0101", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    assert_status(card, "00DA00C70111", SOFT_WRONG_LENGTH);
    assert_status(card, "00DA00C40102", SOFT_WRONG_DATA);
}

static void describes_itself(void **state)
{
    struct soft_card *card = *state;

    assert_answer(card, "00CA5F5200", "0031c573c001e0059000", SOFT_OK);
    assert_answer(card, "00CA006500", "5b005f2d005f350139", SOFT_OK);
    assert_answer(card, "00CA007A00", "9303000000", SOFT_OK);
    assert_answer(card, "00CA7F6600", "02020bfe02020bfe", SOFT_OK);
    assert_answer(card, "00CA00F900", "810100", SOFT_OK);
    assert_answer(card, "00CA006E000000",
                  "4f10d276000124010304fffe123456780000"
                  "5f520a0031c573c001e0059000"
                  "7f660802020bfe02020bfe"
                  "7381bf"
                  "c00a7d000bfe080000ff0001"
                  "c106010800002000c206010800002000c306010800002000"
                  "c40700404040030003"
                  "c53c" ZEROS_20 ZEROS_20 ZEROS_20 "c63c" ZEROS_20 ZEROS_20 ZEROS_20
                  "cd0c000000000000000000000000"
                  "de06010002000300",
                  SOFT_OK);
    card->options.extended = false;
    assert_answer(card, "00CA5F5200", "0031c573c00180059000", SOFT_OK);
    assert_status(card, "00CA7F6600", SOFT_REFERENCE_NOT_FOUND);
}

/* With the outer tag, and what only it has: touch and the button. */
static void describes_a_yubikey(void **state)
{
    struct soft_card *card = *state;
    struct soft_bytes data = {0};
    struct soft_tlv outer;
    struct soft_tlv inner;
    struct soft_tlv touch;

    assert_answer(card, "00CA006500", "65095b005f2d005f350139", SOFT_OK);
    assert_answer(card, "00CA5F5200", "00730000e0059000", SOFT_OK);
    assert_int_equal(harness_send(card, "00CA006E000000", &data), SOFT_OK);
    assert_true(soft_tlv_find(data.data, data.length, 0x6E, &outer));
    assert_true(soft_tlv_find(outer.value, outer.length, 0x7F74, &inner));
    assert_true(soft_tlv_find(outer.value, outer.length, 0x73, &inner));
    assert_true(soft_tlv_find(inner.value, inner.length, 0xD6, &touch));
    soft_bytes_free(&data);
    assert_answer(card, "00CA00D600", "0020", SOFT_OK);
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    assert_status(card, "00DA00D6020520", SOFT_WRONG_DATA);
    assert_status(card, "00DA00D6020120", SOFT_OK);
    assert_answer(card, "00CA00D600", "0120", SOFT_OK);
    assert_status(card, "00DA00D6020220", SOFT_OK);
    assert_status(card, "00DA00D6020020", SOFT_CONDITIONS);
}

static void keeps_three_certificates(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, "00DA7F21023000", SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    assert_status(card, "00DA7F2102AAAA", SOFT_OK); /* the first is AUT's */
    assert_status(card, SELECT_SECOND, SOFT_OK);
    assert_status(card, "00DA7F2102DDDD", SOFT_OK);
    assert_status(card, SELECT_THIRD, SOFT_OK);
    assert_answer(card, "00CA7F2100", "", SOFT_OK);
    assert_status(card, "00DA7F2102CCCC", SOFT_OK);
    assert_status(card,
                  "00A5030406"
                  "60045C027F21",
                  SOFT_REFERENCE_NOT_FOUND);
    assert_status(card,
                  "00A5010406"
                  "60045C025F50",
                  SOFT_WRONG_DATA);
    assert_status(card, SELECT_FIRST, SOFT_OK);
    assert_answer(card, "00CA7F2100", "aaaa", SOFT_OK);
    assert_answer(card, "00CC7F2100", "dddd", SOFT_OK);
    assert_answer(card, "00CC7F2100", "cccc", SOFT_OK);
    assert_status(card, "00CC7F2100", SOFT_REFERENCE_NOT_FOUND);
    assert_status(card, SELECT_PGP, SOFT_OK);
    assert_answer(card, "00CA7F2100", "aaaa", SOFT_OK);
    /* Taken away by writing nothing; no larger than the card says. */
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    assert_status(card, "00DA7F21", SOFT_OK);
    assert_answer(card, "00CA7F2100", "", SOFT_OK);
    card->options.object_most = 3;
    assert_status(card, "00DA7F210401020304", SOFT_NO_SPACE);
    assert_status(card, "00DA7F2103010203", SOFT_OK);
}

static void deletes_keys_with_their_attributes(void **state)
{
    struct soft_card *card = *state;

    assert_null(soft_setup_key(card, "sig=rsa2048"));
    assert_status(card, "00DA00C106" RSA_3072_17, SOFT_SECURITY_STATUS);
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    /* The same once more changes nothing. */
    assert_status(card, "00DA00C106" RSA_2048_17, SOFT_OK);
    assert_non_null(card->state.openpgp.keys[SOFT_PGP_SIG].pkey);
    /* A size, an exponent, a curve, a use that there are not. */
    assert_status(card, "00DA00C106010400001100", SOFT_WRONG_DATA);
    assert_status(card, "00DA00C106010800002000", SOFT_WRONG_DATA);
    assert_status(card, "00DA00C106132B81040021", SOFT_WRONG_DATA);
    assert_status(card, "00DA00C106122B81040022", SOFT_WRONG_DATA);
    assert_status(card, "00DA00C20A162B06010401DA470F01", SOFT_WRONG_DATA);
    assert_non_null(card->state.openpgp.keys[SOFT_PGP_SIG].pkey);
    assert_status(card, "00DA00C106132B81040022", SOFT_OK);
    assert_null(card->state.openpgp.keys[SOFT_PGP_SIG].pkey);
    assert_status(card, "0047810002B60000", SOFT_REFERENCE_NOT_FOUND);
    assert_null(soft_objects_find(&card->state.openpgp.objects, 0xC7));
}

static void lists_its_algorithms(void **state)
{
    struct soft_card *card = *state;
    struct soft_bytes data = {0};
    struct soft_tlv outer;
    struct soft_tlv attributes;
    struct soft_tlv_reader reader;
    unsigned counts[3] = {0};

    assert_int_equal(harness_send(card, "00CA00FA000000", &data), SOFT_OK);
    assert_true(soft_tlv_find(data.data, data.length, 0xFA, &outer));
    reader = (struct soft_tlv_reader){outer.value, outer.length};
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    /* Each of them can be set. */
    while (soft_tlv_next(&reader, &attributes)) {
        char command[64];
        char *hex = soft_hex_encode(attributes.value, attributes.length);

        assert_in_range(attributes.tag, 0xC1, 0xC3);
        counts[attributes.tag - 0xC1]++;
        snprintf(command, sizeof(command), "00DA00%02X%02zX%s", (unsigned)attributes.tag,
                 attributes.length, hex);
        free(hex);
        assert_status(card, command, SOFT_OK);
    }
    assert_int_equal(reader.length, 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(counts[i], 11); /* 3 RSA, 7 curves, Ed25519 or X25519 */
    soft_bytes_free(&data);
}

/* Any bytes do: the card compares, it does not hash. */
#define HASH_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define HASH_3 "3333333333333333333333333333333333333333333333333333333333333333"

static void compares_hashed_passwords(void **state)
{
    struct soft_card *card = *state;

    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    assert_status(card, "00DA00F903810103", SOFT_WRONG_DATA);
    assert_status(card, "00DA00D3083838383838383838", SOFT_OK);
    assert_status(card,
                  "00DA00F95A"
                  "810103"
                  "820108"
                  "830400010000"
                  "840811223344556677"
                  "88"
                  "8720" HASH_1 "8820" HASH_3,
                  SOFT_OK);
    assert_answer(card, "00CA00C400", "00404040030003", SOFT_OK);
    assert_status(card, "00200083", SOFT_TRIES_LEFT | 3);
    /* The plain PIN is wrong now, and costs a try. */
    assert_status(card, VERIFY_SIGN, SOFT_TRIES_LEFT | 2);
    assert_status(card, "0020008120" HASH_1, SOFT_OK);
    assert_status(card, "0020008320" HASH_3, SOFT_OK);
    assert_status(card, "00DA00F903810100", SOFT_OK);
    assert_status(card, VERIFY_SIGN, SOFT_OK);
}

static void becomes_new(void **state)
{
    struct soft_card *card = *state;

    assert_null(soft_setup_key(card, "sig=p256"));
    assert_status(card, "00440000", SOFT_OK);
    assert_non_null(card->state.openpgp.keys[SOFT_PGP_SIG].pkey);
    assert_status(card, "00E60000", SOFT_SECURITY_STATUS);
    for (int i = 0; i < 3; i++)
        harness_send(card, WRONG_ADMIN, NULL);
    assert_status(card, "00E60000", SOFT_SECURITY_STATUS);
    for (int i = 0; i < 3; i++)
        harness_send(card, WRONG_SIGN, NULL);
    assert_status(card, "00E60000", SOFT_OK);
    /* Pulled out in between it stays terminated, and nothing else works. */
    soft_card_reset(card);
    assert_status(card, SELECT_PGP, SOFT_TERMINATED);
    assert_status(card, "00CA006E00", SOFT_TERMINATED);
    assert_status(card, "00440000", SOFT_OK);
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    assert_null(card->state.openpgp.keys[SOFT_PGP_SIG].pkey);
    assert_status(card, SELECT_PGP, SOFT_OK);
    assert_answer(card, "00CA00C400", "00404040030003", SOFT_OK);
    /* With PW3 verified nothing has to be blocked. */
    assert_status(card, VERIFY_ADMIN, SOFT_OK);
    assert_status(card, "00E60000", SOFT_OK);
    assert_status(card, "00440000", SOFT_OK);
}

static void gives_random_bytes(void **state)
{
    struct soft_card *card = *state;
    struct soft_bytes data = {0};

    assert_int_equal(harness_send(card, "0084000020", &data), SOFT_OK);
    assert_int_equal(data.length, 32);
    assert_status(card, "00840000000BFF", SOFT_WRONG_LENGTH);
    assert_status(card, "00840000", SOFT_WRONG_LENGTH);
    soft_bytes_free(&data);
}

static void is_set_up_by_options(void **state)
{
    struct soft_card *card = *state;
    static const char *const wrong[] = {"sig=x25519", "dec=ed25519", "sig=rsa1024",
                                        "aut=p256:never"};
    char *message;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        message = soft_setup_key(card, wrong[i]);
        assert_non_null(message);
        free(message);
    }
    message = soft_setup_key(card, "9a=p256");
    assert_non_null(message);
    free(message);
    message = soft_setup_pgp_object(card, "C1=00");
    assert_non_null(message);
    free(message);
    assert_null(soft_setup_pgp_object(card, "F9=8101ff"));
    assert_answer(card, "00CA00F900", "8101ff", SOFT_OK);
    assert_null(soft_setup_pgp_object(card, "F9="));
    assert_answer(card, "00CA00F900", "810100", SOFT_OK);
}

#define yubikey_test(test) cmocka_unit_test_setup_teardown(test, yubikey_new, card_free)
#define openpgp_test(test) cmocka_unit_test_setup_teardown(test, openpgp_new, card_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        openpgp_test(is_where_it_belongs),
        yubikey_test(shares_a_yubikey_with_piv),
        openpgp_test(counts_tries),
        yubikey_test(says_6982_on_a_yubikey),
        openpgp_test(changes_passwords),
        openpgp_test(unblocks_pw1),
        openpgp_test(guards_its_objects),
        openpgp_test(describes_itself),
        yubikey_test(describes_a_yubikey),
        openpgp_test(keeps_three_certificates),
        yubikey_test(deletes_keys_with_their_attributes),
        yubikey_test(lists_its_algorithms),
        openpgp_test(compares_hashed_passwords),
        openpgp_test(becomes_new),
        openpgp_test(gives_random_bytes),
        openpgp_test(is_set_up_by_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
