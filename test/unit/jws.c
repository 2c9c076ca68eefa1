/* SPDX-License-Identifier: BSD-2-Clause */
/* base64url, keys and signatures, by the examples of RFC 7515, RFC 7638 and RFC 8037. */
#include "reissue/jws.h"
#include "expect.h"
#include "reissue/base64url.h"
#include "reissue/json.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdio.h>

/* ---- base64url --------------------------------------------------------------------------- */

static void encodes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } cases[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "-_-_"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer bytes = {0};
        char *text;
        expect_good(base64url_encode(cases[i].bytes, strlen(cases[i].bytes), &text));
        assert_string_equal(text, cases[i].text);
        expect_good(base64url_decode(text, strlen(text), &bytes));
        assert_int_equal(bytes.length, strlen(cases[i].bytes));
        if (bytes.length > 0)
            assert_memory_equal(bytes.bytes, cases[i].bytes, bytes.length);
        buffer_clear(&bytes);
        free(text);
    }
}

static void decodes_nothing_else(void **state)
{
    (void)state;
    static const char *const cases[] = {"Zg==", "Z",    "Zm9vY", "Zh",  "Zm9",
                                        "Zm+v", "Zm/v", " Zg",   "Zg\n"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer bytes = {0};
        expect_error(base64url_decode(cases[i], strlen(cases[i]), &bytes), ERROR_ARGUMENT,
                     "not base64url");
        buffer_clear(&bytes);
    }
    assert_true(base64url_is("az-_09AZ", 8));
    assert_false(base64url_is("az-_09AZ", 7));
    assert_false(base64url_is("", 7));
    assert_false(base64url_is("../x", 7));
}

/* ---- keys -------------------------------------------------------------------------------- */

static struct buffer decoded(const char *text)
{
    struct buffer bytes = {0};
    expect_good(base64url_decode(text, strlen(text), &bytes));
    return bytes;
}

static EVP_PKEY *made(const char *type, OSSL_PARAM_BLD *builder, int selection)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &key, selection, parameters), 1);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static BIGNUM *number(const char *text)
{
    struct buffer bytes = decoded(text);
    BIGNUM *value = BN_bin2bn(bytes.bytes, (int)bytes.length, NULL);
    buffer_clear(&bytes);
    return value;
}

static EVP_PKEY *rsa_key(const char *modulus, const char *exponent)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n = number(modulus), *e = number("AQAB");
    BIGNUM *d = exponent != NULL ? number(exponent) : NULL;
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
    if (d != NULL)
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, d);
    EVP_PKEY *key = made("RSA", builder, d != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
    BN_free(n);
    BN_free(e);
    BN_free(d);
    return key;
}

/* The "signature" of a JWS, decoded; and what is signed, for free(). */
static struct buffer signature_of(const char *jws, char **input)
{
    struct json *document;
    const char *header, *payload, *signature;
    expect_good(json_parse(jws, strlen(jws), &document));
    expect_good(json_string(document, "protected", &header));
    expect_good(json_string(document, "payload", &payload));
    expect_good(json_string(document, "signature", &signature));
    assert_int_equal(json_count(document), 3);
    assert_true(asprintf(input, "%s.%s", header, payload) > 0);
    struct buffer bytes = decoded(signature);
    json_free(document);
    return bytes;
}

static void expect_signature(char *jws, const char *signature)
{
    char *quoted;
    assert_true(asprintf(&quoted, "\"signature\":\"%s\"}", signature) > 0);
    assert_non_null(strstr(jws, quoted));
    free(quoted);
    free(jws);
}

static const char payload[] = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                              "\"http://example.com/is_root\":true}";

