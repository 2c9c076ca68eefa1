/* SPDX-License-Identifier: BSD-2-Clause */
#include "signature.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

static struct error *ecdsa_sign_on_card(struct signature *signature, const uint8_t *hash,
                                        size_t hash_length, uint8_t *out, size_t *out_length)
{
    EVP_MD *digest = signature_digest(signature);
    struct error *error = signature_check_hash(digest, hash_length);

    EVP_MD_free(digest);
    if (error != NULL)
        return error;
    return card_key_sign(signature->key->card, CARD_MECHANISM_ECDSA, hash, hash_length, out,
                         out_length);
}

static void *ecdsa_newctx(void *provctx, const char *properties)
{
    (void)properties;
    return signature_new(provctx, ecdsa_sign_on_card);
}

/* provider-signature(7), "Signature parameters". */
static const OSSL_PARAM *ecdsa_gettable_ctx_params(void *context, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
        OSSL_PARAM_size_t(OSSL_SIGNATURE_PARAM_DIGEST_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)context;
    (void)provctx;
    return params;
}

static const OSSL_PARAM *ecdsa_settable_ctx_params(void *context, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_size_t(OSSL_SIGNATURE_PARAM_DIGEST_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PROPERTIES, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)context;
    (void)provctx;
    return params;
}

const OSSL_DISPATCH signature_ecdsa_functions[] = {
    SIGNATURE_COMMON_FUNCTIONS,
    {OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))ecdsa_newctx},
    {OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (void (*)(void))signature_get_ctx_params},
    {OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, (void (*)(void))ecdsa_gettable_ctx_params},
    {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (void (*)(void))ecdsa_settable_ctx_params},
    {0, NULL},
};
