/* SPDX-License-Identifier: BSD-2-Clause */
#include "keymgmt.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

static void *ec_new(void *provctx)
{
    return key_new(provctx, "EC");
}

static void *ec_gen_init(void *provctx, int selection, const OSSL_PARAM params[])
{
    return keymgmt_gen_init(provctx, "EC", selection, params);
}

static const OSSL_PARAM *ec_gettable_params(void *provctx)
{
    return keymgmt_gettable_params(provctx, "EC");
}

static const OSSL_PARAM *ec_settable_params(void *provctx)
{
    return keymgmt_settable_params(provctx, "EC");
}

/* provider-keymgmt(7) and EVP_PKEY-EC(7): explicit curves too, since files with them exist. */
#define EC_GROUP_TYPES                                                                             \
    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),                                   \
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, NULL, 0),                              \
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, NULL, 0),               \
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_FIELD_TYPE, NULL, 0),                            \
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_P, NULL, 0),                                              \
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_A, NULL, 0),                                              \
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_B, NULL, 0),                                              \
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_EC_GENERATOR, NULL, 0),                            \
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_ORDER, NULL, 0),                                          \
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_COFACTOR, NULL, 0),                                       \
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_EC_SEED, NULL, 0),                                 \
        OSSL_PARAM_int(OSSL_PKEY_PARAM_USE_COFACTOR_ECDH, NULL),                                   \
        OSSL_PARAM_int(OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC, NULL)

static const OSSL_PARAM *ec_transferable_types(int selection)
{
    static const OSSL_PARAM group_types[] = {EC_GROUP_TYPES, OSSL_PARAM_END};
    static const OSSL_PARAM public_types[] = {
        EC_GROUP_TYPES,
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_END,
    };
    static const OSSL_PARAM all_types[] = {
        EC_GROUP_TYPES,
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_PRIV_KEY, NULL, 0),
        OSSL_PARAM_END,
    };

    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
        return all_types;
    return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 ? public_types : group_types;
}

/* EVP_PKEY-EC(7), and ours. */
static const OSSL_PARAM *ec_gen_settable_params(void *generation, void *provctx)
{
    static const OSSL_PARAM params[] = {EC_GROUP_TYPES, KEYMGMT_CARD_TYPES, OSSL_PARAM_END};

    (void)generation;
    (void)provctx;
    return params;
}

static const char *ec_query_operation_name(int operation)
{
    switch (operation) {
    case OSSL_OP_SIGNATURE:
        return SIGNATURE_ECDSA_NAME;
    case OSSL_OP_KEYEXCH:
        return KEY_EXCHANGE_ECDH_NAME;
    default:
        return "EC";
    }
}

const OSSL_DISPATCH keymgmt_ec_functions[] = {
    KEYMGMT_COMMON_FUNCTIONS,
    {OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))ec_new},
    {OSSL_FUNC_KEYMGMT_GEN_INIT, (void (*)(void))ec_gen_init},
    {OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, (void (*)(void))ec_gen_settable_params},
    {OSSL_FUNC_KEYMGMT_GEN_SET_TEMPLATE, (void (*)(void))keymgmt_gen_set_template},
    {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))ec_gettable_params},
    {OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, (void (*)(void))ec_settable_params},
    {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (void (*)(void))ec_transferable_types},
    {OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (void (*)(void))ec_transferable_types},
    {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))ec_query_operation_name},
    {0, NULL},
};
