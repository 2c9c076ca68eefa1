/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP cards in memory: how many commands keys take, what happens when others interfere, what is
 * changed on a card, and cards that lie. */
#include "manage.h"
#include "soft_reader.h"
#include "softcard/hex.h"
#include "softcard/setup_openpgp.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define SELECT_OPENPGP   "00A4040006D27600012401"
#define READ_APPLICATION "00CA006E000000"
#define SIG              "card:app=openpgp;slot=sig?pin-value=123456"
#define AUT              "card:app=openpgp;slot=aut?pin-value=123456"
#define DEC              "card:app=openpgp;slot=dec?pin-value=123456"

static void put_key(struct soft_reader *soft, const char *key)
{
    assert_null(soft_setup_pgp_key(soft->card, key));
}

static struct soft_reader *card_with(enum soft_profile profile, const char *const *keys)
{
    struct soft_reader *soft = soft_reader_new(profile);
    for (; *keys != NULL; keys++)
        put_key(soft, *keys);
    return soft;
}

static struct soft_reader *openpgp_card(void)
{
    static const char *const keys[] = {"sig=p256", "dec=p256", "aut=p256", NULL};
    return card_with(SOFT_PROFILE_OPENPGP, keys);
}

static struct soft_reader *yubikey(void)
{
    static const char *const keys[] = {"sig=p256", "dec=rsa2048", "aut=p256", NULL};
    return card_with(SOFT_PROFILE_YUBIKEY, keys);
}

static struct card *the_card(struct soft_reader *soft)
{
    struct card_uri *uri;
    struct card *card;
    assert_no_error(card_uri_parse("card:app=openpgp", &uri));
    assert_no_error(card_find(soft->context, uri, &card));
    card_uri_free(uri);
    return card;
}

static struct secret *secret_of(const char *text)
{
    struct secret *secret;
    assert_no_error(secret_new(text, strlen(text), &secret));
    return secret;
}

static void assert_signs(struct soft_reader *soft, struct card_key *key, const char *commands)
{
    assert_no_error(soft_reader_sign(key));
    assert_string_equal(soft_reader_log(soft), commands);
}

/* A key as from a reference: the public half and the URI are known, and nothing else. */
static struct card_key *reference_to(struct soft_reader *soft, const char *text, EVP_PKEY *public)
{
    struct card_uri *uri;
    struct card_key *key;
    assert_no_error(card_uri_parse(text, &uri));
    assert_no_error(
        card_key_from_reference(soft->context, uri, public, CARD_POLICY_ONCE, false, &key));
    card_uri_free(uri);
    return key;
}

static struct card_key *known_key(struct soft_reader *soft, const char *slot)
{
    char text[96];
    (void)snprintf(text, sizeof(text), "card:app=openpgp;slot=%s", slot);
    struct card_key *key = soft_reader_find(soft, text);
    EVP_PKEY *public = card_key_public(key);
    assert_true(EVP_PKEY_up_ref(public));
    card_key_free(key);
    (void)snprintf(text, sizeof(text),
                   "card:serial=fffe12345678;app=openpgp;slot=%s?pin-value=123456", slot);
    /* Another process starts with a context of its own. */
    card_context_free(soft->context);
    assert_no_error(card_context_new_with(NULL, &soft->system.base, &soft->context));
    key = reference_to(soft, text, public);
    EVP_PKEY_free(public);
    (void)soft_reader_log(soft);
    return key;
}

/* What the card says of itself, with status; bytes for soft_bytes_free(). */
static void read_application(struct soft_reader *soft, struct soft_bytes *out)
{
    assert_int_equal(harness_send(soft->card, SELECT_OPENPGP "00", NULL), 0x9000);
    assert_int_equal(harness_send(soft->card, READ_APPLICATION, out), 0x9000);
    soft_bytes_append(out, "\x90\x00", 2);
}

