/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ECDH (SP 800-56A 5.7.1.2), as it is or with the key derivation function of ANSI X9.63, which is
 * what CMS asks for (RFC 5753). The cofactor mode is of no consequence: all curves that cards have
 * are of prime order.
 */
#include "key_exchange.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#define FIELD_MAX 66 /* bytes: P-521 */

/* The bytes of a field element: of the shared secret, and of a coordinate. 0 where not known. */
static size_t field_size(const EVP_PKEY *pkey)
{
    BIGNUM *prime = NULL;
    size_t size = 0;

    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_P, &prime) == 1 &&
        BN_num_bytes(prime) <= FIELD_MAX)
        size = (size_t)BN_num_bytes(prime);
    BN_free(prime);
    return size;
}

/* A point in uncompressed form (SEC 1, 2.3.3), whatever form the key was given in. */
static bool encode_point(const EVP_PKEY *pkey, size_t size, uint8_t *point)
{
    BIGNUM *x = NULL;
    BIGNUM *y = NULL;
    bool good = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
                EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
                BN_bn2binpad(x, point + 1, (int)size) == (int)size &&
                BN_bn2binpad(y, point + 1 + size, (int)size) == (int)size;

    point[0] = 0x04;
    BN_free(x);
    BN_free(y);
    return good;
}

/* `secret` has room for EVP_PKEY_get_size() bytes. */
static struct error *derive_raw(struct exchange *exchange, size_t size, uint8_t *secret,
                                size_t *secret_length)
{
    uint8_t point[1 + 2 * FIELD_MAX];

    if (!encode_point(exchange->peer->pkey, size, point))
        return error_new(ERROR_INTERNAL, "the peer's public key has no coordinates");
    return card_key_derive(exchange->key->card, CARD_MECHANISM_ECDH, point, 1 + 2 * size, secret,
                           secret_length);
}

/* ---- as it is ---------------------------------------------------------------------------- */

static struct error *derive_plain(struct exchange *exchange, uint8_t *out, size_t *out_length,
                                  size_t out_size)
{
    size_t size = field_size(exchange->key->pkey);
    size_t room = (size_t)EVP_PKEY_get_size(exchange->key->pkey);
    uint8_t *secret;
    size_t length;
    struct error *error;

    if (size == 0)
        return error_new(ERROR_UNSUPPORTED, "a curve that no card has");
    *out_length = size;
    if (out == NULL)
        return NULL;
    secret = OPENSSL_malloc(room);
    if (secret == NULL)
        return error_no_memory();
    error = derive_raw(exchange, size, secret, &length);
    if (error == NULL) { /* cut off where there is less room, as libcrypto does */
        *out_length = length < out_size ? length : out_size;
        memcpy(out, secret, *out_length);
    }
    OPENSSL_clear_free(secret, room);
    return error;
}

/* ---- X9.63 ------------------------------------------------------------------------------- */

/* The parameters of the derivation, as the software context holds them. */
struct derivation {
    char digest[64];
    size_t length;    /* of the result */
    const void *info; /* what else goes in: belongs to the software context */
    size_t info_length;
};

/* False where there is none: the shared secret is wanted as it is. */
static bool get_derivation(const struct exchange *exchange, struct derivation *derivation)
{
    char name[32] = "";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, name, sizeof(name)),
        OSSL_PARAM_construct_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST, derivation->digest,
                                         sizeof(derivation->digest)),
        OSSL_PARAM_construct_size_t(OSSL_EXCHANGE_PARAM_KDF_OUTLEN, &derivation->length),
        OSSL_PARAM_construct_octet_ptr(OSSL_EXCHANGE_PARAM_KDF_UKM,
                                       (void **)(uintptr_t)&derivation->info, 0),
        OSSL_PARAM_construct_end(),
    };

    *derivation = (struct derivation){0};
    if (EVP_PKEY_CTX_get_params(exchange->software, params) != 1 || name[0] == '\0')
        return false;
    if (OSSL_PARAM_modified(&params[3]))
        derivation->info_length = params[3].return_size;
    return true;
}

