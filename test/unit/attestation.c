/* SPDX-License-Identifier: BSD-2-Clause */
/* Attestations: Yubico's extensions, also such as no card should make. */
#include "reissue/attestation.h"

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void add(X509 *certificate, const char *oid, const void *bytes, int length)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension;

    assert_true(ASN1_OCTET_STRING_set(value, bytes, length));
    extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
    assert_true(X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
}

static void test_facts(void **state)
{
    X509 *certificate = X509_new();
    struct attestation facts;

    (void)state;
    assert_null(attestation_read(certificate, &facts));
    assert_false(facts.has_serial || facts.has_firmware || facts.has_policies);
    add(certificate, "1.3.6.1.4.1.41482.3.3", "\5\7\1", 3);
    add(certificate, "1.3.6.1.4.1.41482.3.7", "\2\4\0\xBC\x61\x4E", 6);
    add(certificate, "1.3.6.1.4.1.41482.3.8", "\3\2", 2);
    add(certificate, "1.3.6.1.4.1.41482.3.9", "\x83", 1);
    assert_null(attestation_read(certificate, &facts));
    assert_memory_equal(facts.firmware, "\5\7\1", 3);
    assert_int_equal(facts.serial, 12345678);
    assert_int_equal(facts.pin_policy, CARD_POLICY_ALWAYS);
    assert_int_equal(facts.touch_policy, CARD_POLICY_ALWAYS);
    assert_int_equal(facts.form_factor, 3);
    X509_free(certificate);
}

static void expect_refused(const char *oid, const void *bytes, int length)
{
    X509 *certificate = X509_new();
    struct attestation facts;
    struct error *error;

    add(certificate, oid, bytes, length);
    error = attestation_read(certificate, &facts);
    assert_non_null(error);
    assert_int_equal(error_code(error), ERROR_CARD_ANSWER);
    error_free(error);
    X509_free(certificate);
}

static void test_nonsense(void **state)
{
    (void)state;
    expect_refused("1.3.6.1.4.1.41482.3.3", "\5\7", 2);
    expect_refused("1.3.6.1.4.1.41482.3.3", "\5\7\1\0", 4);
    expect_refused("1.3.6.1.4.1.41482.3.7", "", 0);
    expect_refused("1.3.6.1.4.1.41482.3.7", "\2\x7F\1", 3);
    expect_refused("1.3.6.1.4.1.41482.3.7", "\2\1\xFF", 3);
    expect_refused("1.3.6.1.4.1.41482.3.7", "\4\1\1", 3);
    expect_refused("1.3.6.1.4.1.41482.3.8", "\1", 1);
    expect_refused("1.3.6.1.4.1.41482.3.9", "\1\1", 2);
}

/* Policies that nobody knows are not taken for ones that somebody does. */
static void test_unknown_policies(void **state)
{
    X509 *certificate = X509_new();
    struct attestation facts;

    (void)state;
    add(certificate, "1.3.6.1.4.1.41482.3.8", "\x66\xFF", 2);
    assert_null(attestation_read(certificate, &facts));
    assert_int_equal(facts.pin_policy, CARD_POLICY_DEFAULT);
    assert_int_equal(facts.touch_policy, CARD_POLICY_DEFAULT);
    X509_free(certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_unknown_policies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
