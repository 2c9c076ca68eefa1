/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

static EVP_PKEY *key_from_parameters(const char *name, OSSL_PARAM_BLD *builder)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
    EVP_PKEY *key = NULL;

    if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

/* What an RSA key is made of; `coefficient` is the inverse of q modulo p. */
struct rsa_numbers {
    BIGNUM *modulus;
    BIGNUM *exponent;
    BIGNUM *private_exponent;
    BIGNUM *exponent1;
    BIGNUM *exponent2;
    BIGNUM *coefficient;
};

static bool rsa_numbers_calculate(struct rsa_numbers *numbers, const BIGNUM *p, const BIGNUM *q,
                                  BN_CTX *context)
{
    BIGNUM *p1 = BN_CTX_get(context);
    BIGNUM *q1 = BN_CTX_get(context);
    BIGNUM *phi = BN_CTX_get(context);

    numbers->modulus = BN_CTX_get(context);
    numbers->exponent = BN_CTX_get(context);
    numbers->private_exponent = BN_CTX_get(context);
    numbers->exponent1 = BN_CTX_get(context);
    numbers->exponent2 = BN_CTX_get(context);
    numbers->coefficient = BN_CTX_get(context);
    return numbers->coefficient != NULL && BN_set_word(numbers->exponent, RSA_F4) == 1 &&
           BN_sub(p1, p, BN_value_one()) == 1 && BN_sub(q1, q, BN_value_one()) == 1 &&
           BN_mul(phi, p1, q1, context) == 1 && BN_mul(numbers->modulus, p, q, context) == 1 &&
           BN_mod_inverse(numbers->private_exponent, numbers->exponent, phi, context) != NULL &&
           BN_mod(numbers->exponent1, numbers->private_exponent, p1, context) == 1 &&
           BN_mod(numbers->exponent2, numbers->private_exponent, q1, context) == 1 &&
           BN_mod_inverse(numbers->coefficient, q, p, context) != NULL;
}

static bool rsa_numbers_push(OSSL_PARAM_BLD *builder, const struct rsa_numbers *numbers,
                             const BIGNUM *p, const BIGNUM *q)
{
    return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, numbers->modulus) == 1 &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, numbers->exponent) == 1 &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, numbers->private_exponent) == 1 &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR1, p) == 1 &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR2, q) == 1 &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers->exponent1) ==
               1 &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers->exponent2) ==
               1 &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
                                  numbers->coefficient) == 1;
}

static EVP_PKEY *rsa_import(const struct soft_algorithm *algorithm, BIGNUM *p, BIGNUM *q,
                            BN_CTX *context, OSSL_PARAM_BLD *builder)
{
    struct rsa_numbers numbers;

    /* A prime of the wrong size is no key of this algorithm; 1 and 0 would divide by zero. */
    if (BN_num_bits(p) != (int)algorithm->size * 4 || BN_num_bits(q) != (int)algorithm->size * 4 ||
        !rsa_numbers_calculate(&numbers, p, q, context) ||
        BN_num_bits(numbers.modulus) != (int)algorithm->size * 8 ||
        !rsa_numbers_push(builder, &numbers, p, q))
        return NULL;
    return key_from_parameters("RSA", builder);
}

/* NIST's names for its curves, or OpenSSL's for others. */
static EC_GROUP *group_new(const char *name)
{
    int nid = EC_curve_nist2nid(name);

    return EC_GROUP_new_by_curve_name(nid != NID_undef ? nid : OBJ_sn2nid(name));
}

/* The public point is not given: it is the private value times the curve's generator. */
static bool ec_push(const struct soft_algorithm *algorithm, OSSL_PARAM_BLD *builder,
                    const BIGNUM *value, BN_CTX *context, uint8_t *encoded, size_t size)
{
    EC_GROUP *group = group_new(algorithm->group);
    EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
    bool good =
        point != NULL && !BN_is_zero(value) && BN_cmp(value, EC_GROUP_get0_order(group)) < 0 &&
        EC_POINT_mul(group, point, value, NULL, NULL, context) == 1 &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, encoded, size, context) ==
            size &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, algorithm->group, 0) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, encoded, size) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, value) == 1;

    EC_POINT_free(point);
    EC_GROUP_free(group);
    return good;
}

static EVP_PKEY *number_import(const struct soft_algorithm *algorithm, BIGNUM *first,
                               BIGNUM *second, BN_CTX *context)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    uint8_t encoded[1 + 2 * SOFT_COORDINATE_MOST];
    EVP_PKEY *key = NULL;

    if (builder != NULL && algorithm->type == SOFT_TYPE_RSA)
        key = rsa_import(algorithm, first, second, context, builder);
    else if (builder != NULL &&
             ec_push(algorithm, builder, first, context, encoded, 1 + 2 * algorithm->size))
        key = key_from_parameters("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

EVP_PKEY *soft_key_import(const struct soft_algorithm *algorithm, const uint8_t *first,
                          size_t first_length, const uint8_t *second, size_t second_length)
{
    BN_CTX *context;
    BIGNUM *one;
    BIGNUM *two;
    EVP_PKEY *key = NULL;

    if (algorithm->type == SOFT_TYPE_ED25519)
        return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, first, first_length);
    if (algorithm->type == SOFT_TYPE_X25519)
        return EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, first, first_length);
    if (first_length > algorithm->size || second_length > algorithm->size)
        return NULL;
    context = BN_CTX_new();
    one = BN_bin2bn(first, (int)first_length, NULL);
    two = BN_bin2bn(second, (int)second_length, NULL);
    if (context != NULL && one != NULL && two != NULL) {
        BN_CTX_start(context);
        key = number_import(algorithm, one, two, context);
        BN_CTX_end(context);
    }
    BN_clear_free(one);
    BN_clear_free(two);
    BN_CTX_free(context);
    return key;
}
