/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding keys and certificates on PIV cards in memory, managing them, and cards that lie. */
#include "soft_reader.h"
#include "softcard/hex.h"

#include <stdlib.h>
#include <string.h>

static struct card *the_card(struct soft_reader *soft)
{
    struct card_uri *uri;
    struct card *card;
    assert_no_error(card_uri_parse("card:app=piv", &uri));
    assert_no_error(card_find(soft->context, uri, &card));
    card_uri_free(uri);
    return card;
}

/* ---- finding ----------------------------------------------------------------------------- */

static void finds_all_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *key, *uri, *type;
        int bits;
    } cases[] = {
        {"9a=p256", "card:slot=9a", "EC", 256},
        {"9c=p384", "card:slot=9c", "EC", 384},
        {"9d=rsa2048", "card:slot=9d", "RSA", 2048},
        {"9e=rsa3072", "card:slot=9e", "RSA", 3072},
        {"82=rsa1024", "card:slot=82", "RSA", 1024},
        {"83=ed25519", "card:slot=83", "ED25519", 256},
        {"95=x25519", "card:slot=95", "X25519", 253},
    };
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_YUBIKEY);
    size_t count = sizeof(cases) / sizeof(cases[0]);
    for (size_t i = 0; i < count; i++)
        soft_reader_key(soft, cases[i].key, NULL);
    for (size_t i = 0; i < count; i++) {
        struct card_key *key = soft_reader_find(soft, cases[i].uri);
        assert_true(EVP_PKEY_is_a(card_key_public(key), cases[i].type));
        assert_int_equal(EVP_PKEY_get_bits(card_key_public(key)), cases[i].bits);
        bool rsa = strcmp(cases[i].type, "RSA") == 0;
        assert_int_equal(card_key_can(key, CARD_MECHANISM_RSA_RAW), rsa);
        assert_int_equal(card_key_can(key, CARD_MECHANISM_RSA_PKCS1), rsa);
        assert_int_equal(card_key_can(key, CARD_MECHANISM_ECDSA), strcmp(cases[i].type, "EC") == 0);
        card_key_free(key);
    }
    struct card_uri *all;
    struct card_key_list list;
    assert_no_error(card_uri_parse("card:", &all));
    assert_no_error(card_find_keys(soft->context, all, &list));
    assert_int_equal(list.count, count);
    card_key_list_clear(&list);
    card_uri_free(all);
    soft_reader_free(soft);
}

static void says_what_is_missing(void **state)
{
    (void)state;
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_YUBIKEY);
    soft_reader_not_found(soft, "card:", ERROR_NOT_FOUND, "has no key");
    soft_reader_not_found(soft, "card:slot=9a", ERROR_NOT_FOUND, "slot 9a is empty");
    soft_reader_not_found(soft, "card:slot=9b", ERROR_NOT_FOUND, "no such slot \"9b\"");
    soft_reader_not_found(soft, "card:label=x", ERROR_NOT_FOUND, "no labels");
    soft_reader_not_found(soft, "card:app=pkcs11", ERROR_ARGUMENT, "module-path");
    soft_reader_not_found(soft, "card:reader=x", ERROR_NO_READER, "Memory 00 00");
    soft_reader_not_found(soft, "card:serial=1", ERROR_NO_CARD, "12345678");
    soft_reader_key(soft, "9a=p256", NULL);
    soft_reader_key(soft, "9c=p256", NULL);
    soft_reader_not_found(soft, "card:", ERROR_AMBIGUOUS,
                          "card:serial=12345678;app=piv;slot=9a;type=private or "
                          "card:serial=12345678;app=piv;slot=9c;type=private");
    soft->memory->card_present = false;
    soft_reader_not_found(soft, "card:slot=9a", ERROR_NO_CARD, "insert");
    soft->memory->card_present = true;
    soft->card->options.unknown = true;
    soft->interloper = soft_remove_and_insert;
    soft_reader_not_found(soft, "card:slot=9a", ERROR_UNKNOWN_CARD, "ATR 3BFD");
    soft_reader_free(soft);
}

