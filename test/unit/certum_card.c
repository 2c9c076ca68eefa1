/* SPDX-License-Identifier: BSD-2-Clause */
/* Certum cards in memory: which certificate is whose, and cards that lie or are unlike jsign's. */
#include "soft_reader.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define WITH_PIN "?pin-value=123456"

static struct soft_reader *certum(void)
{
    return soft_reader_new(SOFT_PROFILE_CERTUM);
}

static struct soft_certum *state_of(struct soft_reader *soft)
{
    return &soft->card->state.certum;
}

/* RSA signs hashes in a DigestInfo, which soft_reader_sign() does not make. */
static struct error *sign_info(struct card_key *key, const uint8_t *in, size_t length)
{
    uint8_t signature[512];
    size_t signature_length;
    struct error *error = card_key_prepare_pin(key, NULL, NULL, NULL);
    return error != NULL ? error
                         : card_key_sign(key, CARD_MECHANISM_RSA_PKCS1, in, length, signature,
                                         &signature_length);
}

/* RFC 8017 9.2, note 1: SHA-256, of a hash of zeros. */
#define INFO_START                                                                                 \
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,      \
        0x05, 0x00, 0x04, 0x20
static const uint8_t info[51] = {INFO_START};

/* ---- finding ------------------------------------------------------------------------------- */

static void finds_and_signs(void **state)
{
    (void)state;
    struct soft_reader *soft = certum();
    soft_reader_key(soft, "rsa1=rsa2048", "rsa1=/CN=r");
    soft_reader_key(soft, "ec1=p256", "ec1=/CN=e");
    soft_reader_key(soft, "ec15=p521", "ec15=/CN=f");
    struct card_key *key = soft_reader_find(soft, "card:slot=EC15" WITH_PIN);
    assert_int_equal(EVP_PKEY_get_bits(card_key_public(key)), 521);
    assert_true(card_key_can(key, CARD_MECHANISM_ECDSA));
    assert_false(card_key_can(key, CARD_MECHANISM_ECDH));
    (void)soft_reader_log(soft);
    assert_no_error(soft_reader_sign(key));
    assert_string_equal(soft_reader_log(soft), "20 20 22 2a 2a");
    assert_no_error(soft_reader_sign(key));
    assert_string_equal(soft_reader_log(soft), "20 22 2a 2a");
    card_key_free(key);
    key = soft_reader_find(soft, "card:slot=rsa1" WITH_PIN);
    assert_string_equal(soft_reader_log(soft), "cb c0 c0"); /* selected it is still */
    assert_false(card_key_can(key, CARD_MECHANISM_RSA_RAW));
    assert_false(card_key_can(key, CARD_MECHANISM_RSA_DECRYPT_PKCS1));
    assert_no_error(sign_info(key, info, sizeof(info)));
    card_key_free(key);
    soft_reader_not_found(soft, "card:slot=rsa16", ERROR_NOT_FOUND,
                          "rsa1 to rsa15 and ec1 to ec15");
    soft_reader_not_found(soft, "card:slot=rsa01", ERROR_NOT_FOUND, "no such slot");
    soft_reader_not_found(soft, "card:slot=rsa2", ERROR_NOT_FOUND, "slot rsa2 is empty");
    soft_reader_free(soft);
}

static void refuses_what_it_does_not_encode(void **state)
{
    (void)state;
    static const uint8_t null_missing[] = {0x30, 0x2F, 0x30, 0x0B, 0x06, 0x09, 0x60, 0x86, 0x48,
                                           0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04, 0x20};
    struct soft_reader *soft = certum();
    soft_reader_key(soft, "rsa1=rsa2048", NULL);
    struct card_key *key = soft_reader_find(soft, "card:slot=rsa1" WITH_PIN);
    uint8_t other[sizeof(info)];
    (void)soft_reader_log(soft);
    for (size_t at = 0; at < 19; at++) {
        memcpy(other, info, sizeof(other));
        other[at] ^= 0x01;
        assert_error(sign_info(key, other, sizeof(other)), ERROR_UNSUPPORTED, "SHA-256");
    }
    assert_error(sign_info(key, info, sizeof(info) - 1), ERROR_UNSUPPORTED, "SHA-256");
    assert_error(sign_info(key, info, 0), ERROR_UNSUPPORTED, "SHA-256");
    assert_error(sign_info(key, null_missing, sizeof(null_missing)), ERROR_UNSUPPORTED, "SHA-256");
    assert_string_equal(soft_reader_log(soft), "");
    card_key_free(key);
    soft_reader_free(soft);
}

