/* SPDX-License-Identifier: BSD-2-Clause */
#include "intention.h"

#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

struct key *key_new(struct provider *provider, const char *type)
{
    struct key *key = OPENSSL_zalloc(sizeof(*key));

    if (key == NULL)
        return NULL;
    atomic_init(&key->references, 1);
    key->provider = provider;
    key->type = type;
    return key;
}

const char *key_type(const EVP_PKEY *pkey)
{
    static const char *const types[] = {"RSA", "RSA-PSS", "EC", "ED25519", "X25519"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (EVP_PKEY_is_a(pkey, types[i]))
            return types[i];
    return NULL;
}

struct key *key_new_from_card(struct provider *provider, struct card_key *card, bool private_half)
{
    EVP_PKEY *pkey = card_key_public(card);
    const char *type = key_type(pkey);
    struct key *key;

    if (type == NULL) {
        PROVIDER_RAISE(provider, error_new(ERROR_UNSUPPORTED, "%s keys are not known here",
                                           EVP_PKEY_get0_type_name(pkey)));
        return NULL;
    }
    key = key_new(provider, type);
    if (key == NULL || (key->pkey = EVP_PKEY_dup(pkey)) == NULL) {
        key_free(key);
        return NULL;
    }
    key->selection = OSSL_KEYMGMT_SELECT_PUBLIC_KEY | OSSL_KEYMGMT_SELECT_ALL_PARAMETERS;
    if (private_half) {
        key->card = card_key_ref(card);
        key->selection |= OSSL_KEYMGMT_SELECT_PRIVATE_KEY;
    }
    return key;
}

bool key_hand_over(struct key *key, OSSL_CALLBACK *object, void *argument)
{
    int type = OSSL_OBJECT_PKEY;
    struct key *reference = key;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, (char *)(uintptr_t)key->type,
                                         0),
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &reference,
                                          sizeof(reference)),
        OSSL_PARAM_construct_end(),
    };
    bool taken = object(params, argument);

    key_free(reference);
    return taken;
}

struct key *key_ref(struct key *key)
{
    atomic_fetch_add(&key->references, 1);
    return key;
}

void key_free(struct key *key)
{
    if (key == NULL || atomic_fetch_sub(&key->references, 1) != 1)
        return;
    intention_end(key);
    EVP_PKEY_free(key->pkey);
    card_key_free(key->card);
    intention_free(key->intention);
    OPENSSL_free(key);
}
