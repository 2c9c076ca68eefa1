/* SPDX-License-Identifier: BSD-2-Clause */
#include "signature.h"
#include "intention.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>

struct signature *signature_new(struct provider *provider, signature_card_function *sign_on_card)
{
    struct signature *signature = OPENSSL_zalloc(sizeof(*signature));

    if (signature == NULL)
        return NULL;
    signature->provider = provider;
    signature->sign_on_card = sign_on_card;
    return signature;
}

void signature_free(void *context)
{
    struct signature *signature = context;

    if (signature == NULL)
        return;
    EVP_MD_CTX_free(signature->digestion);
    EVP_PKEY_CTX_free(signature->software);
    key_free(signature->key);
    OPENSSL_free(signature);
}

/* Copies what can fail to be copied; false then, with *to still fit for signature_free(). */
static bool copy_parts(struct signature *to, const struct signature *from)
{
    if (from->software != NULL && (to->software = EVP_PKEY_CTX_dup(from->software)) == NULL)
        return false;
    if (from->digestion == NULL)
        return true;
    to->digestion = EVP_MD_CTX_new();
    return to->digestion != NULL && EVP_MD_CTX_copy_ex(to->digestion, from->digestion) == 1;
}

void *signature_dup(void *context)
{
    const struct signature *from = context;
    struct signature *to = signature_new(from->provider, from->sign_on_card);

    if (to == NULL)
        return NULL;
    to->check = from->check;
    to->signs = from->signs;
    if (from->key != NULL)
        to->key = key_ref(from->key);
    if (!copy_parts(to, from)) {
        signature_free(to);
        return NULL;
    }
    return to;
}

/* ---- starting ---------------------------------------------------------------------------- */

typedef int start_function(EVP_PKEY_CTX *software);

/*
 * Starts an operation with a key, or anew with the one that the context has (NULL). Parameters of
 * an earlier operation are forgotten with its software context.
 */
static int initialize(struct signature *signature, struct key *key, start_function *start,
                      const OSSL_PARAM params[])
{
    EVP_PKEY_CTX *software;
    bool signs;

    if (key == NULL)
        key = signature->key;
    if (key == NULL || !intention_realize(key))
        return 0;
    /* A card's private half is not in the software context, which verifies where it would sign. */
    signs = key->card != NULL && start == EVP_PKEY_sign_init;
    if (signs)
        start = EVP_PKEY_verify_init;
    software = software_new(key, start);
    if (software == NULL)
        return 0;
    key_ref(key);
    key_free(signature->key);
    signature->key = key;
    EVP_PKEY_CTX_free(signature->software);
    signature->software = software;
    signature->signs = signs;
    return signature_set_ctx_params(signature, params);
}

int signature_sign_init(void *context, void *key, const OSSL_PARAM params[])
{
    return initialize(context, key, EVP_PKEY_sign_init, params);
}

int signature_verify_init(void *context, void *key, const OSSL_PARAM params[])
{
    return initialize(context, key, EVP_PKEY_verify_init, params);
}

int signature_verify_recover_init(void *context, void *key, const OSSL_PARAM params[])
{
    return initialize(context, key, EVP_PKEY_verify_recover_init, params);
}

/* The digest that a caller who names none gets, as the default provider's keys have it. */
static const char *default_digest(const struct key *key, char *buffer, size_t size)
{
    return EVP_PKEY_get_default_digest_name(key->pkey, buffer, size) > 0 ? buffer : "SHA256";
}

/* Starts streaming with the digest that the software context has taken. */
static int start_digest(struct signature *signature)
{
    EVP_MD *digest = signature_digest(signature);
    int result;

    EVP_MD_CTX_free(signature->digestion);
    signature->digestion = EVP_MD_CTX_new();
    result = digest != NULL && signature->digestion != NULL &&
             EVP_DigestInit_ex2(signature->digestion, digest, NULL) == 1;
    EVP_MD_free(digest);
    return result;
}

static int initialize_digest(struct signature *signature, const char *digest_name, struct key *key,
                             start_function *start, const OSSL_PARAM params[])
{
    char name[64];
    OSSL_PARAM digest_params[2];

    if (!initialize(signature, key, start, NULL))
        return 0;
    if (digest_name == NULL || digest_name[0] == '\0')
        digest_name = default_digest(signature->key, name, sizeof(name));
    digest_params[0] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST,
                                                        (char *)(uintptr_t)digest_name, 0);
    digest_params[1] = OSSL_PARAM_construct_end();
    return signature_set_ctx_params(signature, digest_params) &&
           signature_set_ctx_params(signature, params) && start_digest(signature);
}

int signature_digest_sign_init(void *context, const char *digest_name, void *key,
                               const OSSL_PARAM params[])
{
    return initialize_digest(context, digest_name, key, EVP_PKEY_sign_init, params);
}

