/* SPDX-License-Identifier: BSD-2-Clause */
/* What authorities send, in any form and order, hostile ones included; and whether it is believed.
 */
#include "material.h"
#include "reissue/certificate_check.h"
#include "reissue/certificate_file.h"
#include "reissue/describe.h"

#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAME "www.mydomain.pl"

/* An authority of three, and one of its certificates. */
static struct {
    EVP_PKEY *root_key, *middle_key, *issuer_key, *key, *other_key;
    X509 *root, *middle, *issuer, *leaf, *old_leaf, *stranger;
} made;

static X509 *issue(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, bool ca)
{
    struct material material = {.name = name,
                                .key = key,
                                .issuer = issuer,
                                .issuer_key = issuer_key,
                                .names = ca ? NULL : "DNS:" NAME,
                                .usage = ca ? NULL : "serverAuth",
                                .ca = ca};

    return material_certificate(&material);
}

static int set_up(void **state)
{
    struct material old = {
        .name = NAME, .names = "DNS:" NAME, .begins = -20 * DAY, .ends = 5 * DAY};

    (void)state;
    made.root_key = material_ec("P-256");
    made.middle_key = material_ec("P-256");
    made.issuer_key = material_ec("P-256");
    made.key = material_ec("P-256");
    made.other_key = material_ec("P-256");
    made.root = issue("root", made.root_key, NULL, NULL, true);
    made.middle = issue("middle", made.middle_key, made.root, made.root_key, true);
    made.issuer = issue("issuer", made.issuer_key, made.middle, made.middle_key, true);
    made.leaf = issue(NAME, made.key, made.issuer, made.issuer_key, false);
    old.key = made.key;
    old.issuer = made.issuer;
    old.issuer_key = made.issuer_key;
    made.old_leaf = material_certificate(&old);
    made.stranger = issue("stranger", made.other_key, NULL, NULL, false);
    return 0;
}

static int tear_down(void **state)
{
    EVP_PKEY *keys[] = {made.root_key, made.middle_key, made.issuer_key, made.key, made.other_key};
    X509 *certificates[] = {made.root, made.middle,   made.issuer,
                            made.leaf, made.old_leaf, made.stranger};

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        EVP_PKEY_free(keys[i]);
    for (size_t i = 0; i < sizeof(certificates) / sizeof(certificates[0]); i++)
        X509_free(certificates[i]);
    return 0;
}

/* Those certificates, to the NULL, as PEM text between other things. */
static BIO *pem_of(X509 *const *certificates)
{
    BIO *bio = BIO_new(BIO_s_mem());

    BIO_puts(bio, "subject=somebody\r\n\r\n");
    for (; *certificates != NULL; certificates++) {
        assert_true(PEM_write_bio_X509(bio, *certificates));
        BIO_puts(bio, "Here comes another one:\n");
    }
    return bio;
}

static struct error *parse(BIO *bio, STACK_OF(X509) * *out)
{
    char *bytes;
    long length = BIO_get_mem_data(bio, &bytes);
    struct error *error = certificates_parse(bytes, (size_t)length, "the answer", out);

    BIO_free(bio);
    return error;
}

static struct certificate_bundle bundle_of(X509 *const *certificates, const EVP_PKEY *key)
{
    struct certificate_bundle bundle;
    STACK_OF(X509) * found;

    assert_no_error(parse(pem_of(certificates), &found));
    assert_no_error(certificate_bundle_make(found, key, &bundle));
    certificates_free(found);
    return bundle;
}

/* ---- parsing and ordering ---------------------------------------------------------------- */

