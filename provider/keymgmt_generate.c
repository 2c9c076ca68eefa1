/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key and parameter generation: in software, by the default provider, unless the card is asked for
 * by a parameter (card-uri) or by the configuration (generate).
 */
#include "intention.h"
#include "keymgmt.h"
#include "program.h"
#include "settings.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

struct generation {
    struct provider *provider;
    const char *type;
    int selection;
    EVP_PKEY_CTX *context;

    /* What a card is to be told. */
    char *card_uri;
    char *management_key;
    char *overwrite_key;
    size_t bits;
    size_t primes;
    uint64_t exponent;
    char *group;

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
    generation->bits = 2048;
    generation->primes = 2;
    generation->exponent = 65537;
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

const OSSL_PARAM *keymgmt_gen_settable_params(void *argument, void *provctx)
{
    struct generation *generation = argument;

    (void)provctx;
    return EVP_PKEY_CTX_settable_params(generation->context);
}

/* A copy of a text parameter, where it is given. */
static int take_text(const OSSL_PARAM params[], const char *name, char **text)
{
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, name);

    if (param == NULL)
        return 1;
    OPENSSL_free(*text);
    *text = NULL;
    return OSSL_PARAM_get_utf8_string(param, text, 0);
}

static int take_size(const OSSL_PARAM params[], const char *name, size_t *number)
{
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, name);

    return param == NULL || OSSL_PARAM_get_size_t(param, number);
}

int keymgmt_gen_set_params(void *argument, const OSSL_PARAM params[])
{
    struct generation *generation = argument;
    const OSSL_PARAM *exponent;

    if (params == NULL || params->key == NULL)
        return 1;
    exponent = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_E);
    return take_text(params, KEYMGMT_PARAM_CARD_URI, &generation->card_uri) &&
           take_text(params, KEYMGMT_PARAM_MANAGEMENT_KEY_SOURCE, &generation->management_key) &&
           take_text(params, KEYMGMT_PARAM_OVERWRITE_KEY, &generation->overwrite_key) &&
           take_text(params, OSSL_PKEY_PARAM_GROUP_NAME, &generation->group) &&
           take_size(params, OSSL_PKEY_PARAM_RSA_BITS, &generation->bits) &&
           take_size(params, OSSL_PKEY_PARAM_RSA_PRIMES, &generation->primes) &&
           (exponent == NULL || OSSL_PARAM_get_uint64(exponent, &generation->exponent)) &&
           EVP_PKEY_CTX_set_params(generation->context, params) == 1;
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

/* Where on a card the key is to be made, or NULL: in software. */
static const char *card_uri(const struct generation *generation)
{
    if ((generation->selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
        return NULL;
    if (generation->card_uri != NULL)
        return generation->card_uri;
    return generation->provider->generate != NULL && program_makes_keys()
               ? generation->provider->generate
               : NULL;
}

/* A parameter counts more than the configuration. */
static const char *first(const char *parameter, const char *setting)
{
    return parameter != NULL ? parameter : setting;
}

static struct error *check_intention(const struct generation *generation)
{
    const char *overwrite = generation->overwrite_key;

    if (generation->primes != 2 || generation->exponent != 65537)
        return error_new(ERROR_UNSUPPORTED, "cards make RSA keys of two primes, with the public "
                                            "exponent 65537");
    if (overwrite != NULL && !setting_is(overwrite, "yes") && !setting_is(overwrite, "no"))
        return error_new(ERROR_ARGUMENT, "%s has to be yes or no, not %s",
                         KEYMGMT_PARAM_OVERWRITE_KEY, overwrite);
    return provider_check_settings(generation->provider);
}

static int intend(const struct generation *generation, struct key *key, const char *uri)
{
    const struct provider *provider = generation->provider;
    const struct intention_options options = {
        .uri = uri,
        .management_key = first(generation->management_key, provider->management_key),
        .overwrite = setting_is(first(generation->overwrite_key, provider->overwrite_key), "yes"),
        .bits = generation->bits,
        .group = generation->group,
    };
    struct error *error = check_intention(generation);

    if (error == NULL)
        error = intention_start(key, &options);
    if (error == NULL)
        return 1;
    PROVIDER_RAISE(provider, error);
    return 0;
}

static int generate_in_software(struct generation *generation, struct key *key,
                                OSSL_CALLBACK *callback, void *callback_argument)
{
    if (callback != NULL) {
        generation->callback = callback;
        generation->callback_argument = callback_argument;
        EVP_PKEY_CTX_set_app_data(generation->context, generation);
        EVP_PKEY_CTX_set_cb(generation->context, report_progress);
    }
    key->selection = generation->selection | OSSL_KEYMGMT_SELECT_ALL_PARAMETERS;
    return EVP_PKEY_generate(generation->context, &key->pkey) == 1;
}

void *keymgmt_gen(void *argument, OSSL_CALLBACK *callback, void *callback_argument)
{
    struct generation *generation = argument;
    const char *uri = card_uri(generation);
    struct key *key = key_new(generation->provider, generation->type);

    if (key == NULL)
        return NULL;
    if (uri != NULL ? intend(generation, key, uri)
                    : generate_in_software(generation, key, callback, callback_argument))
        return key;
    key_free(key);
    return NULL;
}

void keymgmt_gen_cleanup(void *argument)
{
    struct generation *generation = argument;

    if (generation == NULL)
        return;
    EVP_PKEY_CTX_free(generation->context);
    OPENSSL_free(generation->card_uri);
    OPENSSL_free(generation->management_key);
    OPENSSL_free(generation->overwrite_key);
    OPENSSL_free(generation->group);
    OPENSSL_free(generation);
}
