/* SPDX-License-Identifier: BSD-2-Clause */
#include "keymgmt.h"
#include "intention.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

struct key *keymgmt_new_without_parameters(struct provider *provider, const char *type)
{
    struct key *key = key_new(provider, type);

    if (key != NULL)
        key->selection = OSSL_KEYMGMT_SELECT_ALL_PARAMETERS;
    return key;
}

/* Takes over the key that the store referred to: the reference is the store's pointer to it. */
void *keymgmt_load(const void *reference, size_t reference_size)
{
    struct key **pointer = (struct key **)(uintptr_t)reference;
    struct key *key;

    if (pointer == NULL || reference_size != sizeof(*pointer))
        return NULL;
    key = *pointer;
    *pointer = NULL;
    return key;
}

void keymgmt_free(void *keydata)
{
    key_free(keydata);
}

int keymgmt_has(const void *keydata, int selection)
{
    const struct key *key = keydata;

    return key != NULL && (key->selection & selection) == selection;
}

/* The key with its public half, made if need be; NULL, with an error raised, where that fails. */
static struct key *realized(const void *keydata)
{
    struct key *key = (struct key *)(uintptr_t)keydata;

    return key->pkey != NULL && intention_realize(key) ? key : NULL;
}

int keymgmt_match(const void *keydata1, const void *keydata2, int selection)
{
    const struct key *key1 = realized(keydata1);
    const struct key *key2 = realized(keydata2);

    if (key1 == NULL || key2 == NULL)
        return 0;
    if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
        return EVP_PKEY_parameters_eq(key1->pkey, key2->pkey) == 1;
    return EVP_PKEY_eq(key1->pkey, key2->pkey) == 1;
}

/* A card's private half is taken on trust here: each signature proves it. */
int keymgmt_validate(const void *keydata, int selection, int check_type)
{
    const struct key *key = realized(keydata);
    EVP_PKEY_CTX *context;
    int result;

    if (key == NULL)
        return 0;
    if (key->card != NULL)
        selection &= ~OSSL_KEYMGMT_SELECT_PRIVATE_KEY;
    context = EVP_PKEY_CTX_new_from_pkey(key->provider->libctx, key->pkey, NULL);
    if (context == NULL)
        return 0;
    if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == OSSL_KEYMGMT_SELECT_KEYPAIR)
        result = EVP_PKEY_check(context);
    else if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
        result = EVP_PKEY_private_check(context);
    else if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) == 0)
        result = EVP_PKEY_param_check(context);
    else if (check_type == OSSL_KEYMGMT_VALIDATE_QUICK_CHECK)
        result = EVP_PKEY_public_check_quick(context);
    else
        result = EVP_PKEY_public_check(context);
    EVP_PKEY_CTX_free(context);
    return result == 1;
}

/* A new EVP_PKEY with the parameters of `from` alone (an EC group): it takes a public key next. */
static EVP_PKEY *duplicate_parameters(const EVP_PKEY *from)
{
    EVP_PKEY *pkey = EVP_PKEY_new();

    if (pkey != NULL && EVP_PKEY_copy_parameters(pkey, from) == 1)
        return pkey;
    EVP_PKEY_free(pkey);
    return NULL;
}