/* The place of a data object's value in it. */
static uint8_t *value_in(struct soft_bytes *bytes, uint8_t tag, uint8_t length)
{
    for (size_t i = 0; i + 2 < bytes->length; i++)
        if (bytes->data[i] == tag && bytes->data[i + 1] == length)
            return bytes->data + i + 2;
    fail();
    return NULL;
}

static void answer_bytes(struct soft_reader *soft, uint8_t ins, int skip, int times,
                         const struct soft_bytes *bytes)
{
    char *hex = soft_hex_encode(bytes->data, bytes->length);
    soft_reader_answer(soft, ins, skip, times, hex);
    free(hex);
}

/* ---- budgets ----------------------------------------------------------------------------- */

static void counts_commands(void **state)
{
    (void)state;
    struct soft_reader *soft = openpgp_card();
    struct card_key *aut = soft_reader_find(soft, AUT);
    assert_signs(soft, aut, "a4 ca 47 ca 20 88");
    assert_signs(soft, aut, "88");
    /* Another use of the same PIN, each time; the KDF is known by now. */
    struct card_key *sig = soft_reader_find(soft, SIG);
    assert_int_equal(card_key_pin_policy(sig), CARD_POLICY_ALWAYS);
    assert_signs(soft, sig, "47 20 2a");
    assert_signs(soft, sig, "20 2a");
    assert_signs(soft, aut, "88");
    card_key_free(aut);
    card_key_free(sig);
    soft_reader_free(soft);
}

/* Without a KDF: SELECT, the card's description, VERIFY, the signature. */
static void takes_four_commands_from_a_reference(void **state)
{
    (void)state;
    struct soft_reader *soft = openpgp_card();
    struct soft_bytes application = {0};
    struct card_key *key = known_key(soft, "aut");
    read_application(soft, &application);
    *value_in(&application, 0xC0, 10) &= 0xFE;
    answer_bytes(soft, 0xCA, 0, 1, &application);
    assert_signs(soft, key, "a4 ca 20 88");
    assert_signs(soft, key, "88");
    card_key_free(key);
    soft_bytes_free(&application);
    soft_reader_free(soft);
}

static void recovers_from_others(void **state)
{
    (void)state;
    struct soft_reader *soft = openpgp_card();
    struct card_key *key = soft_reader_find(soft, AUT);
    assert_no_error(soft_reader_sign(key));
    (void)soft_reader_log(soft);
    soft->interloper = soft_select_dummy;
    assert_signs(soft, key, "88 a4 ca ca 20 88");
    soft->interloper = soft_reset;
    assert_signs(soft, key, "a4 ca ca 20 88");
    assert_signs(soft, key, "88");
    soft->interloper = soft_remove_and_insert;
    assert_signs(soft, key, "a4 ca ca 20 88");
    card_key_free(key);
    soft_reader_free(soft);
}

/* Of two applications on one card each one's state goes when the other is selected. */
static void alternates_with_piv(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    soft_reader_key(soft, "9a=p256", NULL);
    struct card_key *piv = soft_reader_find(soft, "card:slot=9a?pin-value=123456");
    struct card_key *aut = soft_reader_find(soft, AUT);
    for (int i = 0; i < 3; i++) {
        assert_no_error(soft_reader_sign(piv));
        assert_no_error(soft_reader_sign(aut));
    }
    assert_int_equal(soft->card->state.pin.tries, 3);
    assert_int_equal(soft->card->state.openpgp.passwords[SOFT_PGP_PW1].tries, 3);
    card_key_free(aut);
    card_key_free(piv);
    soft_reader_free(soft);
}

/* ---- what cannot be checked afterwards --------------------------------------------------- */

static struct error *agree(struct card_key *key)
{
    uint8_t point[65];
    uint8_t secret[66];
    size_t length;
    EVP_PKEY *peer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(peer, "encoded-pub-key", point, sizeof(point), &length), 1);
    EVP_PKEY_free(peer);
    struct error *error = card_key_prepare_pin(key, NULL, NULL, NULL);
    return error != NULL
               ? error
               : card_key_derive(key, CARD_MECHANISM_ECDH, point, length, secret, &length);
}

