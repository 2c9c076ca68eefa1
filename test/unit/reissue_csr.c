/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests: made from a predecessor with every kind of key, read from anything, judged. */
#include "material.h"
#include "reissue/csr.h"
#include "reissue/csr_check.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static EVP_PKEY *pss_key(void)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *key = NULL;

    assert_int_equal(EVP_PKEY_keygen_init(context), 1);
    assert_true(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) > 0);
    assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_md(context, EVP_sha384()) > 0);
    assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(context, EVP_sha384()) > 0);
    assert_int_equal(EVP_PKEY_generate(context, &key), 1);
    EVP_PKEY_CTX_free(context);
    return key;
}

static void add(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    assert_true(X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

/* A predecessor with an RSA key's usages, must-staple, and names of three kinds. */
static X509 *predecessor(EVP_PKEY *key)
{
    struct material material = {.name = "www.mydomain.pl",
                                .key = key,
                                .names = "DNS:www.mydomain.pl,IP:192.0.2.1,email:a@mydomain.pl",
                                .usage = "serverAuth,clientAuth"};
    X509 *certificate = material_certificate(&material);
    int place = X509_get_ext_by_NID(certificate, NID_key_usage, -1);

    X509_EXTENSION_free(X509_delete_ext(certificate, place));
    add(certificate, NID_key_usage, "critical,digitalSignature,keyEncipherment");
    add(certificate, NID_tlsfeature, "status_request");
    return certificate;
}

static X509_REQ *made_for(const X509 *old, EVP_PKEY *key)
{
    struct csr_template template;
    X509_REQ *request;

    assert_no_error(csr_template_from_certificate(old, key, &template));
    assert_no_error(csr_make(&template, key, NULL, &request));
    csr_template_clear(&template);
    return request;
}

static ASN1_BIT_STRING *usage_of(X509_REQ *request)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    ASN1_BIT_STRING *usage = X509V3_get_d2i(extensions, NID_key_usage, NULL, NULL);

    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    assert_non_null(usage);
    return usage;
}

static bool has_extension(X509_REQ *request, int nid)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    bool found = X509v3_get_ext_by_NID(extensions, nid, -1) >= 0;

    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return found;
}

static void takes_after_the_predecessor(void **state)
{
    struct {
        EVP_PKEY *key;
        int signature;
        bool enciphers;
    } cases[] = {
        {material_rsa(2048), NID_sha256WithRSAEncryption, true},
        {pss_key(), NID_rsassaPss, true},
        {material_ec("P-256"), NID_ecdsa_with_SHA256, false},
        {material_ec("P-384"), NID_ecdsa_with_SHA384, false},
        {material_ec("P-521"), NID_ecdsa_with_SHA512, false},
        {EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NID_ED25519, false},
    };
    X509 *old = predecessor(cases[0].key);
    struct names names, own;

    (void)state;
    assert_no_error(names_of_certificate(old, &names));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        X509_REQ *request = made_for(old, cases[i].key);
        ASN1_BIT_STRING *usage = usage_of(request);

        assert_int_equal(X509_REQ_get_signature_nid(request), cases[i].signature);
        assert_int_equal(X509_REQ_verify(request, cases[i].key), 1);
        assert_int_equal(
            X509_NAME_cmp(X509_REQ_get_subject_name(request), X509_get_subject_name(old)), 0);
        assert_no_error(names_of_request(request, &own));
        assert_true(names_equal(&names, &own));
        assert_true(has_extension(request, NID_tlsfeature));
        assert_true(has_extension(request, NID_ext_key_usage));
        assert_int_equal(ASN1_BIT_STRING_get_bit(usage, 0), 1);
        assert_int_equal(ASN1_BIT_STRING_get_bit(usage, 2), cases[i].enciphers);
        names_clear(&own);
        ASN1_BIT_STRING_free(usage);
        X509_REQ_free(request);
    }
    names_clear(&names);
    X509_free(old);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        EVP_PKEY_free(cases[i].key);
}

