/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ed25519 (RFC 8032 section 5.1), in one go: it is the message that is signed, not a hash of it, so
 * there is no streaming and no digest. The software context is an EVP_MD_CTX here, because that is
 * how libcrypto signs with Ed25519: with a card key it verifies, and tells the AlgorithmIdentifier.
 */
#include "intention.h"
#include "key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>

#define SIGNATURE_LENGTH 64

struct eddsa {
    struct provider *provider;
    struct key *key;
    EVP_MD_CTX *software;
    bool signs; /* started for signatures, not to verify */
};

static void *ed25519_newctx(void *provctx, const char *properties)
{
    struct eddsa *eddsa = OPENSSL_zalloc(sizeof(*eddsa));

    (void)properties;
    if (eddsa != NULL)
        eddsa->provider = provctx;
    return eddsa;
}

static void ed25519_freectx(void *context)
{
    struct eddsa *eddsa = context;

    if (eddsa == NULL)
        return;
    EVP_MD_CTX_free(eddsa->software);
    key_free(eddsa->key);
    OPENSSL_free(eddsa);
}

/* NULL where it fails, or where that key cannot do it. */
static EVP_MD_CTX *start(const struct key *key, bool signs)
{
    EVP_MD_CTX *software;
    int result;

    if (key == NULL || key->pkey == NULL || (software = EVP_MD_CTX_new()) == NULL)
        return NULL;
    /* A card's private half is not in the software context, which verifies where it would sign. */
    if (signs && key->card == NULL)
        result = EVP_DigestSignInit_ex(software, NULL, NULL, key->provider->libctx, NULL, key->pkey,
                                       NULL);
    else
        result = EVP_DigestVerifyInit_ex(software, NULL, NULL, key->provider->libctx, NULL,
                                         key->pkey, NULL);
    if (result == 1)
        return software;
    EVP_MD_CTX_free(software);
    return NULL;
}

/* With the key that the context has where none is given. */
static int initialize(struct eddsa *eddsa, const char *digest_name, struct key *key, bool signs)
{
    EVP_MD_CTX *software;

    if (digest_name != NULL && digest_name[0] != '\0') {
        PROVIDER_RAISE(eddsa->provider,
                       error_new(ERROR_ARGUMENT,
                                 "Ed25519 signs the message itself: it takes no digest, not %s",
                                 digest_name));
        return 0;
    }
    if (key == NULL)
        key = eddsa->key;
    software = key != NULL && intention_realize(key) ? start(key, signs) : NULL;
    if (software == NULL)
        return 0;
    key_ref(key);
    key_free(eddsa->key);
    eddsa->key = key;
    EVP_MD_CTX_free(eddsa->software);
    eddsa->software = software;
    eddsa->signs = signs;
    return 1;
}

static int ed25519_digest_sign_init(void *context, const char *digest_name, void *key,
                                    const OSSL_PARAM params[])
{
    (void)params; /* there are none */
    return initialize(context, digest_name, key, true);
}

static int ed25519_digest_verify_init(void *context, const char *digest_name, void *key,
                                      const OSSL_PARAM params[])
{
    (void)params;
    return initialize(context, digest_name, key, false);
}

/* There is nothing to copy between start and signature but the key: the copy is started anew. */
static void *ed25519_dupctx(void *context)
{
    const struct eddsa *from = context;
    struct eddsa *to = ed25519_newctx(from->provider, NULL);

    if (to == NULL || from->key == NULL)
        return to;
    if (initialize(to, NULL, from->key, from->signs))
        return to;
    ed25519_freectx(to);
    return NULL;
}

static int sign_on_card(const struct eddsa *eddsa, unsigned char *out, size_t *out_length,
                        const unsigned char *message, size_t length)
{
    struct error *error;

    /* What libcrypto tried in vain underneath is no news to the caller, and ours comes first. */
    ERR_set_mark();
    error =
        card_key_sign(eddsa->key->card, CARD_MECHANISM_ED25519, message, length, out, out_length);
    ERR_pop_to_mark();
    if (error != NULL)
        PROVIDER_RAISE(eddsa->provider, error);
    return error == NULL;
}

static int ed25519_digest_sign(void *context, unsigned char *out, size_t *out_length,
                               size_t out_size, const unsigned char *message, size_t length)
{
    const struct eddsa *eddsa = context;

    if (eddsa->software == NULL || !eddsa->signs)
        return 0;
    if (out == NULL) {
        *out_length = SIGNATURE_LENGTH;
        return 1;
    }
    if (eddsa->key->card == NULL) {
        *out_length = out_size;
        return EVP_DigestSign(eddsa->software, out, out_length, message, length) == 1;
    }
    if (out_size >= SIGNATURE_LENGTH)
        return sign_on_card(eddsa, out, out_length, message, length);
    PROVIDER_RAISE(eddsa->provider,
                   error_new(ERROR_ARGUMENT, "the buffer has %zu bytes; a signature has %d",
                             out_size, SIGNATURE_LENGTH));
    return 0;
}

static int ed25519_digest_verify(void *context, const unsigned char *sig, size_t sig_length,
                                 const unsigned char *message, size_t length)
{
    const struct eddsa *eddsa = context;

    return eddsa->software != NULL && !eddsa->signs &&
           EVP_DigestVerify(eddsa->software, sig, sig_length, message, length) == 1;
}

static int ed25519_get_ctx_params(void *context, OSSL_PARAM params[])
{
    const struct eddsa *eddsa = context;

    return eddsa->software != NULL &&
           EVP_PKEY_CTX_get_params(EVP_MD_CTX_get_pkey_ctx(eddsa->software), params) == 1;
}

static const OSSL_PARAM *ed25519_gettable_ctx_params(void *context, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)context;
    (void)provctx;
    return params;
}

const OSSL_DISPATCH signature_ed25519_functions[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))ed25519_newctx},
    {OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))ed25519_freectx},
    {OSSL_FUNC_SIGNATURE_DUPCTX, (void (*)(void))ed25519_dupctx},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (void (*)(void))ed25519_digest_sign_init},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (void (*)(void))ed25519_digest_sign},
    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, (void (*)(void))ed25519_digest_verify_init},
    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, (void (*)(void))ed25519_digest_verify},
    {OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (void (*)(void))ed25519_get_ctx_params},
    {OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, (void (*)(void))ed25519_gettable_ctx_params},
    {0, NULL},
};
