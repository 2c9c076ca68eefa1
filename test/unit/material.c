/* SPDX-License-Identifier: BSD-2-Clause */
#include "material.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

EVP_PKEY *material_ec(const char *curve)
{
    EVP_PKEY *key = EVP_EC_gen(curve);

    assert_non_null(key);
    return key;
}

EVP_PKEY *material_rsa(unsigned bits)
{
    EVP_PKEY *key = EVP_RSA_gen(bits);

    assert_non_null(key);
    return key;
}

EVP_PKEY *material_rsa_key(const BIGNUM *modulus, const BIGNUM *exponent,
                           const BIGNUM *private_exponent)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters;

    assert_true(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus));
    assert_true(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent));
    if (private_exponent != NULL)
        assert_true(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, private_exponent));
    parameters = OSSL_PARAM_BLD_to_param(builder);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters), 1);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    return key;
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    if (value == NULL)
        return;
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_true(X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

X509 *material_certificate(const struct material *material)
{
    static long serial = 1;
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_NAME_new();
    bool dated = material->begins != 0 || material->ends != 0;
    EVP_PKEY *signer = material->issuer_key != NULL ? material->issuer_key : material->key;

    assert_true(X509_set_version(certificate, X509_VERSION_3));
    assert_true(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++));
    assert_true(X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                           (const unsigned char *)material->name, -1, -1, 0));
    assert_true(X509_set_subject_name(certificate, subject));
    assert_true(X509_set_issuer_name(
        certificate, material->issuer == NULL ? subject : X509_get_subject_name(material->issuer)));
    X509_gmtime_adj(X509_getm_notBefore(certificate), dated ? material->begins : -DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), dated ? material->ends : 30 * DAY);
    assert_true(X509_set_pubkey(certificate, material->key));
    add_extension(certificate, NID_basic_constraints,
                  material->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(certificate, NID_key_usage,
                  material->ca ? "critical,keyCertSign" : "critical,digitalSignature");
    add_extension(certificate, NID_subject_alt_name, material->names);
    add_extension(certificate, NID_ext_key_usage, material->usage);
    assert_true(X509_sign(certificate, signer,
                          material->digest != NULL ? material->digest : EVP_sha256()) > 0);
    X509_NAME_free(subject);
    return certificate;
}

void material_assert_error(struct error *error, enum error_code code, const char *text,
                           const char *file, int line)
{
    char *described = error == NULL ? NULL : error_describe(error);

    if (error == NULL || error_code(error) != code || described == NULL ||
        strstr(described, text) == NULL) {
        print_error("%s:%d: not error %d with \"%s\", but: %d %s\n", file, line, (int)code, text,
                    error == NULL ? 0 : (int)error_code(error),
                    described == NULL ? "none" : described);
        _fail(file, line);
    }
    free(described);
    error_free(error);
}

void material_assert_no_error(struct error *error, const char *file, int line)
{
    if (error != NULL) {
        char *described = error_describe(error);

        print_error("%s:%d: %s\n", file, line, described);
        _fail(file, line);
    }
}