/* Other names than the predecessor's; what no text says, such as a UPN, stays. */
static void asks_for_other_names(void **state)
{
    static const struct {
        const char *common_name, *names, *expected;
    } cases[] = {{"www.mydomain.pl", "WWW.mydomain.pl a.mydomain.pl", "/CN=www.mydomain.pl"},
                 {"www.mydomain.pl", "192.0.2.1 b.mydomain.pl", "/CN=b.mydomain.pl"},
                 {"www.mydomain.pl", "192.0.2.1", ""},
                 {"Jan Kowalski", "jan@mydomain.pl", "/CN=Jan Kowalski"}};
    EVP_PKEY *key = material_ec("P-256");

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct material material = {.name = cases[i].common_name,
                                    .key = key,
                                    .names = "DNS:old.mydomain.pl,otherName:msUPN;UTF8:j@firma.pl"};
        X509 *old = material_certificate(&material);
        struct csr_template template;
        struct names expected = {NULL, 0};
        X509_REQ *request;
        struct names names;
        char subject[100];

        assert_no_error(csr_template_from_certificate(old, key, &template));
        assert_no_error(csr_template_set_names(&template, cases[i].names));
        assert_no_error(csr_make(&template, key, NULL, &request));
        X509_NAME_oneline(X509_REQ_get_subject_name(request), subject, sizeof(subject));
        assert_string_equal(subject, cases[i].expected);
        assert_no_error(names_of_certificate(old, &expected));
        names_keep_others(&expected);
        assert_int_equal(expected.count, 1);
        assert_no_error(names_add_list(&expected, cases[i].names));
        assert_no_error(names_of_request(request, &names));
        assert_true(names_equal(&names, &expected));
        assert_error(csr_template_set_names(&template, "a..pl"), ERROR_ARGUMENT, "a..pl");
        names_clear(&names);
        names_clear(&expected);
        csr_template_clear(&template);
        X509_REQ_free(request);
        X509_free(old);
    }
    EVP_PKEY_free(key);
}

/* A first certificate has no predecessor: its names are its subject. */
static void asks_for_names_alone(void **state)
{
    struct csr_template template = {.must_staple = false};
    char subject[100];

    (void)state;
    assert_no_error(csr_template_set_names(&template, "jan@a.pl www.a.pl"));
    X509_NAME_oneline(template.subject, subject, sizeof(subject));
    assert_string_equal(subject, "/CN=www.a.pl");
    assert_int_equal(template.names.count, 2);
    csr_template_clear(&template);
}

static void takes_a_subject_from_text(void **state)
{
    struct csr_template template = {.must_staple = false};
    static const struct {
        const char *text, *says;
    } bad[] = {{"CN", "of the form"},
               {"/=x", "of the form"},
               {"/XX=x", "unknown part XX"},
               {"/C=POL", "C cannot be"},
               {"/CN=\xff\xfe", "CN cannot be"}};
    char line[256];

    (void)state;
    assert_no_error(csr_template_set_subject(&template, "/C=PL/O=A\\/B \xc5\xbb/OU=/CN=a.pl"));
    X509_NAME_oneline(template.subject, line, sizeof(line));
    assert_string_equal(line, "/C=PL/O=A\\/B \\xC5\\xBB/CN=a.pl");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_error(csr_template_set_subject(&template, bad[i].text), ERROR_ARGUMENT, bad[i].says);
    X509_NAME_oneline(template.subject, line, sizeof(line));
    assert_non_null(strstr(line, "a.pl"));
    csr_template_clear(&template);
}

/* Without subject the names are critical (RFC 5280 section 4.2.1.6). */
static void does_without_a_subject(void **state)
{
    struct csr_template template = {.must_staple = false};
    EVP_PKEY *key = material_ec("P-256");
    STACK_OF(X509_EXTENSION) * extensions;
    X509_REQ *request;
    int critical = 0;
    GENERAL_NAMES *names;

    (void)state;
    assert_no_error(names_add(&template.names, "a.pl"));
    assert_no_error(csr_make(&template, key, "SHA384", &request));
    assert_int_equal(X509_REQ_get_signature_nid(request), NID_ecdsa_with_SHA384);
    extensions = X509_REQ_get_extensions(request);
    names = X509V3_get_d2i(extensions, NID_subject_alt_name, &critical, NULL);
    assert_int_equal(critical, 1);
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(request);
    assert_error(csr_make(&template, key, "NOSUCH", &request), ERROR_INTERNAL, "cannot be signed");
    assert_null(request);
    csr_template_clear(&template);
    EVP_PKEY_free(key);
}