int signature_digest_verify_init(void *context, const char *digest_name, void *key,
                                 const OSSL_PARAM params[])
{
    return initialize_digest(context, digest_name, key, EVP_PKEY_verify_init, params);
}

/* ---- signing and verifying --------------------------------------------------------------- */

static int sign_on_card(struct signature *signature, uint8_t *out, size_t *out_length,
                        const uint8_t *hash, size_t hash_length)
{
    struct error *error;

    /* What libcrypto tried in vain underneath is no news to the caller, and ours comes first. */
    ERR_set_mark();
    error = signature->sign_on_card(signature, hash, hash_length, out, out_length);
    ERR_pop_to_mark();
    if (error == NULL)
        return 1;
    PROVIDER_RAISE(signature->provider, error);
    return 0;
}

int signature_sign(void *context, unsigned char *out, size_t *out_length, size_t out_size,
                   const unsigned char *hash, size_t hash_length)
{
    struct signature *signature = context;
    size_t needed;

    if (signature->software == NULL)
        return 0;
    needed = (size_t)EVP_PKEY_get_size(signature->key->pkey);
    if (out == NULL) {
        *out_length = needed;
        return 1;
    }
    if (signature->key->card == NULL) {
        *out_length = out_size;
        return EVP_PKEY_sign(signature->software, out, out_length, hash, hash_length) == 1;
    }
    if (out_size < needed) {
        PROVIDER_RAISE(signature->provider,
                       error_new(ERROR_ARGUMENT,
                                 "the buffer has %zu bytes; a signature may need %zu", out_size,
                                 needed));
        return 0;
    }
    return sign_on_card(signature, out, out_length, hash, hash_length);
}

int signature_verify(void *context, const unsigned char *sig, size_t sig_length,
                     const unsigned char *hash, size_t hash_length)
{
    struct signature *signature = context;

    return signature->software != NULL &&
           EVP_PKEY_verify(signature->software, sig, sig_length, hash, hash_length) == 1;
}

int signature_verify_recover(void *context, unsigned char *out, size_t *out_length, size_t out_size,
                             const unsigned char *sig, size_t sig_length)
{
    struct signature *signature = context;

    if (signature->software == NULL)
        return 0;
    if (out != NULL)
        *out_length = out_size;
    return EVP_PKEY_verify_recover(signature->software, out, out_length, sig, sig_length) == 1;
}

int signature_digest_update(void *context, const unsigned char *data, size_t length)
{
    struct signature *signature = context;

    return signature->digestion != NULL &&
           EVP_DigestUpdate(signature->digestion, data, length) == 1;
}

/* The hash of what was streamed; the context can be started anew afterwards, not continued. */
static int finish_digest(struct signature *signature, uint8_t *hash, unsigned int *hash_length)
{
    return signature->digestion != NULL &&
           EVP_DigestFinal_ex(signature->digestion, hash, hash_length) == 1;
}

int signature_digest_sign_final(void *context, unsigned char *out, size_t *out_length,
                                size_t out_size)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned int hash_length = 0;

    if (out != NULL && !finish_digest(context, hash, &hash_length))
        return 0;
    return signature_sign(context, out, out_length, out_size, hash, hash_length);
}

int signature_digest_verify_final(void *context, const unsigned char *sig, size_t sig_length)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned int hash_length = 0;

    return finish_digest(context, hash, &hash_length) &&
           signature_verify(context, sig, sig_length, hash, hash_length);
}

/* ---- parameters -------------------------------------------------------------------------- */

int signature_get_ctx_params(void *context, OSSL_PARAM params[])
{
    struct signature *signature = context;

    return software_get_params(signature->software, params);
}

/* What the card's key cannot do is said when it is asked for, before anybody types a PIN. */
int signature_set_ctx_params(void *context, const OSSL_PARAM params[])
{
    struct signature *signature = context;
    struct error *error = NULL;

    if (!software_set_params(signature->software, params))
        return 0;
    if (signature->signs && signature->check != NULL)
        error = signature->check(signature);
    if (error != NULL)
        PROVIDER_RAISE(signature->provider, error);
    return error == NULL;
}

EVP_MD *signature_digest(const struct signature *signature)
{
    return signature_named_digest(signature, OSSL_SIGNATURE_PARAM_DIGEST);
}

EVP_MD *signature_named_digest(const struct signature *signature, const char *parameter)
{
    return software_digest(signature->provider, signature->software, parameter);
}

struct error *signature_check_hash(const EVP_MD *digest, size_t hash_length)
{
    if (digest == NULL || hash_length == (size_t)EVP_MD_get_size(digest))
        return NULL;
    return error_new(ERROR_ARGUMENT,
                     "the data to sign has %zu bytes, but a %s hash has %d: hash it first",
                     hash_length, EVP_MD_get0_name(digest), EVP_MD_get_size(digest));
}