/* ---- whose certificate it is --------------------------------------------------------------- */

static void goes_by_labels(void **state)
{
    (void)state;
    struct soft_reader *soft = certum();
    soft_reader_key(soft, "ec1=p256", "ec1=/CN=one");
    soft_reader_key(soft, "ec2=p256", "ec2=/CN=two");
    struct soft_certum_certificate *certificates = state_of(soft)->certificates;
    struct card_key *key = soft_reader_find(soft, "card:slot=ec2" WITH_PIN);
    assert_no_error(soft_reader_sign(key));
    card_key_free(key);
    /* Labels that are mixed up: the signature does not verify, and is withheld. */
    struct soft_bytes label = certificates[1].label;
    certificates[1].label = certificates[2].label;
    certificates[2].label = label;
    key = soft_reader_find(soft, "card:slot=ec2" WITH_PIN);
    assert_error(soft_reader_sign(key), ERROR_SIGNATURE, "withheld");
    card_key_free(key);
    /* None that can be told from the other. */
    soft_bytes_set(&certificates[1].label, "x", 1);
    soft_bytes_set(&certificates[2].label, "y", 1);
    soft_reader_not_found(soft, "card:slot=ec2", ERROR_NOT_FOUND, "cannot be told which");
    /* Nor any without a label. */
    soft_bytes_clear(&certificates[1].label);
    soft_bytes_clear(&state_of(soft)->keys[SOFT_CERTUM_EC][2].label);
    soft_reader_not_found(soft, "card:slot=ec2", ERROR_NOT_FOUND, "cannot be told which");
    soft_reader_free(soft);
}

static void takes_the_only_one(void **state)
{
    (void)state;
    struct soft_reader *soft = certum();
    soft_reader_key(soft, "ec1=p256", "ec1=/CN=one");
    soft_reader_key(soft, "ec2=p384", "ec2=/CN=two");
    soft_bytes_set(&state_of(soft)->certificates[1].label, "other", 5);
    struct card_key *key = soft_reader_find(soft, "card:slot=ec1" WITH_PIN);
    assert_no_error(soft_reader_sign(key));
    card_key_free(key);
    soft_reader_free(soft);
}

/* RSA: by the public key, whatever the label. */
static void matches_rsa_by_its_numbers(void **state)
{
    (void)state;
    struct soft_reader *soft = certum();
    soft_reader_key(soft, "rsa1=rsa2048", "rsa1=/CN=one");
    soft_reader_key(soft, "rsa2=rsa2048", "rsa2=/CN=two");
    soft_bytes_set(&state_of(soft)->certificates[1].label, "rsa2", 4);
    soft_bytes_set(&state_of(soft)->certificates[2].label, "rsa1", 4);
    struct card_key *key = soft_reader_find(soft, "card:slot=rsa2");
    uint8_t *der;
    size_t length;
    assert_no_error(card_key_certificate(key, &der, &length));
    const struct soft_bytes *stored = &state_of(soft)->certificates[2].der;
    assert_int_equal(length, stored->length);
    assert_memory_equal(der, stored->data, length);
    free(der);
    card_key_free(key);
    soft_reader_free(soft);
}

/* Gives the certificate another beginning, `days` from now; its signature does not matter. */
static void set_beginning(struct soft_bytes *der, long days)
{
    const uint8_t *place = der->data;
    X509 *certificate = d2i_X509(NULL, &place, (long)der->length);
    uint8_t *encoded = NULL;
    assert_non_null(certificate);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), days * 86400));
    int length = i2d_re_X509_tbs(certificate, NULL) > 0 ? i2d_X509(certificate, &encoded) : 0;
    assert_true(length > 0);
    soft_bytes_set(der, encoded, (size_t)length);
    OPENSSL_free(encoded);
    X509_free(certificate);
}

