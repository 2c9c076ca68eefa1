/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RSA keys, and RSA keys that are kept for PSS (RFC 4055 section 1.2). To a card they are the same;
 * a card key is of the second kind where a certificate says so and is all that tells of the key.
 */
#include "keymgmt.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

/* provider-keymgmt(7), "Common RSA parameters"; the primes beyond five are not worth a name. */
static const OSSL_PARAM *rsa_transferable_types(int selection)
{
    static const OSSL_PARAM public_types[] = {
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_END,
    };
    static const OSSL_PARAM all_types[] = {
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_D, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_FACTOR1, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_FACTOR2, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_FACTOR3, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_FACTOR4, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_FACTOR5, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_EXPONENT1, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_EXPONENT2, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_EXPONENT3, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_EXPONENT4, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_EXPONENT5, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_COEFFICIENT2, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_COEFFICIENT3, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_COEFFICIENT4, NULL, 0),
        OSSL_PARAM_END,
    };

    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
        return all_types;
    return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 ? public_types : NULL;
}

/* What both tables have in common. */
#define RSA_COMMON_FUNCTIONS                                                                       \
    KEYMGMT_COMMON_FUNCTIONS,                                                                      \
        {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (void (*)(void))rsa_transferable_types},                  \
    {                                                                                              \
        OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (void (*)(void))rsa_transferable_types                     \
    }

/* ---- RSA --------------------------------------------------------------------------------- */

static void *rsa_new(void *provctx)
{
    return keymgmt_new_without_parameters(provctx, "RSA");
}

static void *rsa_gen_init(void *provctx, int selection, const OSSL_PARAM params[])
{
    return keymgmt_gen_init(provctx, "RSA", selection, params);
}

static const OSSL_PARAM *rsa_gettable_params(void *provctx)
{
    return keymgmt_gettable_params(provctx, "RSA");
}

static const OSSL_PARAM *rsa_settable_params(void *provctx)
{
    return keymgmt_settable_params(provctx, "RSA");
}

/* EVP_PKEY-RSA(7), "Keygen parameters", and ours. */
static const OSSL_PARAM *rsa_gen_settable_params(void *generation, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_size_t(OSSL_PKEY_PARAM_RSA_BITS, NULL),
        OSSL_PARAM_size_t(OSSL_PKEY_PARAM_RSA_PRIMES, NULL),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        KEYMGMT_CARD_TYPES,
        OSSL_PARAM_END,
    };

    (void)generation;
    (void)provctx;
    return params;
}

static const char *rsa_query_operation_name(int operation)
{
    switch (operation) {
    case OSSL_OP_SIGNATURE:
        return SIGNATURE_RSA_NAME;
    case OSSL_OP_ASYM_CIPHER:
        return ASYM_CIPHER_RSA_NAME;
    default:
        return NULL;
    }
}

const OSSL_DISPATCH keymgmt_rsa_functions[] = {
    RSA_COMMON_FUNCTIONS,
    {OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))rsa_new},
    {OSSL_FUNC_KEYMGMT_GEN_INIT, (void (*)(void))rsa_gen_init},
    {OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, (void (*)(void))rsa_gen_settable_params},
    {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))rsa_gettable_params},
    {OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, (void (*)(void))rsa_settable_params},
    {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))rsa_query_operation_name},
    {0, NULL},
};

/* ---- RSA-PSS ----------------------------------------------------------------------------- */

static void *rsa_pss_new(void *provctx)
{
    return keymgmt_new_without_parameters(provctx, "RSA-PSS");
}

static void *rsa_pss_gen_init(void *provctx, int selection, const OSSL_PARAM params[])
{
    return keymgmt_gen_init(provctx, "RSA-PSS", selection, params);
}

static const OSSL_PARAM *rsa_pss_gettable_params(void *provctx)
{
    return keymgmt_gettable_params(provctx, "RSA-PSS");
}

static const OSSL_PARAM *rsa_pss_settable_params(void *provctx)
{
    return keymgmt_settable_params(provctx, "RSA-PSS");
}

static const char *rsa_pss_query_operation_name(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? SIGNATURE_RSA_NAME : NULL;
}

const OSSL_DISPATCH keymgmt_rsa_pss_functions[] = {
    RSA_COMMON_FUNCTIONS,
    {OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))rsa_pss_new},
    {OSSL_FUNC_KEYMGMT_GEN_INIT, (void (*)(void))rsa_pss_gen_init},
    {OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, (void (*)(void))keymgmt_gen_settable_params},
    {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))rsa_pss_gettable_params},
    {OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, (void (*)(void))rsa_pss_settable_params},
    {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))rsa_pss_query_operation_name},
    {0, NULL},
};
