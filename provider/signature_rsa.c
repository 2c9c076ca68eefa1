/* SPDX-License-Identifier: BSD-2-Clause */
#include "pss.h"
#include "signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static int modulus_length(const struct signature *signature)
{
    return EVP_PKEY_get_size(signature->key->pkey);
}

static int current_padding(const struct signature *signature)
{
    return software_number(signature->software, OSSL_SIGNATURE_PARAM_PAD_MODE, 0);
}

/* ---- PKCS #1 v1.5 ------------------------------------------------------------------------ */

/* DigestInfo, RFC 8017 section 9.2 step 2; *out is for OPENSSL_free(). */
static struct error *encode_digest_info(const EVP_MD *digest, const uint8_t *hash,
                                        size_t hash_length, uint8_t **out, size_t *out_length)
{
    X509_SIG *info = X509_SIG_new();
    X509_ALGOR *algorithm;
    ASN1_OCTET_STRING *octets;
    int length = 0;

    *out = NULL;
    if (info != NULL) {
        X509_SIG_getm(info, &algorithm, &octets);
        if (X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(digest)), V_ASN1_NULL, NULL) &&
            ASN1_OCTET_STRING_set(octets, hash, (int)hash_length))
            length = i2d_X509_SIG(info, out);
    }
    X509_SIG_free(info);
    if (length <= 0)
        return error_new(ERROR_INTERNAL, "cannot encode a %s DigestInfo", EVP_MD_get0_name(digest));
    *out_length = (size_t)length;
    return NULL;
}

/* TLS 1.0 and 1.1 sign the two hashes side by side as they are, RFC 4346 section 4.7. */
static bool goes_without_digest_info(const EVP_MD *digest)
{
    return digest == NULL || EVP_MD_is_a(digest, "MD5-SHA1");
}

static struct error *sign_pkcs1(struct signature *signature, const EVP_MD *digest,
                                const uint8_t *hash, size_t hash_length, uint8_t *out,
                                size_t *out_length)
{
    uint8_t *info = NULL;
    size_t info_length;
    struct error *error;

    if (goes_without_digest_info(digest))
        return card_key_sign(signature->key->card, CARD_MECHANISM_RSA_PKCS1, hash, hash_length, out,
                             out_length);
    error = encode_digest_info(digest, hash, hash_length, &info, &info_length);
    if (error == NULL)
        error = card_key_sign(signature->key->card, CARD_MECHANISM_RSA_PKCS1, info, info_length,
                              out, out_length);
    OPENSSL_free(info);
    return error;
}

/* ---- PSS --------------------------------------------------------------------------------- */

/* The salt length, in bytes, that this context signs with; negative where it cannot be had. */
static int current_salt_length(const struct signature *signature, const EVP_MD *digest)
{
    int salt_length = software_number(signature->software, OSSL_SIGNATURE_PARAM_PSS_SALTLEN,
                                      RSA_PSS_SALTLEN_DIGEST);

    return pss_salt_length(salt_length, EVP_PKEY_get_bits(signature->key->pkey),
                           EVP_MD_get_size(digest));
}

