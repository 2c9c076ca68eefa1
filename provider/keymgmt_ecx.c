/* SPDX-License-Identifier: BSD-2-Clause */
/* Ed25519 and X25519 (EVP_PKEY-ED25519(7)): keys of 32 bytes, without parameters. */
#include "keymgmt.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

static const OSSL_PARAM *ecx_transferable_types(int selection)
{
    static const OSSL_PARAM public_types[] = {
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_END,
    };
    static const OSSL_PARAM all_types[] = {
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, NULL, 0),
        OSSL_PARAM_END,
    };

    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
        return all_types;
    return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 ? public_types : NULL;
}

static const OSSL_PARAM *ecx_gen_settable_params(void *generation, void *provctx)
{
    static const OSSL_PARAM params[] = {
        KEYMGMT_CARD_TYPES,
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
#ifdef OSSL_PKEY_PARAM_DHKEM_IKM /* from 3.2 on */
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_DHKEM_IKM, NULL, 0),
#endif
        OSSL_PARAM_END,
    };

    (void)generation;
    (void)provctx;
    return params;
}

/* What both tables have in common. */
#define ECX_COMMON_FUNCTIONS                                                                       \
    KEYMGMT_COMMON_FUNCTIONS,                                                                      \
        {OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, (void (*)(void))ecx_gen_settable_params},          \
        {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (void (*)(void))ecx_transferable_types},                  \
    {                                                                                              \
        OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (void (*)(void))ecx_transferable_types                     \
    }

/* ---- Ed25519 ----------------------------------------------------------------------------- */

static void *ed25519_new(void *provctx)
{
    return keymgmt_new_without_parameters(provctx, "ED25519");
}

static void *ed25519_gen_init(void *provctx, int selection, const OSSL_PARAM params[])
{
    return keymgmt_gen_init(provctx, "ED25519", selection, params);
}

static const OSSL_PARAM *ed25519_gettable_params(void *provctx)
{
    return keymgmt_gettable_params(provctx, "ED25519");
}

static const OSSL_PARAM *ed25519_settable_params(void *provctx)
{
    return keymgmt_settable_params(provctx, "ED25519");
}

static const char *ed25519_query_operation_name(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? SIGNATURE_ED25519_NAME : NULL;
}

const OSSL_DISPATCH keymgmt_ed25519_functions[] = {
    ECX_COMMON_FUNCTIONS,
    {OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))ed25519_new},
    {OSSL_FUNC_KEYMGMT_GEN_INIT, (void (*)(void))ed25519_gen_init},
    {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))ed25519_gettable_params},
    {OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, (void (*)(void))ed25519_settable_params},
    {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))ed25519_query_operation_name},
    {0, NULL},
};

/* ---- X25519 ------------------------------------------------------------------------------ */

static void *x25519_new(void *provctx)
{
    return keymgmt_new_without_parameters(provctx, "X25519");
}

static void *x25519_gen_init(void *provctx, int selection, const OSSL_PARAM params[])
{
    return keymgmt_gen_init(provctx, "X25519", selection, params);
}

static const OSSL_PARAM *x25519_gettable_params(void *provctx)
{
    return keymgmt_gettable_params(provctx, "X25519");
}

static const OSSL_PARAM *x25519_settable_params(void *provctx)
{
    return keymgmt_settable_params(provctx, "X25519");
}

static const char *x25519_query_operation_name(int operation)
{
    return operation == OSSL_OP_KEYEXCH ? KEY_EXCHANGE_X25519_NAME : NULL;
}

const OSSL_DISPATCH keymgmt_x25519_functions[] = {
    ECX_COMMON_FUNCTIONS,
    {OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))x25519_new},
    {OSSL_FUNC_KEYMGMT_GEN_INIT, (void (*)(void))x25519_gen_init},
    {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))x25519_gettable_params},
    {OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, (void (*)(void))x25519_settable_params},
    {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))x25519_query_operation_name},
    {0, NULL},
};
