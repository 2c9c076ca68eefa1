/* SPDX-License-Identifier: BSD-2-Clause */
/* What CAs answer by EST and CMP, as far as no server is needed to try it. */
#include "material.h"
#include "reissue/cmp.h"
#include "reissue/csr.h"
#include "reissue/est.h"

#include <openssl/asn1.h>
#include <openssl/conf.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static struct buffer bytes_of(const void *bytes, size_t length)
{
    struct buffer buffer = {0};

    assert_no_error(buffer_append(&buffer, bytes, length));
    return buffer;
}

/* ---- base64 ------------------------------------------------------------------------------ */

static void reads_base64(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        const char *bytes;
    } cases[] = {
        {"", 0, ""},
        {"Zm9v", 4, "foo"},
        {"Zm9vYg==", 8, "foob"},
        {"Zm9vYmE=", 8, "fooba"},
        {"Zm9v\r\nYm\tFy \n", 13, "foobar"},
        {"Zm9vYmFy\n", 10, "foobar"}, /* and the end of a string of C's */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer text = bytes_of(cases[i].text, cases[i].length);
        struct buffer out = {0};

        assert_no_error(est_base64_decode(&text, &out));
        assert_int_equal(out.length, strlen(cases[i].bytes));
        if (out.length > 0)
            assert_memory_equal(out.bytes, cases[i].bytes, out.length);
        buffer_clear(&out);
        buffer_clear(&text);
    }
}

static void refuses_other_base64(void **state)
{
    static const char *const cases[] = {
        "Zm9",  "Zm9vYg=",   "Zm9v=", "Zm9vYg==Zm9v", "=m9v",     "Zm=v",
        "====", "Zm9vY g*=", "Zm9_",  "-----BEGIN",   "Zm9v\x01", "Zm9vYg===="};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer text = bytes_of(cases[i], strlen(cases[i]));
        struct buffer out = {0};

        assert_error(est_base64_decode(&text, &out), ERROR_SERVER_ANSWER, "base64");
        buffer_clear(&out);
        buffer_clear(&text);
    }
}

/* ---- what CAs want in requests ----------------------------------------------------------- */

static X509_REQ *request_for(EVP_PKEY *key)
{
    struct csr_template template = {0};
    X509_REQ *request;

    assert_no_error(csr_template_set_subject(&template, "/CN=www.mydomain.pl"));
    assert_no_error(names_add(&template.names, "www.mydomain.pl"));
    assert_no_error(csr_make(&template, key, NULL, &request));
    csr_template_clear(&template);
    return request;
}

/* DER of what asn1parse -genconf would make of it. */
static struct buffer generate(const char *text)
{
    BIO *in = BIO_new_mem_buf(text, -1);
    CONF *conf = NCONF_new(NULL);
    ASN1_TYPE *type;
    unsigned char *der = NULL;
    struct buffer buffer;
    int length;

    assert_int_equal(NCONF_load_bio(conf, in, NULL), 1);
    type = ASN1_generate_nconf(NCONF_get_string(conf, "default", "asn1"), conf);
    assert_non_null(type);
    length = i2d_ASN1_TYPE(type, &der);
    assert_true(length > 0);
    buffer = bytes_of(der, (size_t)length);
    OPENSSL_free(der);
    ASN1_TYPE_free(type);
    NCONF_free(conf);
    BIO_free(in);
    return buffer;
}

#define CURVE(name)                                                                                \
    "asn1=SEQUENCE:wishes\n[wishes]\none=SEQUENCE:ec\n[ec]\nname=OID:id-ecPublicKey\n"             \
    "values=SET:curve\n[curve]\none=OID:" name "\n"
#define RSA(bits)                                                                                  \
    "asn1=SEQUENCE:wishes\n[wishes]\none=SEQUENCE:rsa\n[rsa]\nname=OID:rsaEncryption\n"            \
    "values=SET:bits\n[bits]\none=INTEGER:" bits "\n"