static void lists_plain_piv_by_its_key_history(void **state)
{
    (void)state;
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_PIV);
    struct card_uri *all;
    struct card_key_list list;
    soft_reader_key(soft, "9a=p256", "9a=/CN=a");
    soft_reader_key(soft, "82=p256", "82=/CN=r,gzip");
    assert_no_error(card_uri_parse("card:", &all));
    static const uint8_t none[] = {0x53, 0x08, 0xC1, 0x01, 0x00, 0xC2, 0x01, 0x00, 0xFE, 0x00};
    soft_state_object_set(&soft->card->state, 0x5FC10C, none, sizeof(none));
    assert_no_error(card_find_keys(soft->context, all, &list));
    assert_int_equal(list.count, 1);
    card_key_list_clear(&list);
    static const uint8_t one[] = {0x53, 0x08, 0xC1, 0x01, 0x01, 0xC2, 0x01, 0x00, 0xFE, 0x00};
    soft_state_object_set(&soft->card->state, 0x5FC10C, one, sizeof(one));
    assert_no_error(card_find_keys(soft->context, all, &list));
    assert_int_equal(list.count, 2);
    card_key_list_clear(&list);
    static const uint8_t absurd[] = {0x53, 0x03, 0xC1, 0x01, 0xFF};
    soft_state_object_set(&soft->card->state, 0x5FC10C, absurd, sizeof(absurd));
    assert_no_error(card_find_keys(soft->context, all, &list));
    assert_int_equal(list.count, 2);
    card_key_list_clear(&list);
    card_uri_free(all);
    soft_reader_free(soft);
}

static void reads_certificates(void **state)
{
    (void)state;
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_YUBIKEY);
    struct card_uri *uri;
    struct card_certificate_list list;
    uint8_t *der;
    size_t length;
    soft_reader_key(soft, "9a=p256", "9a=/CN=a,gzip");
    soft_reader_key(soft, "9c=p256", NULL);
    assert_no_error(card_uri_parse("card:", &uri));
    assert_no_error(card_find_certificates(soft->context, uri, &list));
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].uri, "card:serial=12345678;app=piv;slot=9a;type=cert");
    struct card_key *key = soft_reader_find(soft, "card:slot=9a");
    assert_no_error(card_key_certificate(key, &der, &length));
    assert_int_equal(length, list.items[0].der_length);
    assert_memory_equal(der, list.items[0].der, length);
    free(der);
    card_key_free(key);
    key = soft_reader_find(soft, "card:slot=9c");
    assert_error(card_key_certificate(key, &der, &length), ERROR_NOT_FOUND, "slot 9c");
    assert_null(der);
    card_key_free(key);
    card_certificate_list_clear(&list);
    card_uri_free(uri);
    soft_reader_free(soft);
}

/* ---- hostile answers --------------------------------------------------------------------- */

/* Metadata of a slot that no key can have: each is an error of that kind and no more. */
static void does_not_believe_metadata(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum error_code code;
    } cases[] = {
        {"9000", ERROR_CARD_ANSWER},                   /* nothing */
        {"01019000", ERROR_CARD_ANSWER},               /* cut */
        {"0101999000", ERROR_UNSUPPORTED},             /* unknown algorithm */
        {"0101110404860204049000", ERROR_CARD_ANSWER}, /* a point of two bytes */
        {"01011104009000", ERROR_CARD_ANSWER},         /* no point */
        {"010111048286009000", ERROR_CARD_ANSWER},     /* longer than the answer */
        {"0101070408810102820101"
         "9000",
         ERROR_CARD_ANSWER}, /* n = 2 */
        {"0101070403810100"
         "9000",
         ERROR_CARD_ANSWER}, /* no exponent */
        {"0101E0040486020000"
         "9000",
         ERROR_CARD_ANSWER},
        {"6982", ERROR_NOT_FOUND}, /* does not know metadata, as it were; no certificate either */
        {"6A88", ERROR_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_YUBIKEY);
        soft_reader_answer(soft, 0xF7, 0, -1, cases[i].answer);
        soft_reader_not_found(soft, "card:slot=9a", cases[i].code, "");
        soft_reader_free(soft);
    }
}

/* Every byte of a true answer, one at a time, is turned over, and every shorter answer is given. */
static void bears_torn_answers(void **state)
{
    (void)state;
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_PIV);
    soft_reader_key(soft, "9a=p256", "9a=/CN=a");
    struct soft_bytes answer = {0};
    assert_int_equal(harness_send(soft->card, SELECT_PIV "00", NULL), 0x9000);
    assert_int_equal(harness_send(soft->card, "00CB3FFF0000055C035FC1050000", &answer), 0x9000);
    for (size_t i = 0; i < 2 * answer.length; i++) {
        struct soft_bytes torn = {0};
        struct card_key *key;
        soft_bytes_append(&torn, answer.data, i < answer.length ? i : answer.length);
        if (i >= answer.length)
            torn.data[i - answer.length] ^= 0xFF;
        soft_bytes_append(&torn, "\x90\x00", 2);
        char *hex = soft_hex_encode(torn.data, torn.length);
        soft_reader_answer(soft, 0xCB, 0, -1, hex);
        struct error *error = soft_reader_search(soft, "card:slot=9a", &key);
        if (error == NULL) /* a byte of the name or the signature, which do not matter here */
            assert_true(i >= answer.length);
        else
            assert_true(error_code(error) == ERROR_CARD_ANSWER ||
                        error_code(error) == ERROR_NOT_FOUND);
        error_free(error);
        card_key_free(key);
        soft->answers[0].times = 0;
        free(hex);
        soft_bytes_free(&torn);
    }
    soft_bytes_free(&answer);
    soft_reader_free(soft);
}