static bool run_kdf(const struct exchange *exchange, const struct derivation *derivation,
                    uint8_t *secret, size_t secret_length, uint8_t *out)
{
    EVP_KDF *kdf = EVP_KDF_fetch(exchange->provider->libctx, OSSL_KDF_NAME_X963KDF, NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                         (char *)(uintptr_t)derivation->digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret, secret_length),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)derivation->info,
                                          derivation->info_length),
        OSSL_PARAM_construct_end(),
    };
    bool good = context != NULL && EVP_KDF_derive(context, out, derivation->length, params) == 1;

    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return good;
}

static struct error *derive_further(struct exchange *exchange, const struct derivation *derivation,
                                    uint8_t *out, size_t *out_length, size_t out_size)
{
    uint8_t secret[FIELD_MAX];
    size_t length;
    struct error *error;

    *out_length = derivation->length;
    if (out == NULL)
        return NULL;
    if (derivation->digest[0] == '\0' || derivation->length == 0)
        return error_new(ERROR_ARGUMENT, "the key derivation function has no digest, or no length "
                                         "of what it is to derive");
    if (derivation->length > out_size)
        return error_new(ERROR_ARGUMENT, "the buffer has %zu bytes; the derived key has %zu",
                         out_size, derivation->length);
    error = derive_plain(exchange, secret, &length, sizeof(secret));
    if (error == NULL && !run_kdf(exchange, derivation, secret, length, out))
        error = error_new(ERROR_INTERNAL, "key derivation with %s failed in libcrypto",
                          derivation->digest);
    OPENSSL_cleanse(secret, sizeof(secret));
    return error;
}

static struct error *ecdh_derive_on_card(struct exchange *exchange, uint8_t *out,
                                         size_t *out_length, size_t out_size)
{
    struct derivation derivation;

    if (get_derivation(exchange, &derivation))
        return derive_further(exchange, &derivation, out, out_length, out_size);
    return derive_plain(exchange, out, out_length, out_size);
}

static void *ecdh_newctx(void *provctx)
{
    return exchange_new(provctx, ecdh_derive_on_card);
}

/* ---- parameters -------------------------------------------------------------------------- */

/* provider-keyexch(7), "Key Exchange parameters". */
static const OSSL_PARAM *ecdh_gettable_ctx_params(void *context, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_int(OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE, NULL),
        OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST, NULL, 0),
        OSSL_PARAM_size_t(OSSL_EXCHANGE_PARAM_KDF_OUTLEN, NULL),
        OSSL_PARAM_DEFN(OSSL_EXCHANGE_PARAM_KDF_UKM, OSSL_PARAM_OCTET_PTR, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)context;
    (void)provctx;
    return params;
}

static const OSSL_PARAM *ecdh_settable_ctx_params(void *context, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_int(OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE, NULL),
        OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST_PROPS, NULL, 0),
        OSSL_PARAM_size_t(OSSL_EXCHANGE_PARAM_KDF_OUTLEN, NULL),
        OSSL_PARAM_octet_string(OSSL_EXCHANGE_PARAM_KDF_UKM, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)context;
    (void)provctx;
    return params;
}

const OSSL_DISPATCH key_exchange_ecdh_functions[] = {
    EXCHANGE_COMMON_FUNCTIONS,
    {OSSL_FUNC_KEYEXCH_NEWCTX, (void (*)(void))ecdh_newctx},
    {OSSL_FUNC_KEYEXCH_SET_CTX_PARAMS, (void (*)(void))exchange_set_ctx_params},
    {OSSL_FUNC_KEYEXCH_SETTABLE_CTX_PARAMS, (void (*)(void))ecdh_settable_ctx_params},
    {OSSL_FUNC_KEYEXCH_GET_CTX_PARAMS, (void (*)(void))exchange_get_ctx_params},
    {OSSL_FUNC_KEYEXCH_GETTABLE_CTX_PARAMS, (void (*)(void))ecdh_gettable_ctx_params},
    {0, NULL},
};