/* Of two for one key the newer, wherever it is. */
static void takes_the_newer_certificate(void **state)
{
    (void)state;
    for (long days = -100; days <= 100; days += 200) {
        struct soft_reader *soft = certum();
        struct soft_certum_certificate *certificates = state_of(soft)->certificates;
        uint8_t *der;
        size_t length;
        soft_reader_key(soft, "rsa1=rsa1024", "rsa1=/CN=one");
        soft_bytes_set(&certificates[1].label, "old", 3);
        soft_reader_key(soft, "rsa1=rsa1024", "rsa1=/CN=two");
        set_beginning(&certificates[1].der, days);
        struct card_key *key = soft_reader_find(soft, "card:slot=rsa1");
        assert_no_error(card_key_certificate(key, &der, &length));
        const struct soft_bytes *newer = &certificates[days > 0 ? 1 : 2].der;
        assert_int_equal(length, newer->length);
        assert_memory_equal(der, newer->data, length);
        free(der);
        card_key_free(key);
        soft_reader_free(soft);
    }
}

/* Before its PIN the card may not show a modulus: then the certificate tells it. */
static void reads_rsa_from_the_certificate(void **state)
{
    (void)state;
    struct soft_reader *soft = certum();
    soft_reader_key(soft, "rsa1=rsa2048", "rsa1=/CN=one");
    soft_reader_answer(soft, 0xCB, 0, -1, "6982");
    struct card_key *key = soft_reader_find(soft, "card:slot=rsa1" WITH_PIN);
    assert_no_error(sign_info(key, info, sizeof(info)));
    card_key_free(key);
    soft_reader_free(soft);
}

/* ---- cards that lie ------------------------------------------------------------------------ */

static void survives_bad_public_keys(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "9000",
        "B603830121 9000",                            /* one object, nothing in it after */
        "B603830121 7F4900 9000",                     /* an empty key */
        "B603830121 7F4904820201029000",              /* no modulus first */
        "B603830121 7F490481020102 9000",             /* a modulus of nine bits */
        "B603830121 7F4982FFFF8102 9000",             /* longer than it is */
        "7F4906B6007F49028100 9000",                  /* nested */
        "B603830121 7F49078102FFFF8101 9000",         /* cut short */
        "B603830121 7F490881020001830300010001 9000", /* not an exponent */
        "808000009000",
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        char hex[128] = "";
        for (const char *from = answers[i]; *from != '\0'; from++)
            if (*from != ' ')
                strncat(hex, from, 1);
        struct soft_reader *soft = certum();
        soft_reader_key(soft, "rsa1=rsa1024", NULL);
        soft_reader_answer(soft, 0xCB, 0, -1, hex);
        soft_reader_not_found(soft, "card:slot=rsa1", ERROR_CARD_ANSWER, "");
        soft_reader_free(soft);
    }
}

/* Files: the second select (the first is the application's) and what is read. */
static void survives_bad_files(void **state)
{
    (void)state;
    static const char *const pages[] = {"9000", "009000", "6F00", "6A86", "6982", "00"};
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        struct soft_reader *soft = certum();
        struct card_key *key;
        soft_reader_key(soft, "ec1=p256", "ec1=/CN=e");
        soft_reader_answer(soft, 0xB0, 0, -1, pages[i]);
        struct error *error = soft_reader_search(soft, "card:slot=ec1", &key);
        assert_non_null(error);
        error_free(error);
        soft_reader_free(soft);
    }
}

/* A page of 256 bytes without end, and one of 257. */
static void does_not_read_for_ever(void **state)
{
    (void)state;
    char page[2 * 259 + 1];
    memset(page, '1', sizeof(page));
    for (int more = 0; more < 2; more++) {
        struct soft_reader *soft = certum();
        memcpy(page + (more ? 514 : 512), "9000", 5);
        soft_reader_answer(soft, 0xB0, 0, -1, page);
        soft_reader_not_found(soft, "card:app=certum", ERROR_CARD_ANSWER,
                              more ? "more of a file" : "does not end");
        memset(page, '1', sizeof(page));
        soft_reader_free(soft);
    }
}