static void writes_and_reads(void **state)
{
    EVP_PKEY *key = material_ec("P-256");
    X509 *old = predecessor(key);
    X509_REQ *request = made_for(old, key), *again;
    struct csr_remains remains;
    unsigned char *der;
    size_t length;
    char *pem, *twice;

    (void)state;
    assert_no_error(csr_pem(request, &pem));
    assert_no_error(csr_parse(pem, strlen(pem), "x", &again, &remains));
    assert_int_equal(remains.requests, 1);
    assert_false(remains.other || remains.private_key);
    X509_REQ_free(again);
    assert_true(asprintf(&twice, "text\n%s%s", pem, pem) > 0);
    assert_no_error(csr_parse(twice, strlen(twice), "x", &again, &remains));
    assert_int_equal(remains.requests, 2);
    X509_REQ_free(again);
    assert_no_error(csr_der(request, &der, &length));
    assert_no_error(csr_parse(der, length, "x", &again, NULL));
    assert_int_equal(X509_REQ_verify(again, key), 1);
    X509_REQ_free(again);
    assert_error(csr_parse("", 0, "nothing", &again, NULL), ERROR_CERTIFICATE, "nothing");
    assert_null(again);
    free(pem);
    free(twice);
    free(der);
    X509_REQ_free(request);
    X509_free(old);
    EVP_PKEY_free(key);
}

/* ---- verdicts ---------------------------------------------------------------------------- */

static bool found(const struct csr_verdict *verdict, const char *code)
{
    for (size_t i = 0; i < verdict->count; i++)
        if (strcmp(verdict->items[i].code, code) == 0)
            return true;
    return false;
}

static void judges_a_successor(void **state)
{
    EVP_PKEY *key = material_ec("P-256");
    X509 *old = predecessor(key);
    X509_REQ *request = made_for(old, key);
    struct csr_verdict verdict;

    (void)state;
    assert_no_error(csr_check(request, NULL, CSR_PROFILE_GUESS, &verdict));
    assert_int_equal(verdict.profile, CSR_PROFILE_TLS);
    assert_true(found(&verdict, "must-staple"));
    assert_true(found(&verdict, "client-auth"));
    assert_true(found(&verdict, "name-kind"));
    assert_int_equal(verdict.worst, CSR_REFUSED);
    assert_false(csr_verdict_good(&verdict, false));
    assert_true(csr_verdict_good(&verdict, true));
    for (size_t i = 1; i < verdict.count; i++)
        assert_true(verdict.items[i - 1].severity >= verdict.items[i].severity);
    csr_verdict_clear(&verdict);
    X509_REQ_free(request);
    X509_free(old);
    EVP_PKEY_free(key);
}

/* The same with version 3, which X509_REQ_set_version() of OpenSSL 3.5 refuses to set. */
static X509_REQ *with_odd_version(X509_REQ *request)
{
    static const unsigned char version_1[] = {0x02, 0x01, 0x00}; /* RFC 2986, 4.1: comes first */
    unsigned char *der = NULL, *version;
    int length = i2d_X509_REQ(request, &der);
    const unsigned char *start = der;

    assert_true(length > 0);
    version = memmem(der, (size_t)length, version_1, sizeof(version_1));
    assert_non_null(version);
    version[2] = 2;
    X509_REQ_free(request);
    request = d2i_X509_REQ(NULL, &start, length);
    assert_non_null(request);
    OPENSSL_free(der);
    return request;
}