/* A key that was replaced behind our back is found out before a secret is made with it. */
static void compares_before_agreeing(void **state)
{
    (void)state;
    struct soft_reader *soft = openpgp_card();
    struct card_key *key = known_key(soft, "dec");
    assert_no_error(agree(key));
    assert_string_equal(soft_reader_log(soft), "a4 ca ca 20 47 2a");
    assert_no_error(agree(key));
    assert_string_equal(soft_reader_log(soft), "2a");
    soft_openpgp_key_remove(&soft->card->state.openpgp, SOFT_PGP_DEC);
    put_key(soft, "dec=p256");
    soft->interloper = soft_reset;
    assert_error(agree(key), ERROR_OTHER_KEY, "another key");
    card_key_free(key);
    soft_reader_free(soft);
}

static struct error *decrypt(struct card_key *key)
{
    uint8_t block[256] = {0};
    uint8_t out[256];
    size_t length;
    RAND_bytes(block + 1, sizeof(block) - 1);
    struct error *error = card_key_prepare_pin(key, NULL, NULL, NULL);
    return error != NULL ? error
                         : card_key_decrypt(key, CARD_MECHANISM_RSA_DECRYPT_PKCS1, block,
                                            sizeof(block), out, &length);
}

/* Whatever status a card has for bad padding: one command, and no second look. */
static void tells_nothing_of_padding(void **state)
{
    (void)state;
    static const char *const statuses[] = {NULL, "6A80", "6F00", "6985", "6581", "6400"};
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, DEC);
    assert_error(decrypt(key), ERROR_PADDING, "");
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i] != NULL)
            soft_reader_answer(soft, 0x2A, 0, 1, statuses[i]);
        (void)soft_reader_log(soft);
        assert_error(decrypt(key), ERROR_PADDING, "");
        assert_string_equal(soft_reader_log(soft), "2a");
    }
    /* A lost state is something else. */
    soft->interloper = soft_select_dummy;
    assert_error(decrypt(key), ERROR_PADDING, "");
    assert_string_equal(soft_reader_log(soft), "2a a4 ca ca 20 47 2a");
    card_key_free(key);
    soft_reader_free(soft);
}

/* ---- hostile answers --------------------------------------------------------------------- */

static void does_not_believe_descriptions(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag, length; /* what is changed: its value ... */
        uint8_t at, value;   /* ... there, to that */
        enum error_code code;
    } cases[] = {
        {0x4F, 16, 0, 0xA0, ERROR_UNKNOWN_CARD}, /* another application's AID */
        {0x4F, 16, 6, 0x01, ERROR_UNSUPPORTED},  /* version 1 */
        {0xC1, 9, 0, 0x77, ERROR_UNSUPPORTED},   /* attributes of an unknown kind */
        {0xC1, 9, 3, 0xCF, ERROR_UNSUPPORTED},   /* of an unknown curve */
        {0xDE, 6, 1, 0x00, ERROR_NOT_FOUND},     /* no signature key */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct soft_reader *soft = openpgp_card();
        struct soft_bytes application = {0};
        struct card_key *key;
        read_application(soft, &application);
        value_in(&application, cases[i].tag, cases[i].length)[cases[i].at] = cases[i].value;
        answer_bytes(soft, 0xCA, 0, -1, &application);
        assert_error(soft_reader_search(soft, SIG, &key), cases[i].code, "");
        soft_bytes_free(&application);
        soft_reader_free(soft);
    }
}