static void survives_bad_certificates(void **state)
{
    (void)state;
    struct soft_reader *soft = certum();
    soft_reader_key(soft, "ec1=p256", "ec1=/CN=e");
    struct soft_bytes *der = &state_of(soft)->certificates[1].der;
    for (size_t length = der->length - 1; length > 0; length -= length > 40 ? 40 : 1) {
        der->length = length;
        soft_reader_not_found(soft, "card:slot=ec1", ERROR_CARD_ANSWER, "certificate");
    }
    soft_reader_free(soft);
}

/* A file that ends where a page does: the next page is outside of it. Signatures differ in length.
 */
static void reads_whole_pages(void **state)
{
    (void)state;
    struct soft_reader *soft = certum();
    struct soft_bytes *der = &state_of(soft)->certificates[1].der;
    char subject[96] = "ec1=/CN=x/O=";
    size_t start = strlen(subject);
    size_t letters = 1;
    soft_reader_key(soft, "ec1=p256", "ec1=/CN=x/O=y/OU=z");
    while ((0x86 + der->length) % 256 != 0) {
        letters = letters % 64 + 1;
        memset(subject + start, 'y', letters);
        subject[start + letters] = '\0';
        soft_bytes_clear(der);
        soft_reader_key(soft, "ec1=p256", subject);
    }
    card_key_free(soft_reader_find(soft, "card:slot=ec1"));
    soft_reader_free(soft);
}

static void withholds_bad_signatures(void **state)
{
    (void)state;
    static const char *const answers[] = {"9000", "009000", "6F00", "6982"};
    char zeros[2 * 64 + 5] = "";
    memset(zeros, '0', 128);
    memcpy(zeros + 128, "9000", 5);
    for (size_t i = 0; i <= sizeof(answers) / sizeof(answers[0]); i++) {
        struct soft_reader *soft = certum();
        soft_reader_key(soft, "ec1=p256", "ec1=/CN=e");
        struct card_key *key = soft_reader_find(soft, "card:slot=ec1" WITH_PIN);
        soft_reader_answer(soft, 0x2A, 0, 1, "9000");
        soft_reader_answer(soft, 0x2A, 0, 1, i < 4 ? answers[i] : zeros);
        soft_reader_answer(soft, 0x2A, 0, 1, "9000");
        soft_reader_answer(soft, 0x2A, 0, 1, i < 4 ? answers[i] : zeros);
        struct error *error = soft_reader_sign(key);
        assert_non_null(error);
        assert_true(error_code(error) == ERROR_SIGNATURE ||
                    error_code(error) == ERROR_CARD_ANSWER ||
                    error_code(error) == ERROR_CARD_STATUS);
        error_free(error);
        card_key_free(key);
        soft_reader_free(soft);
    }
}

/* A card whose RSA signatures are always made for SHA-256. */
static void names_the_hash_that_works(void **state)
{
    (void)state;
    uint8_t other[19 + 64] = {INFO_START};
    struct soft_reader *soft = certum();
    soft_reader_key(soft, "rsa1=rsa1024", NULL);
    struct card_key *key = soft_reader_find(soft, "card:slot=rsa1" WITH_PIN);
    other[1] = 0x51;
    other[14] = 0x03;
    other[18] = 0x40;
    assert_no_error(sign_info(key, other, sizeof(other)));
    soft_reader_answer(soft, 0x2A, 0, -1, "6A80");
    assert_error(sign_info(key, other, sizeof(other)), ERROR_CARD_STATUS,
                 "only those of SHA-256 are known to work");
    card_key_free(key);
    soft_reader_free(soft);
}

/* ---- the PIN, and cards that are new ------------------------------------------------------- */

/* What does not tell the tries left is not sent a PIN. */
static void sends_no_pin_where_tries_are_not_told(void **state)
{
    (void)state;
    struct soft_reader *soft = certum();
    soft_reader_key(soft, "rsa1=rsa1024", NULL);
    struct card_key *key = soft_reader_find(soft, "card:slot=rsa1" WITH_PIN);
    soft_reader_answer(soft, 0x20, 0, -1, "6700");
    (void)soft_reader_log(soft);
    assert_error(sign_info(key, info, sizeof(info)), ERROR_CARD_STATUS, "tries");
    assert_string_equal(soft_reader_log(soft), "20 a4 c0 cb c0 20");
    assert_int_equal(state_of(soft)->pin.tries, 3);
    card_key_free(key);
    soft_reader_free(soft);
}