static void orders_what_comes(void **state)
{
    X509 *const orders[][8] = {
        {made.leaf, made.issuer, made.middle, made.root, NULL},
        {made.root, made.middle, made.leaf, made.issuer, NULL},
        {made.middle, made.root, made.issuer, made.old_leaf, made.leaf, made.stranger, NULL},
        {made.leaf, made.issuer, made.leaf, made.middle, made.issuer, made.root, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        struct certificate_bundle bundle = bundle_of(orders[i], made.key);

        assert_int_equal(X509_cmp(bundle.certificate, made.leaf), 0);
        assert_int_equal(sk_X509_num(bundle.chain), 2);
        assert_int_equal(X509_cmp(sk_X509_value(bundle.chain, 0), made.issuer), 0);
        assert_int_equal(X509_cmp(sk_X509_value(bundle.chain, 1), made.middle), 0);
        assert_int_equal(X509_cmp(bundle.root, made.root), 0);
        assert_int_equal(bundle.ignored, i == 2 ? 2 : 0);
        assert_true(i == 2 ? strstr(bundle.note, "2 further certificates") != NULL
                           : bundle.note == NULL);
        certificate_bundle_clear(&bundle);
    }
}

static void stops_where_the_chain_ends(void **state)
{
    X509 *const some[] = {made.leaf, made.middle, NULL};
    struct certificate_bundle bundle = bundle_of(some, made.key);

    (void)state;
    assert_int_equal(sk_X509_num(bundle.chain), 0);
    assert_null(bundle.root);
    assert_int_equal(bundle.ignored, 1);
    certificate_bundle_clear(&bundle);
}

static void picks_without_a_key(void **state)
{
    X509 *const some[] = {made.root, made.issuer, made.leaf, made.middle, NULL};
    struct certificate_bundle bundle = bundle_of(some, NULL);

    (void)state;
    assert_int_equal(X509_cmp(bundle.certificate, made.leaf), 0);
    certificate_bundle_clear(&bundle);
}

static void refuses_another_keys(void **state)
{
    X509 *const some[] = {made.leaf, made.issuer, NULL};
    struct certificate_bundle bundle;
    STACK_OF(X509) * found;

    (void)state;
    assert_no_error(parse(pem_of(some), &found));
    assert_error(certificate_bundle_make(found, made.other_key, &bundle), ERROR_CERTIFICATE,
                 "another request");
    assert_null(bundle.certificate);
    certificates_free(found);
}

/* An issuer of the right name, whose key signed nothing of this. */
static void is_not_fooled_by_names(void **state)
{
    X509 *liar = issue("issuer", made.other_key, made.middle, made.middle_key, true);
    X509 *const some[] = {liar, made.leaf, made.issuer, NULL};
    struct certificate_bundle bundle = bundle_of(some, made.key);

    (void)state;
    assert_int_equal(X509_cmp(sk_X509_value(bundle.chain, 0), made.issuer), 0);
    assert_int_equal(bundle.ignored, 1);
    certificate_bundle_clear(&bundle);
    X509_free(liar);
}

static BIO *pkcs7_of(bool pem)
{
    PKCS7 *pkcs7 = PKCS7_new();
    BIO *bio = BIO_new(BIO_s_mem());

    assert_true(PKCS7_set_type(pkcs7, NID_pkcs7_signed));
    assert_true(PKCS7_content_new(pkcs7, NID_pkcs7_data));
    assert_true(PKCS7_add_certificate(pkcs7, made.issuer));
    assert_true(PKCS7_add_certificate(pkcs7, made.leaf));
    assert_true(pem ? PEM_write_bio_PKCS7(bio, pkcs7) : i2d_PKCS7_bio(bio, pkcs7));
    PKCS7_free(pkcs7);
    return bio;
}

static void reads_every_form(void **state)
{
    BIO *der = BIO_new(BIO_s_mem()), *marked = BIO_new(BIO_s_mem());
    STACK_OF(X509) * found;

    (void)state;
    assert_no_error(parse(pkcs7_of(true), &found));
    assert_int_equal(sk_X509_num(found), 2);
    certificates_free(found);
    assert_no_error(parse(pkcs7_of(false), &found));
    assert_int_equal(sk_X509_num(found), 2);
    certificates_free(found);
    assert_true(i2d_X509_bio(der, made.leaf));
    assert_no_error(parse(der, &found));
    assert_int_equal(sk_X509_num(found), 1);
    certificates_free(found);
    BIO_puts(marked, "\xEF\xBB\xBF");
    assert_true(PEM_write_bio_X509(marked, made.leaf));
    assert_true(PEM_write_bio_PrivateKey(marked, made.key, NULL, NULL, 0, NULL, NULL));
    assert_no_error(parse(marked, &found));
    assert_int_equal(sk_X509_num(found), 1);
    certificates_free(found);
}

static void refuses_rubbish(void **state)
{
    static const char *const texts[] = {
        "",
        "hello",
        "0",
        "\x30\x82\xff\xff",
        "\x30\x84\xff\xff\xff\xff",
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PKCS7-----\nMAMCAQA=\n-----END PKCS7-----\n",
        "-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQA=\n-----END CERTIFICATE REQUEST-----\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        STACK_OF(X509) * found;

        assert_error(certificates_parse(texts[i], strlen(texts[i]), "the answer", &found),
                     ERROR_CERTIFICATE, "the answer");
        assert_null(found);
    }
}

static void bounds_what_it_reads(void **state)
{
    X509 *many[CERTIFICATE_COUNT_MAX + 2] = {NULL};
    STACK_OF(X509) * found;
    char *big = calloc(1, CERTIFICATE_FILE_MAX + 1);

    (void)state;
    for (size_t i = 0; i <= CERTIFICATE_COUNT_MAX; i++)
        many[i] = made.leaf;
    assert_error(parse(pem_of(many), &found), ERROR_CERTIFICATE, "more than");
    assert_error(certificates_parse(big, CERTIFICATE_FILE_MAX + 1, "x", &found), ERROR_CERTIFICATE,
                 "longer than");
    free(big);
}

/* Each byte of an answer changed, and each length cut: no crash, no hang, no leak. */
static void survives_damage(void **state)
{
    BIO *bio = pkcs7_of(false);
    unsigned char *bytes;
    size_t length = (size_t)BIO_get_mem_data(bio, (char **)&bytes);
    struct certificate_bundle bundle;
    STACK_OF(X509) * found;

    (void)state;
    for (size_t i = 0; i < 2 * length; i++) {
        size_t place = i % length;
        unsigned char kept = bytes[place];
        struct error *error;

        bytes[place] ^= i < length ? 0xFF : 0x01;
        error = certificates_parse(bytes, length, "x", &found);
        if (error == NULL)
            error = certificate_bundle_make(found, made.key, &bundle);
        if (error == NULL)
            certificate_bundle_clear(&bundle);
        error_free(error);
        certificates_free(found);
        bytes[place] = kept;
    }
    for (size_t i = 0; i < length; i++) {
        assert_error(certificates_parse(bytes, i, "x", &found), ERROR_CERTIFICATE, "x");
    }
    BIO_free(bio);
}

static void writes_what_it_read(void **state)
{
    X509 *const some[] = {made.issuer, made.leaf, made.middle, made.root, NULL};
    struct certificate_bundle bundle = bundle_of(some, made.key), again;
    unsigned char *bytes;
    size_t length;
    char path[] = "/tmp/reissue-certificate-XXXXXX";
    int descriptor = mkstemp(path);

    (void)state;
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_no_error(certificate_write(&bundle, CERTIFICATE_PART_FULL, CERTIFICATE_PEM, path, 0644));
    assert_no_error(certificate_bundle_read(path, made.key, &again));
    assert_int_equal(sk_X509_num(again.chain), 2);
    assert_null(again.root);
    certificate_bundle_clear(&again);
    assert_no_error(certificate_write(&bundle, CERTIFICATE_PART_LEAF, CERTIFICATE_DER, path, 0644));
    assert_no_error(certificate_bundle_read(path, made.key, &again));
    assert_int_equal(X509_cmp(again.certificate, made.leaf), 0);
    certificate_bundle_clear(&again);
    assert_no_error(
        certificate_encode(&bundle, CERTIFICATE_PART_CHAIN, CERTIFICATE_PEM, &bytes, &length));
    assert_int_equal(strlen((char *)bytes), length);
    free(bytes);
    assert_error(
        certificate_encode(&bundle, CERTIFICATE_PART_FULL, CERTIFICATE_DER, &bytes, &length),
        ERROR_ARGUMENT, "PEM");
    certificate_bundle_clear(&bundle);
    assert_int_equal(unlink(path), 0);
}

/* ---- checking ---------------------------------------------------------------------------- */

static struct names wanted_names(const char *one, const char *other)
{
    struct names names = {NULL, 0};

    assert_no_error(names_add(&names, one));
    if (other != NULL)
        assert_no_error(names_add(&names, other));
    return names;
}

static void believes_what_was_asked_for(void **state)
{
    X509 *const some[] = {made.leaf, made.issuer, made.middle, made.root, NULL};
    struct certificate_bundle bundle = bundle_of(some, made.key);
    struct names names = wanted_names(NAME, NULL);
    struct certificate_wanted wanted = {.public_key = made.key,
                                        .names = &names,
                                        .subject = X509_get_subject_name(made.old_leaf),
                                        .subject_policy = CERTIFICATE_SUBJECT_EQUAL,
                                        .purpose = CERTIFICATE_TLS_SERVER,
                                        .need_chain = true};

    (void)state;
    assert_no_error(certificate_check(&bundle, &wanted));
    wanted.subject_policy = CERTIFICATE_SUBJECT_COMMON_NAME;
    assert_no_error(certificate_check(&bundle, &wanted));
    names_clear(&names);
    certificate_bundle_clear(&bundle);
}

/* One thing after the other is not as it was asked for. */
static void believes_nothing_else(void **state)
{
    X509 *const some[] = {made.leaf, made.issuer, made.middle, made.root, NULL};
    struct certificate_bundle bundle = bundle_of(some, made.key);
    struct names more = wanted_names(NAME, "mydomain.pl"),
                 other = wanted_names("mydomain.pl", NULL);
    const struct {
        struct certificate_wanted wanted;
        const char *text;
    } cases[] = {
        {{.public_key = made.other_key}, "for another key"},
        {{.names = &more}, "mydomain.pl is missing"},
        {{.names = &other, .more_names = true}, "mydomain.pl is missing"},
        {{.subject = X509_get_subject_name(made.stranger),
          .subject_policy = CERTIFICATE_SUBJECT_EQUAL},
         "not \"CN=stranger\""},
        {{.subject = X509_get_subject_name(made.stranger),
          .subject_policy = CERTIFICATE_SUBJECT_COMMON_NAME},
         "not \"stranger\""},
        {{.now = time(NULL) + 40 * DAY}, "not valid any more since"},
        {{.now = time(NULL) - 40 * DAY}, "not valid before"},
        {{.purpose = CERTIFICATE_CODE_SIGNING}, "not for code signing"},
        {{.purpose = CERTIFICATE_EMAIL}, "not for mail"},
        {{.trust_file = "/etc/hostname"}, "cannot read the trusted"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_error(certificate_check(&bundle, &cases[i].wanted),
                     cases[i].wanted.trust_file != NULL ? ERROR_FILE : ERROR_CERTIFICATE,
                     cases[i].text);
    names_clear(&more);
    names_clear(&other);
    certificate_bundle_clear(&bundle);
}

static void allows_clocks_to_differ(void **state)
{
    struct material material = {
        .name = NAME, .key = made.key, .begins = 200, .ends = 10 * DAY, .names = "DNS:" NAME};
    X509 *early = material_certificate(&material);
    X509 *const some[] = {early, NULL};
    struct certificate_bundle bundle = bundle_of(some, made.key);
    struct certificate_wanted wanted = {.skew = 300};

    (void)state;
    assert_no_error(certificate_check(&bundle, &wanted));
    wanted.skew = 60;
    assert_error(certificate_check(&bundle, &wanted), ERROR_CERTIFICATE, "not valid before");
    certificate_bundle_clear(&bundle);
    X509_free(early);
}

static void names_what_was_added(void **state)
{
    struct material material = {
        .name = NAME, .key = made.key, .names = "DNS:" NAME ",DNS:a.pl,DNS:b.pl,IP:192.0.2.1"};
    X509 *certificate = material_certificate(&material);
    X509 *const some[] = {certificate, NULL};
    struct certificate_bundle bundle = bundle_of(some, made.key);
    struct names names = wanted_names(NAME, NULL);
    struct certificate_wanted wanted = {.names = &names};

    (void)state;
    assert_error(certificate_check(&bundle, &wanted), ERROR_CERTIFICATE, "a.pl, b.pl, 192.0.2.1");
    wanted.more_names = true;
    assert_no_error(certificate_check(&bundle, &wanted));
    names_clear(&names);
    certificate_bundle_clear(&bundle);
    X509_free(certificate);
}

static void refuses_authorities_and_old_digests(void **state)
{
    struct material ca = {.name = NAME, .key = made.key, .ca = true};
    struct material old = {.name = NAME, .key = made.key, .digest = EVP_sha1()};
    const struct {
        X509 *certificate;
        const char *text;
    } cases[] = {{material_certificate(&ca), "an authority's own"},
                 {material_certificate(&old), "SHA1"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct certificate_bundle bundle = {.certificate = cases[i].certificate};
        struct certificate_wanted wanted = {.public_key = made.key};

        assert_error(certificate_check(&bundle, &wanted), ERROR_CERTIFICATE, cases[i].text);
        X509_free(cases[i].certificate);
    }
}

static void follows_the_chain(void **state)
{
    X509 *const alone[] = {made.leaf, NULL};
    struct certificate_bundle bundle = bundle_of(alone, made.key);
    struct certificate_wanted wanted = {.public_key = made.key};
    char path[] = "/tmp/reissue-trust-XXXXXX";
    int descriptor = mkstemp(path);
    BIO *bio = BIO_new_fd(descriptor, BIO_CLOSE);

    (void)state;
    assert_no_error(certificate_check(&bundle, &wanted));
    wanted.need_chain = true;
    assert_error(certificate_check(&bundle, &wanted), ERROR_CERTIFICATE, "without its issuer's");
    wanted.need_chain = false;
    assert_true(PEM_write_bio_X509(bio, made.stranger));
    BIO_free(bio);
    wanted.trust_file = path;
    assert_error(certificate_check(&bundle, &wanted), ERROR_CERTIFICATE, "does not verify");
    certificate_bundle_clear(&bundle);
    bundle = (struct certificate_bundle){.certificate = made.root};
    assert_no_error(certificate_write(&bundle, CERTIFICATE_PART_LEAF, CERTIFICATE_PEM, path, 0600));
    X509 *const whole[] = {made.leaf, made.middle, made.issuer, NULL};
    bundle = bundle_of(whole, made.key);
    assert_no_error(certificate_check(&bundle, &wanted));
    certificate_bundle_clear(&bundle);
    assert_int_equal(unlink(path), 0);
}

/* An issuer that has ended makes no valid chain, and one that may not sign neither. */
static void refuses_bad_issuers(void **state)
{
    struct material ended = {.name = "issuer", .ca = true, .begins = -9 * DAY, .ends = -DAY};
    struct material no_ca = {.name = "issuer"};
    struct material *const issuers[] = {&ended, &no_ca};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct certificate_wanted wanted = {.public_key = made.key};
        struct certificate_bundle bundle;
        X509 *issuer, *leaf;

        issuers[i]->key = made.issuer_key;
        issuers[i]->issuer = made.root;
        issuers[i]->issuer_key = made.root_key;
        issuer = material_certificate(issuers[i]);
        leaf = issue(NAME, made.key, issuer, made.issuer_key, false);
        X509_up_ref(made.root);
        X509_up_ref(leaf);
        bundle = (struct certificate_bundle){leaf, sk_X509_new_null(), made.root, 0, NULL};
        assert_true(sk_X509_push(bundle.chain, issuer) > 0);
        assert_error(certificate_check(&bundle, &wanted), ERROR_CERTIFICATE, "does not verify");
        certificate_bundle_clear(&bundle);
        X509_free(leaf);
    }
}

static void describes_safely(void **state)
{
    struct material material = {.name = "\x1b]0;evil\x07 \xe2\x80\xae x", .key = made.key};
    X509 *certificate = material_certificate(&material);
    char *text;

    (void)state;
    assert_no_error(describe_common_name(X509_get_subject_name(certificate), &text));
    assert_null(strpbrk(text, "\x1b\x07"));
    assert_null(strstr(text, "\xe2\x80\xae"));
    free(text);
    assert_no_error(describe_name(X509_get_subject_name(certificate), &text));
    assert_null(strpbrk(text, "\x1b\x07"));
    assert_null(strstr(text, "\xe2\x80\xae"));
    free(text);
    X509_free(certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_what_comes),
        cmocka_unit_test(stops_where_the_chain_ends),
        cmocka_unit_test(picks_without_a_key),
        cmocka_unit_test(refuses_another_keys),
        cmocka_unit_test(is_not_fooled_by_names),
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(refuses_rubbish),
        cmocka_unit_test(bounds_what_it_reads),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(writes_what_it_read),
        cmocka_unit_test(believes_what_was_asked_for),
        cmocka_unit_test(believes_nothing_else),
        cmocka_unit_test(allows_clocks_to_differ),
        cmocka_unit_test(names_what_was_added),
        cmocka_unit_test(refuses_authorities_and_old_digests),
        cmocka_unit_test(follows_the_chain),
        cmocka_unit_test(refuses_bad_issuers),
        cmocka_unit_test(describes_safely),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