/* Lengths that lie, and statuses: no description, no card. */
static void refuses_other_descriptions(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum error_code code;
    } cases[] = {
        {"9000", ERROR_UNKNOWN_CARD},
        {"6D00", ERROR_UNKNOWN_CARD},
        {"6A88", ERROR_UNKNOWN_CARD},
        {"4F0AD27600012401030400069000", ERROR_CARD_ANSWER},             /* an AID cut short */
        {"4F10D276000124010304FFFE1234567800009000", ERROR_CARD_ANSWER}, /* nothing else */
        {"6E124F10D276000124010304FFFE1234567800009000", ERROR_CARD_ANSWER},
        {"4F10D276000124010304FFFE123456780000730AC0049000", ERROR_CARD_ANSWER},
        {"4F10D276000124010304FFFE1234567800007304C0027D009000", ERROR_CARD_ANSWER},
        {"4F10D276000124010304FFFE12345678000073830FFFFF9000", ERROR_CARD_ANSWER},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct soft_reader *soft = openpgp_card();
        struct card_key *key;
        soft_reader_answer(soft, 0xCA, 0, -1, cases[i].answer);
        assert_error(soft_reader_search(soft, SIG, &key), cases[i].code, "");
        soft_reader_free(soft);
    }
}

/* Every byte of a true description, one at a time, is turned over, and every shorter one is given:
   a PIN is sent to what is the same card still, and the signature checks. */
static void bears_torn_descriptions(void **state)
{
    (void)state;
    struct soft_reader *soft = openpgp_card();
    struct soft_bytes whole = {0};
    read_application(soft, &whole);
    size_t length = whole.length - 2;
    size_t found = 0;
    for (size_t i = 0; i < 2 * length; i++) {
        struct soft_bytes torn = {0};
        struct card_key *key;
        soft_bytes_append(&torn, whole.data, i < length ? i : length);
        if (i >= length)
            torn.data[i - length] ^= 0xFF;
        soft_bytes_append(&torn, "\x90\x00", 2);
        card_context_free(soft->context);
        assert_no_error(card_context_new_with(NULL, &soft->system.base, &soft->context));
        answer_bytes(soft, 0xCA, 0, 1, &torn);
        struct error *error = soft_reader_search(soft, SIG, &key);
        if (error == NULL) {
            found++;
            error_free(soft_reader_sign(key));
            card_key_free(key);
        }
        error_free(error);
        free((uint8_t *)soft->answers[0].response);
        soft->answers[0] = (struct soft_answer){0};
        soft_bytes_free(&torn);
    }
    assert_true(found > 0 && found < 2 * length);
    assert_int_equal(soft->card->state.openpgp.passwords[SOFT_PGP_PW1].tries, 3);
    soft_bytes_free(&whole);
    soft_reader_free(soft);
}

static void does_not_believe_public_keys(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum error_code code;
    } cases[] = {
        {"9000", ERROR_CARD_ANSWER},
        {"7F49009000", ERROR_CARD_ANSWER},
        {"7F4904860204049000", ERROR_CARD_ANSWER},
        {"7F490986028101820101"
         "9000",
         ERROR_CARD_ANSWER},
        {"7F4982FFFF869000", ERROR_CARD_ANSWER},
        {"6A88", ERROR_NOT_FOUND},
        {"6982", ERROR_CARD_STATUS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct soft_reader *soft = openpgp_card();
        struct card_key *key;
        soft_reader_answer(soft, 0x47, 0, -1, cases[i].answer);
        assert_error(soft_reader_search(soft, SIG, &key), cases[i].code, "");
        soft_reader_free(soft);
    }
}

/* Signatures that are none, of lengths that cannot be, or empty. */
static void checks_signatures(void **state)
{
    (void)state;
    struct soft_reader *soft = openpgp_card();
    struct card_key *key = soft_reader_find(soft, AUT);
    char zeros[2 * 2 * 33 + 4 + 1];
    assert_no_error(soft_reader_sign(key));
    for (size_t length = 0; length <= 66; length += 2) {
        enum error_code code = length == 64 ? ERROR_SIGNATURE : ERROR_CARD_ANSWER;
        memset(zeros, '1', 2 * length);
        (void)strcpy(zeros + 2 * length, "9000");
        soft_reader_answer(soft, 0x88, 0, 2, zeros); /* once more after a fresh start */
        assert_error(soft_reader_sign(key), code, "card");
    }
    assert_no_error(soft_reader_sign(key));
    card_key_free(key);
    soft_reader_free(soft);
}