/* What openssl req cannot make: two lists of extensions, one twice in a list, an odd version. */
static void judges_what_nobody_makes(void **state)
{
    EVP_PKEY *key = material_ec("P-256");
    X509_REQ *request = X509_REQ_new();
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    struct csr_verdict verdict;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_true(sk_X509_EXTENSION_push(
                        extensions, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
                                                        i == 0 ? "DNS:a.pl" : "DNS:b.pl")) > 0);
    assert_true(X509_REQ_add_extensions(request, extensions));
    assert_true(X509_REQ_add_extensions_nid(request, extensions, NID_ms_ext_req));
    assert_true(X509_REQ_set_pubkey(request, key));
    assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
    request = with_odd_version(request);
    assert_no_error(csr_check(request, NULL, CSR_PROFILE_TLS, &verdict));
    assert_true(found(&verdict, "version"));
    assert_true(found(&verdict, "extensions-twice"));
    assert_true(found(&verdict, "extension-twice"));
    assert_false(csr_verdict_good(&verdict, true));
    csr_verdict_clear(&verdict);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
}

/* A key whose second prime is the next one after the first. */
static EVP_PKEY *close_key(void)
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *p = BN_new(), *q, *n = BN_new(), *e = BN_new(), *d = BN_new(), *phi = BN_new();
    EVP_PKEY *key;

    assert_true(BN_set_word(e, 65537));
    assert_true(BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL));
    q = BN_dup(p);
    do {
        assert_true(BN_add_word(q, 2));
    } while (BN_check_prime(q, context, NULL) != 1);
    assert_true(BN_mul(n, p, q, context));
    assert_true(BN_sub_word(p, 1) && BN_sub_word(q, 1) && BN_mul(phi, p, q, context));
    assert_non_null(BN_mod_inverse(d, e, phi, context));
    key = material_rsa_key(n, e, d);
    BN_free(p);
    BN_free(q);
    BN_free(n);
    BN_free(e);
    BN_free(d);
    BN_free(phi);
    BN_CTX_free(context);
    return key;
}

static void judges_weak_keys(void **state)
{
    static const char *const codes[] = {"key-weak", "rsa-short"};
    EVP_PKEY *keys[] = {close_key(), material_rsa(1024)};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct csr_template template = {.must_staple = false};
        struct csr_verdict verdict;
        X509_REQ *request;

        assert_no_error(names_add(&template.names, "a.pl"));
        assert_no_error(csr_make(&template, keys[i], NULL, &request));
        assert_no_error(csr_check(request, NULL, CSR_PROFILE_TLS, &verdict));
        assert_true(found(&verdict, codes[i]));
        assert_int_equal(verdict.count, 1);
        assert_false(csr_verdict_good(&verdict, true));
        csr_verdict_clear(&verdict);
        X509_REQ_free(request);
        csr_template_clear(&template);
        EVP_PKEY_free(keys[i]);
    }
}

/* Any byte changed: a verdict or an error, and never a good one. */
static void survives_damage(void **state)
{
    EVP_PKEY *key = material_ec("P-256");
    X509 *old = predecessor(key);
    X509_REQ *request = made_for(old, key), *again;
    struct csr_verdict verdict;
    unsigned char *der;
    size_t length;

    (void)state;
    assert_no_error(csr_der(request, &der, &length));
    for (size_t i = 0; i < 2 * length; i++) {
        unsigned char kept = der[i % length];
        struct error *error;

        der[i % length] ^= i < length ? 0xFF : 0x01;
        error = csr_parse(der, length, "x", &again, NULL);
        if (error == NULL) {
            assert_no_error(csr_check(again, NULL, CSR_PROFILE_GUESS, &verdict));
            assert_false(csr_verdict_good(&verdict, true));
            csr_verdict_clear(&verdict);
        }
        error_free(error);
        X509_REQ_free(again);
        der[i % length] = kept;
    }
    free(der);
    X509_REQ_free(request);
    X509_free(old);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_after_the_predecessor),
        cmocka_unit_test(asks_for_other_names),
        cmocka_unit_test(asks_for_names_alone),
        cmocka_unit_test(takes_a_subject_from_text),
        cmocka_unit_test(does_without_a_subject),
        cmocka_unit_test(writes_and_reads),
        cmocka_unit_test(judges_a_successor),
        cmocka_unit_test(judges_what_nobody_makes),
        cmocka_unit_test(judges_weak_keys),
        cmocka_unit_test(survives_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
