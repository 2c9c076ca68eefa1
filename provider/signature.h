/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A signature context. It keeps a software context of the default provider beside it: with a
 * software key that one does all the work; with a card key it verifies, and it holds and checks the
 * parameters (padding, digest, salt length), so that they mean what they mean in OpenSSL. The card
 * comes in at one place only: the signature over a finished hash.
 */
#ifndef PROVIDER_SIGNATURE_H
#define PROVIDER_SIGNATURE_H

#include "key.h"
#include "software.h"

struct signature;

/*
 * Has the card sign `hash` under the context's parameters. `out` has room for the key's size;
 * *out_length is set.
 */
typedef struct error *signature_card_function(struct signature *signature, const uint8_t *hash,
                                              size_t hash_length, uint8_t *out, size_t *out_length);

/* Whether the card's key can sign at all under the parameters that were set; asks no card. */
typedef struct error *signature_check_function(const struct signature *signature);

struct signature {
    struct provider *provider;
    signature_card_function *sign_on_card;
    signature_check_function *check; /* NULL: it can */
    bool signs;                      /* was started to sign with a card's key */
    struct key *key;
    EVP_PKEY_CTX *software;
    EVP_MD_CTX *digestion; /* streaming: digest_sign, digest_verify */
};

/*
 * A new context, for a type's newctx. The caller's property query is left alone: it speaks of the
 * application's providers, and digests are computed in a library context of our own.
 */
struct signature *signature_new(struct provider *provider, signature_card_function *sign_on_card);

/*
 * The digest that is set in the context, for EVP_MD_free(); NULL where none is, and the data is
 * signed as it comes.
 */
EVP_MD *signature_digest(const struct signature *signature);

/* The same for the digest that another of the context's parameters names. */
EVP_MD *signature_named_digest(const struct signature *signature, const char *parameter);

/* ERROR_ARGUMENT where a digest is set and a hash of this length (in bytes) is none of its. */
struct error *signature_check_hash(const EVP_MD *digest, size_t hash_length) MUST_CHECK;

/* See provider-signature(7) for these. */
OSSL_FUNC_signature_freectx_fn signature_free;
OSSL_FUNC_signature_dupctx_fn signature_dup;
OSSL_FUNC_signature_sign_init_fn signature_sign_init;
OSSL_FUNC_signature_sign_fn signature_sign;
OSSL_FUNC_signature_verify_init_fn signature_verify_init;
OSSL_FUNC_signature_verify_fn signature_verify;
OSSL_FUNC_signature_verify_recover_init_fn signature_verify_recover_init;
OSSL_FUNC_signature_verify_recover_fn signature_verify_recover;
OSSL_FUNC_signature_digest_sign_init_fn signature_digest_sign_init;
OSSL_FUNC_signature_digest_sign_update_fn signature_digest_update;
OSSL_FUNC_signature_digest_sign_final_fn signature_digest_sign_final;
OSSL_FUNC_signature_digest_verify_init_fn signature_digest_verify_init;
OSSL_FUNC_signature_digest_verify_final_fn signature_digest_verify_final;
OSSL_FUNC_signature_get_ctx_params_fn signature_get_ctx_params;
OSSL_FUNC_signature_set_ctx_params_fn signature_set_ctx_params;

/* What the tables of all types have in common. */
#define SIGNATURE_COMMON_FUNCTIONS                                                                 \
    {OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))signature_free},                                 \
        {OSSL_FUNC_SIGNATURE_DUPCTX, (void (*)(void))signature_dup},                               \
        {OSSL_FUNC_SIGNATURE_SIGN_INIT, (void (*)(void))signature_sign_init},                      \
        {OSSL_FUNC_SIGNATURE_SIGN, (void (*)(void))signature_sign},                                \
        {OSSL_FUNC_SIGNATURE_VERIFY_INIT, (void (*)(void))signature_verify_init},                  \
        {OSSL_FUNC_SIGNATURE_VERIFY, (void (*)(void))signature_verify},                            \
        {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (void (*)(void))signature_digest_sign_init},        \
        {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, (void (*)(void))signature_digest_update},         \
        {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, (void (*)(void))signature_digest_sign_final},      \
        {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, (void (*)(void))signature_digest_verify_init},    \
        {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, (void (*)(void))signature_digest_update},       \
        {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, (void (*)(void))signature_digest_verify_final},  \
    {                                                                                              \
        OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (void (*)(void))signature_set_ctx_params               \
    }

#endif