/* ---- certificates ------------------------------------------------------------------------ */

static void knows_cards_with_one_certificate(void **state)
{
    (void)state;
    struct soft_reader *soft = openpgp_card();
    uint8_t *der;
    size_t length;
    assert_null(soft_setup_pgp_certificate(soft->card, "aut=/CN=a"));
    struct card_key *aut = soft_reader_find(soft, AUT);
    struct card_key *sig = soft_reader_find(soft, SIG);
    soft_reader_answer(soft, 0xA5, 0, 3, "6D00"); /* the second key is looked at twice */
    assert_no_error(card_key_certificate(aut, &der, &length));
    free(der);
    assert_error(card_key_certificate(sig, &der, &length), ERROR_UNSUPPORTED, "one certificate");
    assert_error(card_key_certificate(sig, &der, &length), ERROR_NOT_FOUND, "slot sig");
    card_key_free(sig);
    card_key_free(aut);
    soft_reader_free(soft);
}

/* YubiKeys before 5.4.4 want one more byte. */
static void asks_old_yubikeys_in_their_way(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    uint8_t *der;
    size_t length;
    assert_null(soft_setup_pgp_certificate(soft->card, "aut=/CN=a"));
    struct card_key *aut = soft_reader_find(soft, AUT);
    (void)soft_reader_log(soft);
    soft_reader_answer(soft, 0xA5, 0, 1, "6A80");
    soft_reader_answer(soft, 0xA5, 0, 1, "9000");
    assert_no_error(card_key_certificate(aut, &der, &length));
    assert_string_equal(soft_reader_log(soft), "a5 a5 ca");
    free(der);
    card_key_free(aut);
    soft_reader_free(soft);
}

/* ---- secrets ----------------------------------------------------------------------------- */

static struct error *change(struct card *card, enum card_secret which, const char *proof,
                            const char *value, bool unblock)
{
    struct secret *secrets[] = {secret_of(proof), secret_of(value)};
    const struct card_change wanted = {
        .which = which, .proof = secrets[0], .new_value = secrets[1]};
    struct error *error =
        unblock ? card_unblock_pin(card, &wanted) : card_change_secret(card, &wanted);
    secret_free(secrets[0]);
    secret_free(secrets[1]);
    return error;
}