/* RFC 7515, A.1. */
static void signs_hs256(void **state)
{
    (void)state;
    struct buffer secret = decoded(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
    char *jws;
    expect_good(jws_sign_hmac(secret.bytes, secret.length,
                              "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", payload, &jws));
    expect_signature(jws, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    buffer_clear(&secret);
}

/* RFC 7515, A.2. */
static void signs_rs256(void **state)
{
    (void)state;
    EVP_PKEY *key = rsa_key(
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0"
        "Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS"
        "5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH"
        "7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2N"
        "XOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M"
        "_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x"
        "_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ");
    char *jws;
    expect_good(jws_sign(key, "{\"alg\":\"RS256\"}", payload, &jws));
    expect_signature(
        jws,
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2F"
        "p5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQB"
        "MHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeY"
        "I2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
    EVP_PKEY_free(key);
}

/* RFC 8037, A.1 to A.4. */
static void signs_eddsa(void **state)
{
    (void)state;
    struct buffer secret = decoded("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret.bytes, secret.length);
    char *text;
    expect_good(jws_jwk(key, &text));
    assert_string_equal(text, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":"
                              "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}");
    free(text);
    expect_good(jws_thumbprint(key, &text));
    assert_string_equal(text, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    free(text);
    expect_good(jws_sign(key, "{\"alg\":\"EdDSA\"}", "Example of Ed25519 signing", &text));
    expect_signature(text,
                     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7"
                     "sVvpAr_MuM0KAg");
    expect_good(jws_key_authorization(key, "token", &text));
    assert_string_equal(text, "token.kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    free(text);
    EVP_PKEY_free(key);
    buffer_clear(&secret);
}

/* RFC 7638, 3.1. */
static void makes_rsa_thumbprints(void **state)
{
    (void)state;
    EVP_PKEY *key = rsa_key(
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJ"
        "ECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2"
        "QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh"
        "6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        NULL);
    char *text;
    expect_good(jws_thumbprint(key, &text));
    assert_string_equal(text, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    free(text);
    EVP_PKEY_free(key);
}

/* The key of RFC 7515, A.3. Its signatures differ each time: they are verified. */
static void makes_ec_keys(void **state)
{
    (void)state;
    struct buffer x = decoded("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
    struct buffer y = decoded("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"), point = {0};
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    expect_good(buffer_append(&point, "\x04", 1));
    expect_good(buffer_append(&point, x.bytes, x.length));
    expect_good(buffer_append(&point, y.bytes, y.length));
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.bytes, point.length);
    EVP_PKEY *key = made("EC", builder, EVP_PKEY_PUBLIC_KEY);
    char *text;
    expect_good(jws_jwk(key, &text));
    assert_string_equal(text,
                        "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e"
                        "8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}");
    free(text);
    EVP_PKEY_free(key);
    buffer_clear(&x);
    buffer_clear(&y);
    buffer_clear(&point);
}

static void signs_ecdsa(void **state)
{
    (void)state;
    static const struct {
        const char *group, *name, *digest;
        int size;
    } cases[] = {{"P-256", "ES256", "SHA256", 32},
                 {"P-384", "ES384", "SHA384", 48},
                 {"P-521", "ES512", "SHA512", 66}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EVP_PKEY *key = EVP_EC_gen(cases[i].group);
        const char *name;
        char *jws, *input;
        unsigned char *der = NULL;
        expect_good(jws_algorithm(key, &name));
        assert_string_equal(name, cases[i].name);
        expect_good(jws_sign(key, "{}", payload, &jws));
        struct buffer bytes = signature_of(jws, &input);
        assert_int_equal(bytes.length, 2 * cases[i].size);
        ECDSA_SIG *signature = ECDSA_SIG_new();
        ECDSA_SIG_set0(signature, BN_bin2bn(bytes.bytes, cases[i].size, NULL),
                       BN_bin2bn(bytes.bytes + cases[i].size, cases[i].size, NULL));
        int length = i2d_ECDSA_SIG(signature, &der);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_DigestVerifyInit_ex(context, NULL, cases[i].digest, NULL, NULL, key, NULL);
        assert_int_equal(
            EVP_DigestVerify(context, der, (size_t)length, (unsigned char *)input, strlen(input)),
            1);
        EVP_MD_CTX_free(context);
        ECDSA_SIG_free(signature);
        OPENSSL_free(der);
        buffer_clear(&bytes);
        free(input);
        free(jws);
        EVP_PKEY_free(key);
    }
}

/* RFC 8555, 6.3: the payload of a POST-as-GET is empty, not "{}". */
static void signs_nothing(void **state)
{
    (void)state;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    char *jws;
    expect_good(jws_sign(key, "{}", NULL, &jws));
    assert_non_null(strstr(jws, "\"payload\":\"\""));
    free(jws);
    EVP_PKEY_free(key);
}

static void refuses_other_keys(void **state)
{
    (void)state;
    EVP_PKEY *keys[] = {EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), EVP_EC_gen("secp256k1"),
                        EVP_RSA_gen(1024)};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char *text;
        expect_error(jws_sign(keys[i], "{}", payload, &text), ERROR_UNSUPPORTED, "sign for ACME");
        expect_error(jws_jwk(keys[i], &text), ERROR_UNSUPPORTED, "sign for ACME");
        expect_error(jws_thumbprint(keys[i], &text), ERROR_UNSUPPORTED, "sign for ACME");
        EVP_PKEY_free(keys[i]);
    }
}

static void says_when_it_cannot_sign(void **state)
{
    (void)state;
    EVP_PKEY *key = rsa_key(
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJ"
        "ECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2"
        "QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh"
        "6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        NULL); /* no private half */
    char *jws;
    expect_error(jws_sign(key, "{}", payload, &jws), ERROR_SIGNATURE, "cannot sign for ACME");
    assert_null(jws);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes),
        cmocka_unit_test(decodes_nothing_else),
        cmocka_unit_test(signs_hs256),
        cmocka_unit_test(signs_rs256),
        cmocka_unit_test(signs_eddsa),
        cmocka_unit_test(makes_rsa_thumbprints),
        cmocka_unit_test(makes_ec_keys),
        cmocka_unit_test(signs_ecdsa),
        cmocka_unit_test(signs_nothing),
        cmocka_unit_test(refuses_other_keys),
        cmocka_unit_test(says_when_it_cannot_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