static EVP_MD *current_mgf1_digest(const struct signature *signature)
{
    return signature_named_digest(signature, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
}

/* A card that pads by itself knows PKCS #1 v1.5 and nothing else: OpenPGP cards. */
static struct error *check_padding(const struct signature *signature)
{
    const struct card_key *key = signature->key->card;

    if (current_padding(signature) != RSA_PKCS1_PSS_PADDING ||
        card_key_can(key, CARD_MECHANISM_RSA_RAW))
        return NULL;
    return error_new(ERROR_UNSUPPORTED,
                     "the RSA key in slot %s makes no PSS signatures, because its card does the "
                     "padding, by PKCS #1 v1.5 only: TLS 1.3 needs another key (EC or Ed25519), "
                     "TLS 1.2 signature algorithms without PSS (MaxProtocol TLSv1.2, "
                     "SignatureAlgorithms RSA+SHA256:RSA+SHA384:RSA+SHA512)",
                     card_key_slot(key));
}

static struct error *sign_pss(struct signature *signature, const EVP_MD *digest,
                              const uint8_t *hash, uint8_t *out, size_t *out_length)
{
    EVP_MD *mgf1_digest = current_mgf1_digest(signature);
    size_t length = (size_t)modulus_length(signature);
    uint8_t *block = OPENSSL_malloc(length);
    struct error *error;

    if (block == NULL || digest == NULL || mgf1_digest == NULL)
        error = error_new(ERROR_INTERNAL, "no digest for a PSS signature");
    else
        error = pss_encode(signature->provider->libctx, digest, mgf1_digest, hash,
                           current_salt_length(signature, digest),
                           EVP_PKEY_get_bits(signature->key->pkey), block);
    if (error == NULL)
        error = card_key_sign(signature->key->card, CARD_MECHANISM_RSA_RAW, block, length, out,
                              out_length);
    OPENSSL_free(block);
    EVP_MD_free(mgf1_digest);
    return error;
}

/* ---- the choice -------------------------------------------------------------------------- */

static struct error *sign_padded(struct signature *signature, const EVP_MD *digest,
                                 const uint8_t *hash, size_t hash_length, uint8_t *out,
                                 size_t *out_length)
{
    int padding = current_padding(signature);
    struct error *error = signature_check_hash(digest, hash_length);

    if (error != NULL)
        return error;
    switch (padding) {
    case RSA_PKCS1_PADDING:
        return sign_pkcs1(signature, digest, hash, hash_length, out, out_length);
    case RSA_PKCS1_PSS_PADDING:
        return sign_pss(signature, digest, hash, out, out_length);
    case RSA_NO_PADDING:
        return card_key_sign(signature->key->card, CARD_MECHANISM_RSA_RAW, hash, hash_length, out,
                             out_length);
    default:
        return error_new(ERROR_UNSUPPORTED,
                         "a card key signs with PKCS #1 v1.5 or PSS padding, or none, not with "
                         "padding mode %d",
                         padding);
    }
}

static struct error *rsa_sign_on_card(struct signature *signature, const uint8_t *hash,
                                      size_t hash_length, uint8_t *out, size_t *out_length)
{
    EVP_MD *digest = signature_digest(signature);
    struct error *error = sign_padded(signature, digest, hash, hash_length, out, out_length);

    EVP_MD_free(digest);
    return error;
}

static void *rsa_newctx(void *provctx, const char *properties)
{
    struct signature *signature = signature_new(provctx, rsa_sign_on_card);

    (void)properties;
    if (signature != NULL)
        signature->check = check_padding;
    return signature;
}

/* ---- parameters -------------------------------------------------------------------------- */

/*
 * The software context knows the AlgorithmIdentifier, but may take "auto" for another length of
 * the salt than the one signed with here (it only verifies): so it is told the number.
 */
static int rsa_get_ctx_params(void *context, OSSL_PARAM params[])
{
    struct signature *signature = context;
    EVP_PKEY_CTX *software;
    EVP_MD *digest;
    int result;

    if (signature->software == NULL)
        return 0;
    if (OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID) == NULL ||
        current_padding(signature) != RSA_PKCS1_PSS_PADDING)
        return signature_get_ctx_params(context, params);
    digest = signature_digest(signature);
    software = EVP_PKEY_CTX_dup(signature->software);
    result =
        digest != NULL && software != NULL &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(software, current_salt_length(signature, digest)) == 1 &&
        EVP_PKEY_CTX_get_params(software, params) == 1;
    EVP_PKEY_CTX_free(software);
    EVP_MD_free(digest);
    return result;
}

/* provider-signature(7), "Signature parameters". */
static const OSSL_PARAM *rsa_gettable_ctx_params(void *context, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_int(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL),
        OSSL_PARAM_END,
    };

    (void)context;
    (void)provctx;
    return params;
}

static const OSSL_PARAM *rsa_settable_ctx_params(void *context, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PROPERTIES, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_int(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_PROPERTIES, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL),
        OSSL_PARAM_END,
    };

    (void)context;
    (void)provctx;
    return params;
}

const OSSL_DISPATCH signature_rsa_functions[] = {
    SIGNATURE_COMMON_FUNCTIONS,
    {OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))rsa_newctx},
    {OSSL_FUNC_SIGNATURE_VERIFY_RECOVER_INIT, (void (*)(void))signature_verify_recover_init},
    {OSSL_FUNC_SIGNATURE_VERIFY_RECOVER, (void (*)(void))signature_verify_recover},
    {OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (void (*)(void))rsa_get_ctx_params},
    {OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, (void (*)(void))rsa_gettable_ctx_params},
    {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (void (*)(void))rsa_settable_ctx_params},
    {0, NULL},
};