/* A new EVP_PKEY with the selected parts of `from`; NULL when that fails. */
static EVP_PKEY *duplicate_pkey(const struct key *from, int selection)
{
    int on_card = from->card != NULL ? OSSL_KEYMGMT_SELECT_PRIVATE_KEY : 0;
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *context;
    OSSL_PARAM *params = NULL;

    if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
        return duplicate_parameters(from->pkey);
    if ((from->selection & ~on_card & ~selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
        return EVP_PKEY_dup(from->pkey);
    context = EVP_PKEY_CTX_new_from_name(from->provider->libctx, from->type, NULL);
    if (context != NULL && EVP_PKEY_todata(from->pkey, selection & ~on_card, &params) == 1 &&
        EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &pkey, selection & ~on_card,
                                params); /* fails by a NULL pkey */
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

void *keymgmt_dup(const void *keydata, int selection)
{
    const struct key *from = keydata;
    struct key *key = key_new(from->provider, from->type);

    if (key == NULL || from->pkey == NULL)
        return key;
    if (realized(from) == NULL) {
        key_free(key);
        return NULL;
    }
    key->selection = from->selection & selection;
    key->pkey = duplicate_pkey(from, key->selection);
    if (key->pkey == NULL) {
        key_free(key);
        return NULL;
    }
    if (from->card != NULL && (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
        key->card = card_key_ref(from->card);
    return key;
}

int keymgmt_get_params(void *keydata, OSSL_PARAM params[])
{
    const struct key *key = keydata;

    if (key->pkey != NULL && !intention_answers(key, params))
        key = realized(keydata);
    return key != NULL && key->pkey != NULL && EVP_PKEY_get_params(key->pkey, params) == 1;
}

/* How a key is shown can be set for any; what the key is, for a software key only. */
int keymgmt_set_params(void *keydata, const OSSL_PARAM params[])
{
    struct key *key = keydata;
    bool public_key;

    if (params == NULL || params->key == NULL)
        return 1;
    public_key = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY) != NULL;
    if (key->pkey == NULL || (key->card != NULL && public_key) ||
        EVP_PKEY_set_params(key->pkey, (OSSL_PARAM *)(uintptr_t)params) != 1)
        return 0;
    if (public_key)
        key->selection |= OSSL_KEYMGMT_SELECT_PUBLIC_KEY;
    return 1;
}

static bool has_param(const OSSL_PARAM params[], const char *name1, const char *name2)
{
    return OSSL_PARAM_locate_const(params, name1) != NULL ||
           OSSL_PARAM_locate_const(params, name2) != NULL;
}

/* Which parts of a key the parameters hold, of those that are selected. */
static int imported_selection(int selection, const OSSL_PARAM params[])
{
    int found = OSSL_KEYMGMT_SELECT_ALL_PARAMETERS;

    if (has_param(params, OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_PUB_KEY))
        found |= OSSL_KEYMGMT_SELECT_PUBLIC_KEY & selection;
    if (has_param(params, OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_PRIV_KEY))
        found |= OSSL_KEYMGMT_SELECT_PRIVATE_KEY & selection;
    return found;
}

/* What is imported replaces what was there; libcrypto imports into new keys, or parameters. */
int keymgmt_import(void *keydata, int selection, const OSSL_PARAM params[])
{
    struct key *key = keydata;
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *context;

    if (key->card != NULL)
        return 0;
    context = EVP_PKEY_CTX_new_from_name(key->provider->libctx, key->type, NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, selection, (OSSL_PARAM *)(uintptr_t)params) != 1) {
        EVP_PKEY_CTX_free(context);
        return 0;
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key->pkey);
    key->pkey = pkey;
    key->selection = imported_selection(selection, params);
    return 1;
}

/*
 * Refuses whole where a card's private half is among what is asked for. Half an export would let
 * libcrypto believe that another provider can sign with it.
 */
int keymgmt_export(void *keydata, int selection, OSSL_CALLBACK *callback, void *argument)
{
    struct key *key = keydata;
    OSSL_PARAM *params = NULL;
    int result;

    if (key->pkey == NULL ||
        ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0 && realized(key) == NULL))
        return 0;
    if (key->card != NULL && (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) {
        PROVIDER_RAISE(key->provider,
                       error_new(ERROR_UNSUPPORTED, "the private key is on a card, which keeps it: "
                                                    "it cannot be exported"));
        return 0;
    }
    if (EVP_PKEY_todata(key->pkey, selection & key->selection, &params) != 1)
        return 0;
    result = callback(params, argument);
    OSSL_PARAM_free(params);
    return result;
}

const OSSL_PARAM *keymgmt_gettable_params(struct provider *provider, const char *type)
{
    EVP_KEYMGMT *keymgmt = EVP_KEYMGMT_fetch(provider->libctx, type, NULL);
    const OSSL_PARAM *params = EVP_KEYMGMT_gettable_params(keymgmt);

    EVP_KEYMGMT_free(keymgmt); /* the table is the default provider's, and static */
    return params;
}

const OSSL_PARAM *keymgmt_settable_params(struct provider *provider, const char *type)
{
    EVP_KEYMGMT *keymgmt = EVP_KEYMGMT_fetch(provider->libctx, type, NULL);
    const OSSL_PARAM *params = EVP_KEYMGMT_settable_params(keymgmt);

    EVP_KEYMGMT_free(keymgmt);
    return params;
}