static void changes_and_unblocks(enum soft_profile profile, const char *kdf)
{
    static uint32_t serial = 1; /* what one card refused is not sent to it again */
    struct soft_reader *soft = soft_reader_new(profile);
    soft->card->state.serial = serial++;
    struct soft_password *passwords = soft->card->state.openpgp.passwords;
    struct card_secret_info info;
    struct card *card = the_card(soft);
    if (kdf != NULL) { /* hashed by gpg, as it were: with the first passwords */
        assert_int_equal(harness_send(soft->card, SELECT_OPENPGP "00", NULL), 0x9000);
        assert_int_equal(harness_send(soft->card, "00200083083132333435363738", NULL), 0x9000);
        assert_int_equal(harness_send(soft->card, kdf, NULL), 0x9000);
    }
    assert_no_error(card_read_secret_info(card, CARD_SECRET_PUK, &info));
    assert_int_equal(info.set, CARD_NO);
    assert_no_error(change(card, CARD_SECRET_PIN, "123456", "geheim", false));
    assert_error(change(card, CARD_SECRET_PIN, "123457", "654321", false), ERROR_PIN_WRONG,
                 "tries left: 2");
    assert_error(change(card, CARD_SECRET_PIN, "123457", "654321", false), ERROR_PIN_WRONG,
                 "before");
    assert_error(change(card, CARD_SECRET_PIN, "geheim", "12345", false), ERROR_PIN_FORMAT, "6 to");
    assert_no_error(change(card, CARD_SECRET_ADMIN, "12345678", "administrator", false));
    assert_no_error(change(card, CARD_SECRET_PUK, "administrator", "resetting", false));
    assert_no_error(card_read_secret_info(card, CARD_SECRET_PUK, &info));
    assert_int_equal(info.set, CARD_YES);
    passwords[SOFT_PGP_PW1].tries = 0;
    assert_error(change(card, CARD_SECRET_PIN, "geheim", "654321", false), ERROR_PIN_BLOCKED, "");
    assert_no_error(change(card, CARD_SECRET_PUK, "resetting", "111111", true));
    assert_no_error(change(card, CARD_SECRET_PIN, "111111", "222222", false));
    passwords[SOFT_PGP_PW1].tries = 0;
    assert_error(change(card, CARD_SECRET_ADMIN, "12345678", "333333", true), ERROR_PIN_WRONG,
                 "tries left: 2");
    assert_no_error(change(card, CARD_SECRET_ADMIN, "administrator", "333333", true));
    assert_no_error(change(card, CARD_SECRET_PIN, "333333", "123456", false));
    assert_int_equal(passwords[SOFT_PGP_PW1].tries, 3);
    card_free(card);
    soft_reader_free(soft);
}

static void changes_secrets(void **state)
{
    (void)state;
    changes_and_unblocks(SOFT_PROFILE_OPENPGP, NULL);
    changes_and_unblocks(SOFT_PROFILE_YUBIKEY, NULL);
}

/* SHA-256 of 1024 bytes, salt and password again and again, with a salt for each of the three. */
static void changes_hashed_secrets(void **state)
{
    (void)state;
    char kdf[300];
    uint8_t hash[2][32];
    static const char *const passwords[] = {"01234567123456", "8901234512345678"};
    for (size_t i = 0; i < 2; i++) {
        uint8_t all[1024];
        for (size_t j = 0; j < sizeof(all); j++)
            all[j] = (uint8_t)passwords[i][j % strlen(passwords[i])];
        assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, all, sizeof(all), hash[i], NULL), 1);
    }
    char *user = soft_hex_encode(hash[0], 32);
    char *admin = soft_hex_encode(hash[1], 32);
    (void)snprintf(kdf, sizeof(kdf),
                   "00DA00F96E" /* 110 bytes follow */
                   "810103820108830400000400"
                   "84083031323334353637"
                   "85083132333435363738"
                   "86083839303132333435"
                   "8720%s8820%s",
                   user, admin);
    changes_and_unblocks(SOFT_PROFILE_OPENPGP, kdf);
    changes_and_unblocks(SOFT_PROFILE_YUBIKEY, kdf);
    free(user);
    free(admin);
}

/* ---- reset ------------------------------------------------------------------------------- */

static void assert_new(struct soft_reader *soft)
{
    assert_false(soft->card->state.openpgp.terminated);
    assert_null(soft->card->state.openpgp.keys[SOFT_PGP_SIG].pkey);
    assert_int_equal(soft->card->state.openpgp.passwords[SOFT_PGP_PW1].tries, 3);
}

static void resets(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct soft_reader *soft = i % 2 == 0 ? yubikey() : openpgp_card();
        struct secret *secret = secret_of("12345678");
        const struct card_admin admin = {.secret = secret};
        struct card_key *key;
        struct card *card = the_card(soft);
        assert_no_error(card_reset(card, i < 2 ? &admin : NULL));
        assert_new(soft);
        assert_error(soft_reader_search(soft, SIG, &key), ERROR_NOT_FOUND, "empty");
        secret_free(secret);
        card_free(card);
        soft_reader_free(soft);
    }
}