static void looks_at_wishes(void **state)
{
    static const struct {
        const char *wishes, *missing, *error;
    } cases[] = {
        {"asn1=SEQUENCE:wishes\n[wishes]\n", NULL, NULL},
        {"asn1=SEQUENCE:wishes\n[wishes]\none=OID:challengePassword\ntwo=OID:sha384\n"
         "three=OID:subjectAltName\nfour=OID:serialNumber\nfive=OID:ecdsa-with-SHA256\n",
         "challengePassword, serialNumber", NULL},
        {CURVE("prime256v1"), NULL, NULL},
        {CURVE("secp384r1"), NULL, "an EC key on the curve secp384r1"},
        {RSA("3072"), NULL, "an RSA key of 3072 bits"},
        {"asn1=SEQUENCE:wishes\n[wishes]\none=OID:id-ecPublicKey\n", NULL, NULL},
        {"asn1=SEQUENCE:wishes\n[wishes]\none=OID:rsaEncryption\n", NULL, "an RSA key"},
    };
    EVP_PKEY *key = material_ec("P-256");
    X509_REQ *request = request_for(key);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer wishes = generate(cases[i].wishes);
        char *missing;
        struct error *error = est_csrattrs_check(&wishes, request, &missing);

        if (cases[i].error != NULL)
            assert_error(error, ERROR_CA_REFUSED, cases[i].error);
        else
            assert_no_error(error);
        if (cases[i].missing != NULL)
            assert_string_equal(missing, cases[i].missing);
        else
            assert_null(missing);
        free(missing);
        buffer_clear(&wishes);
    }
    X509_REQ_free(request);
    EVP_PKEY_free(key);
}

static void knows_rsa_lengths(void **state)
{
    EVP_PKEY *key = material_rsa(2048);
    X509_REQ *request = request_for(key);
    struct buffer good = generate(RSA("2048")), bad = generate(RSA("4096"));
    char *missing;

    (void)state;
    assert_no_error(est_csrattrs_check(&good, request, &missing));
    assert_null(missing);
    assert_error(est_csrattrs_check(&bad, request, &missing), ERROR_CA_REFUSED, "4096 bits");
    buffer_clear(&good);
    buffer_clear(&bad);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
}

static void refuses_other_wishes(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        {"", 1},                     /* a NUL */
        {"\x30\x80", 2},             /* no end */
        {"\x30\x03\x02\x01\x05", 5}, /* a number */
        {"\x30\x02\x30\x00", 4},     /* an empty attribute */
        {"\x30\x00\x00", 3},         /* something behind it */
        {"\x31\x00", 2},             /* a SET */
        {"\x30\x84\x7f\xff\xff\xff", 6},
    };
    EVP_PKEY *key = material_ec("P-256");
    X509_REQ *request = request_for(key);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer wishes = bytes_of(cases[i].bytes, cases[i].length);
        char *missing;

        assert_error(est_csrattrs_check(&wishes, request, &missing), ERROR_SERVER_ANSWER,
                     "malformed");
        assert_null(missing);
        buffer_clear(&wishes);
    }
    X509_REQ_free(request);
    EVP_PKEY_free(key);
}

/* ---- a transaction's record -------------------------------------------------------------- */

static void keeps_records(void **state)
{
    struct cmp_record record, back;
    char *text;

    (void)state;
    assert_no_error(cmp_record_new(CMP_UPDATE, &record));
    assert_int_equal(strlen(record.id), CMP_ID_SIZE - 1);
    assert_no_error(cmp_record_format(&record, &text));
    assert_string_equal(text, "kur\n");
    free(text);
    record.answers[0] = bytes_of("\0one", 4);
    record.answers[1] = bytes_of("two\xff", 4);
    record.count = 2;
    record.asked = true;
    assert_no_error(cmp_record_format(&record, &text));
    assert_no_error(cmp_record_parse(record.id, text, &back));
    assert_string_equal(back.id, record.id);
    assert_int_equal(back.count, 2);
    assert_true(back.asked);
    assert_int_equal(back.kind, CMP_UPDATE);
    assert_int_equal(back.answers[1].length, 4);
    assert_memory_equal(back.answers[0].bytes, "\0one", 4);
    assert_memory_equal(back.answers[1].bytes, "two\xff", 4);
    free(text);
    cmp_record_clear(&back);
    cmp_record_clear(&record);
}

static void refuses_damaged_records(void **state)
{
    static const char id[] = "00112233445566778899aabbccddeeff";
    static const struct {
        const char *id, *text;
    } cases[] = {{"", "ir\n"},
                 {"00112233445566778899AABBCCDDEEFF", "ir\n"},
                 {"00112233445566778899aabbccddeeff0", "ir\n"},
                 {id, ""},
                 {id, "ir"},
                 {id, "irr\n"},
                 {id, "ir??\n"},
                 {id, "ir\n!\n"},
                 {id, "ir\nAAAA\nAAAA\nAAAA\nAAAA\n"},
                 {id, "ir?AAAA\n"}};
    struct cmp_record record;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_error(cmp_record_parse(cases[i].id, cases[i].text, &record), ERROR_STATE, "damaged");
        assert_int_equal(record.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_base64),
        cmocka_unit_test(refuses_other_base64),
        cmocka_unit_test(looks_at_wishes),
        cmocka_unit_test(knows_rsa_lengths),
        cmocka_unit_test(refuses_other_wishes),
        cmocka_unit_test(keeps_records),
        cmocka_unit_test(refuses_damaged_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