static void bears_hostile_serials(void **state)
{
    (void)state;
    static const char *const answers[] = {"9000", "0102039000", "01020304059000"};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_YUBIKEY);
        struct card *card = the_card(soft);
        const char *serial;
        soft_reader_answer(soft, 0xF8, 0, -1, answers[i]);
        assert_error(card_serial(card, &serial), ERROR_CARD_ANSWER, "instead of 4");
        card_free(card);
        soft_reader_free(soft);
    }
    /* Without serial number and GUID, a card goes by its reader. */
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_PIV);
    soft_reader_key(soft, "9a=p256", "9a=/CN=a");
    soft_reader_answer(soft, 0xF8, 0, -1, "6D00");
    static const uint8_t chuid[] = {0x53, 0x12, 0x34, 0x10, 0, 0, 0, 0, 0, 0,
                                    0,    0,    0,    0,    0, 0, 0, 0, 0, 0};
    soft_state_object_set(&soft->card->state, 0x5FC102, chuid, sizeof(chuid));
    struct card_key *key = soft_reader_find(soft, "card:slot=9a");
    char *uri;
    assert_no_error(card_key_uri(key, CARD_OBJECT_PRIVATE_KEY, &uri));
    assert_string_equal(uri, "card:reader=Memory%2000%2000;app=piv;slot=9a;type=private");
    struct card_key *same = soft_reader_find(soft, uri);
    card_key_free(same);
    card_key_free(key);
    free(uri);
    soft_reader_free(soft);
}

/* ---- managing ---------------------------------------------------------------------------- */

static struct secret *admin(const char *text)
{
    struct secret *secret;
    assert_no_error(secret_new(text, strlen(text), &secret));
    return secret;
}

#define ADMIN_KEY "010203040506070801020304050607080102030405060708"

static void makes_keys(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"RSA-2048", "P-256", "P-384"};
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_YUBIKEY);
    struct card *card = the_card(soft);
    struct secret *key = admin(ADMIN_KEY);
    EVP_PKEY *made;
    for (size_t i = 0; i < 3; i++) {
        struct card_generate_options options = {
            .algorithm = algorithms[i], .pin_policy = CARD_POLICY_NEVER, .overwrite = i > 0};
        assert_no_error(
            card_generate_key(card, &(struct card_admin){.secret = key}, "9a", &options, &made));
        struct card_key *found = soft_reader_find(soft, "card:slot=9a");
        assert_int_equal(EVP_PKEY_eq(made, card_key_public(found)), 1);
        assert_no_error(soft_reader_sign(found)); /* without a PIN, as the policy says */
        card_key_free(found);
        EVP_PKEY_free(made);
    }
    struct card_generate_options options = {.algorithm = "P-256"};
    assert_error(
        card_generate_key(card, &(struct card_admin){.secret = key}, "9a", &options, &made),
        ERROR_ARGUMENT, "in use");
    assert_error(
        card_generate_key(card, &(struct card_admin){.secret = key}, "77", &options, &made),
        ERROR_NOT_FOUND, "no slot");
    options.algorithm = "RSA-1024";
    assert_error(
        card_generate_key(card, &(struct card_admin){.secret = key}, "9c", &options, &made),
        ERROR_UNSUPPORTED, "P-384");
    options =
        (struct card_generate_options){.algorithm = "P-256", .touch_policy = CARD_POLICY_ONCE};
    assert_error(
        card_generate_key(card, &(struct card_admin){.secret = key}, "9c", &options, &made),
        ERROR_ARGUMENT, "once");
    options = (struct card_generate_options){.algorithm = "P-256"};
    soft_reader_answer(soft, 0x47, 0, 1, "6A80");
    assert_error(
        card_generate_key(card, &(struct card_admin){.secret = key}, "9c", &options, &made),
        ERROR_UNSUPPORTED, "cannot make keys of the kind P-256");
    soft_reader_answer(soft, 0x47, 0, 1,
                       "7F4903860104"
                       "9000");
    assert_error(
        card_generate_key(card, &(struct card_admin){.secret = key}, "9c", &options, &made),
        ERROR_CARD_ANSWER, "");
    secret_free(key);
    card_free(card);
    soft_reader_free(soft);
}