/* Cut short between its two halves, it is finished by another one. */
static void finishes_a_reset(void **state)
{
    (void)state;
    struct soft_reader *soft = openpgp_card();
    struct card_key *key;
    struct card *card = the_card(soft);
    soft_reader_answer(soft, 0x44, 0, 1, "6F00");
    assert_error(card_reset(card, NULL), ERROR_CARD_STATUS, "was not finished");
    assert_true(soft->card->state.openpgp.terminated);
    card_free(card);
    card_context_free(soft->context);
    assert_no_error(card_context_new_with(NULL, &soft->system.base, &soft->context));
    assert_error(soft_reader_search(soft, SIG, &key), ERROR_UNSUPPORTED, "terminated");
    card = the_card(soft);
    assert_no_error(card_reset(card, NULL));
    assert_new(soft);
    card_free(card);
    soft_reader_free(soft);
}

static void says_what_it_can_make(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_algorithms algorithms;
    struct card_make make;
    struct card *card = the_card(soft);
    assert_no_error(card_read_algorithms(card, "sig", &algorithms));
    assert_true(algorithms.certain);
    assert_int_equal(algorithms.count, 11);
    assert_no_error(card_read_algorithms(card, "dec", &algorithms));
    assert_string_equal(algorithms.names[algorithms.count - 1], "X25519");
    soft_reader_answer(soft, 0xCA, 0, 1, "6A88");
    assert_no_error(card_read_algorithms(card, "aut", &algorithms));
    assert_false(algorithms.certain);
    /* A header whose length is too long by two, as YubiKeys have it. */
    soft_reader_answer(soft, 0xCA, 0, 1,
                       "FA0AC106010800001100"
                       "9000");
    assert_no_error(card_read_algorithms(card, "sig", &algorithms));
    assert_int_equal(algorithms.count, 1);
    assert_string_equal(algorithms.names[0], "RSA-2048");
    assert_no_error(card_read_make(card, &make));
    assert_string_equal(make.name, "YubiKey");
    assert_true(make.version_known);
    card_free(card);
    soft_reader_free(soft);
}

/* ---- deleting ---------------------------------------------------------------------------- */

static void deletes_keys(void **state)
{
    (void)state;
    struct soft_reader *soft = yubikey();
    struct card_key *key = soft_reader_find(soft, SIG);
    struct card *card = the_card(soft);
    assert_no_error(card_key_delete(key, NULL));
    assert_null(soft->card->state.openpgp.keys[SOFT_PGP_SIG].pkey);
    assert_non_null(soft->card->state.openpgp.keys[SOFT_PGP_AUT].pkey);
    card_key_free(key);
    /* A card that keeps them all the same says so. */
    key = soft_reader_find(soft, AUT);
    soft_reader_answer(soft, 0xDA, 0, -1, "9000");
    assert_error(card_key_delete(key, NULL), ERROR_UNSUPPORTED, "only a reset");
    card_key_free(key);
    card_free(card);
    soft_reader_free(soft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_commands),
        cmocka_unit_test(takes_four_commands_from_a_reference),
        cmocka_unit_test(recovers_from_others),
        cmocka_unit_test(alternates_with_piv),
        cmocka_unit_test(compares_before_agreeing),
        cmocka_unit_test(tells_nothing_of_padding),
        cmocka_unit_test(does_not_believe_descriptions),
        cmocka_unit_test(refuses_other_descriptions),
        cmocka_unit_test(bears_torn_descriptions),
        cmocka_unit_test(does_not_believe_public_keys),
        cmocka_unit_test(checks_signatures),
        cmocka_unit_test(knows_cards_with_one_certificate),
        cmocka_unit_test(asks_old_yubikeys_in_their_way),
        cmocka_unit_test(changes_secrets),
        cmocka_unit_test(changes_hashed_secrets),
        cmocka_unit_test(resets),
        cmocka_unit_test(finishes_a_reset),
        cmocka_unit_test(says_what_it_can_make),
        cmocka_unit_test(deletes_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