static void knows_a_new_card(void **state)
{
    (void)state;
    static const char *const words[] = {"6984", "6A88"};
    for (size_t i = 0; i < 2; i++) {
        struct soft_reader *soft = certum();
        soft_reader_answer(soft, 0x20, 0, -1, words[i]);
        soft_reader_not_found(soft, "card:", ERROR_UNSUPPORTED, "not initialised");
        soft_reader_not_found(soft, "card:slot=ec1", ERROR_UNSUPPORTED, "not initialised");
        soft_reader_free(soft);
    }
}

static void selects_again_before_the_pin(void **state)
{
    (void)state;
    struct soft_reader *soft = certum();
    soft_reader_key(soft, "ec1=p256", "ec1=/CN=e");
    struct card_key *key = soft_reader_find(soft, "card:slot=ec1" WITH_PIN);
    assert_no_error(soft_reader_sign(key));
    soft->interloper = soft_reset;
    assert_no_error(soft_reader_sign(key));
    soft->interloper = soft_remove_and_insert;
    assert_no_error(soft_reader_sign(key));
    card_key_free(key);
    soft_reader_free(soft);
}

/* One that says yes to every application is no Certum card, unless its ATR is one. */
static void is_not_fooled_by_a_friendly_card(void **state)
{
    (void)state;
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_PIV);
    soft_reader_answer(soft, 0xA4, 0, 1, "9000");
    soft_reader_not_found(soft, "card:app=certum", ERROR_UNKNOWN_CARD, "no Certum application");
    assert_string_equal(soft_reader_log(soft), "a4 a4");
    soft_reader_free(soft);
}

/* One that has even something like the directory is taken at its word, as far as that goes. */
static void survives_a_friendlier_card(void **state)
{
    (void)state;
    struct soft_reader *soft = soft_reader_new(SOFT_PROFILE_PIV);
    soft_reader_answer(soft, 0xA4, 0, 2, "9000");
    soft_reader_answer(soft, 0xB0, 0, 1, "019000");
    soft_reader_not_found(soft, "card:app=certum", ERROR_CARD_STATUS, "refused to select a file");
    soft_reader_free(soft);
}

static void spends_one_try(void **state)
{
    (void)state;
    struct soft_reader *soft = certum();
    soft_reader_key(soft, "ec1=p256", "ec1=/CN=e");
    struct card_key *key = soft_reader_find(soft, "card:slot=ec1?pin-value=654321");
    assert_error(soft_reader_sign(key), ERROR_PIN_WRONG, "tries left: 2");
    assert_error(soft_reader_sign(key), ERROR_PIN_WRONG, "before");
    assert_int_equal(state_of(soft)->pin.tries, 2);
    card_key_free(key);
    soft_reader_free(soft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_and_signs),
        cmocka_unit_test(refuses_what_it_does_not_encode),
        cmocka_unit_test(goes_by_labels),
        cmocka_unit_test(takes_the_only_one),
        cmocka_unit_test(matches_rsa_by_its_numbers),
        cmocka_unit_test(takes_the_newer_certificate),
        cmocka_unit_test(reads_rsa_from_the_certificate),
        cmocka_unit_test(survives_bad_public_keys),
        cmocka_unit_test(survives_bad_files),
        cmocka_unit_test(does_not_read_for_ever),
        cmocka_unit_test(survives_bad_certificates),
        cmocka_unit_test(reads_whole_pages),
        cmocka_unit_test(withholds_bad_signatures),
        cmocka_unit_test(names_the_hash_that_works),
        cmocka_unit_test(sends_no_pin_where_tries_are_not_told),
        cmocka_unit_test(knows_a_new_card),
        cmocka_unit_test(selects_again_before_the_pin),
        cmocka_unit_test(is_not_fooled_by_a_friendly_card),
        cmocka_unit_test(survives_a_friendlier_card),
        cmocka_unit_test(spends_one_try), /* last, because the process remembers */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