static void proves_both_ways(void **state)
{
    (void)state;
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_YUBIKEY);
    struct card *card = the_card(soft);
    struct card_generate_options options = {.algorithm = "P-256"};
    EVP_PKEY *made;
    struct secret *key = admin("FF0203040506070801020304050607080102030405060708");
    assert_error(
        card_generate_key(card, &(struct card_admin){.secret = key}, "9a", &options, &made),
        ERROR_DENIED, "the right one");
    secret_free(key);
    key = admin("0102");
    assert_error(
        card_generate_key(card, &(struct card_admin){.secret = key}, "9a", &options, &made),
        ERROR_DENIED, "has 2");
    secret_free(key);
    key = admin(ADMIN_KEY);
    /* A card that does not know the key: it makes up the answer to our challenge. */
    soft_reader_answer(soft, 0x87, 1, 1,
                       "7C12821000000000000000000000000000000000"
                       "9000");
    assert_error(
        card_generate_key(card, &(struct card_admin){.secret = key}, "9a", &options, &made),
        ERROR_DENIED, "does not prove");
    soft_reader_answer(soft, 0x87, 0, 1,
                       "7C048002"
                       "0000"
                       "9000");
    assert_error(
        card_generate_key(card, &(struct card_admin){.secret = key}, "9a", &options, &made),
        ERROR_CARD_ANSWER, "witness");
    assert_no_error(
        card_generate_key(card, &(struct card_admin){.secret = key}, "9a", &options, &made));
    EVP_PKEY_free(made);
    secret_free(key);
    card_free(card);
    soft_reader_free(soft);
}

static void stores_certificates(void **state)
{
    (void)state;
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_YUBIKEY);
    struct secret *key = admin(ADMIN_KEY);
    uint8_t *der;
    size_t length;
    soft_reader_key(soft, "9a=p256", "9a=/CN=a");
    soft_reader_key(soft, "9c=p256", NULL);
    struct card_key *found = soft_reader_find(soft, "card:slot=9a");
    assert_no_error(card_key_certificate(found, &der, &length));
    card_key_free(found);
    struct card *card = the_card(soft);
    assert_no_error(
        card_store_certificate(card, &(struct card_admin){.secret = key}, "9a", der, length));
    assert_error(
        card_store_certificate(card, &(struct card_admin){.secret = key}, "9c", der, length),
        ERROR_OTHER_KEY, "9c");
    assert_error(
        card_store_certificate(card, &(struct card_admin){.secret = key}, "9d", der, length),
        ERROR_NOT_FOUND, "empty");
    assert_error(
        card_store_certificate(card, &(struct card_admin){.secret = key}, "9a", der, length - 1),
        ERROR_ARGUMENT, "none");
    assert_error(card_store_certificate(card, &(struct card_admin){.secret = key}, "9a", der, 0),
                 ERROR_ARGUMENT, "none");
    soft_reader_answer(soft, 0xDB, 0, 1, "6A84");
    assert_error(
        card_store_certificate(card, &(struct card_admin){.secret = key}, "9a", der, length),
        ERROR_UNSUPPORTED, "room");
    soft_reader_answer(soft, 0xDB, 0, 1, "6982");
    assert_error(
        card_store_certificate(card, &(struct card_admin){.secret = key}, "9a", der, length),
        ERROR_CARD_STATUS, "6982");
    free(der);
    secret_free(key);
    card_free(card);
    soft_reader_free(soft);
}

static void tells_the_pin_status(void **state)
{
    (void)state;
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_YUBIKEY);
    struct card *card = the_card(soft);
    struct card_pin_status status;
    soft->card->state.pin.tries = 2;
    assert_no_error(card_pin_status(card, &status));
    assert_false(status.verified || status.blocked);
    assert_int_equal(status.tries_left, 2);
    soft->card->state.pin.tries = 0;
    assert_no_error(card_pin_status(card, &status));
    assert_true(status.blocked);
    soft_reader_answer(soft, 0x20, 0, 1, "6D00");
    assert_error(card_pin_status(card, &status), ERROR_CARD_STATUS, "6D00");
    card_free(card);
    soft_reader_free(soft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_all_kinds),
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(lists_plain_piv_by_its_key_history),
        cmocka_unit_test(reads_certificates),
        cmocka_unit_test(does_not_believe_metadata),
        cmocka_unit_test(bears_torn_answers),
        cmocka_unit_test(bears_hostile_serials),
        cmocka_unit_test(makes_keys),
        cmocka_unit_test(proves_both_ways),
        cmocka_unit_test(stores_certificates),
        cmocka_unit_test(tells_the_pin_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
