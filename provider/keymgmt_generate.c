/* SPDX-License-Identifier: BSD-2-Clause */
/* Key and parameter generation in software, by the default provider. */
#include "keymgmt.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

struct generation {
    struct provider *provider;
    const char *type;
    int selection;
    EVP_PKEY_CTX *context;
    OSSL_CALLBACK *callback; /* progress, during keymgmt_gen() only */
    void *callback_argument;
};

static int generation_start(struct generation *generation)
{
    if ((generation->selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
        return EVP_PKEY_paramgen_init(generation->context);
    return EVP_PKEY_keygen_init(generation->context);
}

void *keymgmt_gen_init(struct provider *provider, const char *type, int selection,
                       const OSSL_PARAM params[])
{
    struct generation *generation = OPENSSL_zalloc(sizeof(*generation));

    if (generation == NULL)
        return NULL;
    generation->provider = provider;
    generation->type = type;
    generation->selection = selection;
    generation->context = EVP_PKEY_CTX_new_from_name(provider->libctx, type, NULL);
    if (generation->context == NULL || generation_start(generation) != 1 ||
        !keymgmt_gen_set_params(generation, params)) {
        keymgmt_gen_cleanup(generation);
        return NULL;
    }
    return generation;
}

/* The template's parameters (an EC group) become the new key's. */
int keymgmt_gen_set_template(void *argument, void *template)
{
    struct generation *generation = argument;
    const struct key *key = template;
    OSSL_PARAM *params = NULL;
    int result;

    if (key->pkey == NULL ||
        EVP_PKEY_todata(key->pkey, OSSL_KEYMGMT_SELECT_ALL_PARAMETERS, &params) != 1)
        return 0;
    result = keymgmt_gen_set_params(generation, params);
    OSSL_PARAM_free(params);
    return result;
}

int keymgmt_gen_set_params(void *argument, const OSSL_PARAM params[])
{
    struct generation *generation = argument;

    if (params == NULL || params->key == NULL)
        return 1;
    return EVP_PKEY_CTX_set_params(generation->context, params) == 1;
}

const OSSL_PARAM *keymgmt_gen_settable_params(void *argument, void *provctx)
{
    struct generation *generation = argument;

    (void)provctx;
    return EVP_PKEY_CTX_settable_params(generation->context);
}

/* Passes progress on, so that `genpkey` draws its dots. */
static int report_progress(EVP_PKEY_CTX *context)
{
    struct generation *generation = EVP_PKEY_CTX_get_app_data(context);
    int potential = EVP_PKEY_CTX_get_keygen_info(context, 0);
    int iteration = EVP_PKEY_CTX_get_keygen_info(context, 1);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_GEN_PARAM_POTENTIAL, &potential),
        OSSL_PARAM_construct_int(OSSL_GEN_PARAM_ITERATION, &iteration),
        OSSL_PARAM_construct_end(),
    };

    return generation->callback(params, generation->callback_argument);
}

void *keymgmt_gen(void *argument, OSSL_CALLBACK *callback, void *callback_argument)
{
    struct generation *generation = argument;
    struct key *key = key_new(generation->provider, generation->type);

    if (key == NULL)
        return NULL;
    if (callback != NULL) {
        generation->callback = callback;
        generation->callback_argument = callback_argument;
        EVP_PKEY_CTX_set_app_data(generation->context, generation);
        EVP_PKEY_CTX_set_cb(generation->context, report_progress);
    }
    if (EVP_PKEY_generate(generation->context, &key->pkey) != 1) {
        key_free(key);
        return NULL;
    }
    key->selection = generation->selection | OSSL_KEYMGMT_SELECT_ALL_PARAMETERS;
    return key;
}

void keymgmt_gen_cleanup(void *argument)
{
    struct generation *generation = argument;

    if (generation == NULL)
        return;
    EVP_PKEY_CTX_free(generation->context);
    OPENSSL_free(generation);
}
