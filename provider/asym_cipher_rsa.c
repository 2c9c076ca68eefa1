/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RSA encryption and decryption (provider-asym_cipher(7)). A software context beside each of ours
 * holds and checks the parameters, encrypts, and decrypts with software keys. The card comes in at
 * one place, and does the bare RSA operation: the padding is removed here.
 */
#include "rsa_unpad.h"
#include "software.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <string.h>

/* New in OpenSSL 3.2; its CMS turns implicit rejection off by this name, being unable to tell
   recipients apart otherwise. */
#define PARAM_IMPLICIT_REJECTION "implicit-rejection"

struct cipher {
    struct provider *provider;
    struct key *key;
    EVP_PKEY_CTX *software;
    unsigned int
        implicit_rejection; /* 0: a bad padding is an error. Software keys: see `software` */
};

static void *cipher_new(void *provctx)
{
    struct cipher *cipher = OPENSSL_zalloc(sizeof(*cipher));

    if (cipher == NULL)
        return NULL;
    cipher->provider = provctx;
    cipher->implicit_rejection = 1;
    return cipher;
}

static void cipher_free(void *context)
{
    struct cipher *cipher = context;

    if (cipher == NULL)
        return;
    EVP_PKEY_CTX_free(cipher->software);
    key_free(cipher->key);
    OPENSSL_free(cipher);
}

static void *cipher_dup(void *context)
{
    const struct cipher *from = context;
    struct cipher *to = cipher_new(from->provider);

    if (to == NULL)
        return NULL;
    to->implicit_rejection = from->implicit_rejection;
    if (from->key != NULL)
        to->key = key_ref(from->key);
    if (from->software != NULL && (to->software = EVP_PKEY_CTX_dup(from->software)) == NULL) {
        cipher_free(to);
        return NULL;
    }
    return to;
}

/* ---- parameters -------------------------------------------------------------------------- */

static bool is_on_card(const struct cipher *cipher)
{
    return cipher->key != NULL && cipher->key->card != NULL;
}

static int cipher_set_ctx_params(void *context, const OSSL_PARAM params[])
{
    struct cipher *cipher = context;
    const OSSL_PARAM *rejection = OSSL_PARAM_locate_const(params, PARAM_IMPLICIT_REJECTION);

    if (rejection != NULL && !OSSL_PARAM_get_uint(rejection, &cipher->implicit_rejection))
        return 0;
    return software_set_params(cipher->software, params);
}

static int cipher_get_ctx_params(void *context, OSSL_PARAM params[])
{
    struct cipher *cipher = context;

    return software_get_params(cipher->software, params);
}

/* provider-asym_cipher(7), "Asymmetric Cipher Parameters". */
static const OSSL_PARAM *cipher_gettable_ctx_params(void *context, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_DEFN(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, OSSL_PARAM_OCTET_PTR, NULL, 0),
        OSSL_PARAM_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, NULL),
        OSSL_PARAM_uint(OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION, NULL),
        OSSL_PARAM_END,
    };

    (void)context;
    (void)provctx;
    return params;
}

/* What a software key can be told depends on the version of OpenSSL, which is asked. */
static const OSSL_PARAM *cipher_settable_ctx_params(void *context, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST_PROPS, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST_PROPS, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, NULL, 0),
        OSSL_PARAM_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, NULL),
        OSSL_PARAM_uint(OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION, NULL),
        OSSL_PARAM_uint(PARAM_IMPLICIT_REJECTION, NULL),
        OSSL_PARAM_END,
    };
    const struct cipher *cipher = context;

    (void)provctx;
    if (cipher != NULL && cipher->software != NULL && !is_on_card(cipher))
        return EVP_PKEY_CTX_settable_params(cipher->software);
    return params;
}

/* ---- starting ---------------------------------------------------------------------------- */

/* Decryption starts with a public half as well: it is the parameters that are wanted there. */
static int initialize(struct cipher *cipher, struct key *key, int (*start)(EVP_PKEY_CTX *software),
                      const OSSL_PARAM params[])
{
    EVP_PKEY_CTX *software = software_new(key, start);

    if (software == NULL)
        return 0;
    key_ref(key);
    key_free(cipher->key);
    cipher->key = key;
    EVP_PKEY_CTX_free(cipher->software);
    cipher->software = software;
    cipher->implicit_rejection = 1;
    return params == NULL || cipher_set_ctx_params(cipher, params);
}

static int cipher_encrypt_init(void *context, void *key, const OSSL_PARAM params[])
{
    return initialize(context, key, EVP_PKEY_encrypt_init, params);
}

static int cipher_decrypt_init(void *context, void *key, const OSSL_PARAM params[])
{
    return initialize(context, key, EVP_PKEY_decrypt_init, params);
}

/* ---- removing the padding ---------------------------------------------------------------- */

/* A decrypted block, and the ciphertext that it comes from; both have the modulus's length. */
struct decrypted {
    const uint8_t *ciphertext;
    const uint8_t *block;
    size_t size;
};

/*
 * What stands in for the hash of the private exponent, which no card tells: a secret of this
 * process and its children, bound to the modulus.
 */
static bool make_rejection_key(const struct cipher *cipher, uint8_t key[REJECTION_KEY_LENGTH])
{
    const struct provider *provider = cipher->provider;
    BIGNUM *modulus = NULL;
    size_t size = (size_t)EVP_PKEY_get_size(cipher->key->pkey);
    uint8_t *bytes = OPENSSL_malloc(size);
    bool good = bytes != NULL &&
                EVP_PKEY_get_bn_param(cipher->key->pkey, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
                BN_bn2binpad(modulus, bytes, (int)size) == (int)size &&
                EVP_Q_mac(provider->libctx, "HMAC", NULL, "SHA256", NULL,
                          secret_bytes(provider->rejection_secret),
                          secret_length(provider->rejection_secret), bytes, size, key,
                          REJECTION_KEY_LENGTH, NULL) != NULL;

    BN_free(modulus);
    OPENSSL_free(bytes);
    return good;
}

static struct error *unpad_pkcs1(const struct cipher *cipher, const struct decrypted *decrypted,
                                 uint8_t *out, size_t *out_length)
{
    uint8_t key[REJECTION_KEY_LENGTH];
    struct error *error;

    if (!cipher->implicit_rejection)
        return rsa_unpad_pkcs1_explicit(decrypted->block, decrypted->size, out, out_length);
    if (!make_rejection_key(cipher, key))
        return error_new(ERROR_INTERNAL, "HMAC failed in libcrypto");
    error = rsa_unpad_pkcs1(cipher->provider->libctx, key, decrypted->ciphertext, decrypted->block,
                            decrypted->size, out, out_length);
    OPENSSL_cleanse(key, sizeof(key));
    return error;
}

static struct error *unpad_tls(const struct cipher *cipher, const struct decrypted *decrypted,
                               uint8_t *out, size_t *out_length)
{
    int version = software_number(cipher->software, OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, 0);
    int other = software_number(cipher->software, OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION, 0);

    if (version <= 0)
        return error_new(ERROR_ARGUMENT, "TLS padding, but no TLS version to expect");
    return rsa_unpad_tls(cipher->provider->libctx, (unsigned int)version, (unsigned int)other,
                         decrypted->block, decrypted->size, out, out_length);
}

static bool get_label(const struct cipher *cipher, const void **label, size_t *length)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_ptr(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, (void **)(uintptr_t)label,
                                       0),
        OSSL_PARAM_construct_end(),
    };

    *label = NULL;
    *length = 0;
    if (EVP_PKEY_CTX_get_params(cipher->software, params) != 1)
        return false;
    *length = params[0].return_size;
    return true;
}

static struct error *unpad_oaep(const struct cipher *cipher, const struct decrypted *decrypted,
                                uint8_t *out, size_t *out_length)
{
    EVP_MD *digest =
        software_digest(cipher->provider, cipher->software, OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST);
    EVP_MD *mgf1_digest =
        software_digest(cipher->provider, cipher->software, OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST);
    const void *label;
    size_t label_length;
    struct error *error;

    if (digest == NULL || mgf1_digest == NULL || !get_label(cipher, &label, &label_length))
        error = error_new(ERROR_INTERNAL, "no digest or no label for OAEP");
    else
        error = rsa_unpad_oaep(digest, mgf1_digest, label, label_length, decrypted->block,
                               decrypted->size, out, out_length);
    EVP_MD_free(digest);
    EVP_MD_free(mgf1_digest);
    return error;
}

static struct error *unpad(const struct cipher *cipher, int padding,
                           const struct decrypted *decrypted, uint8_t *out, size_t *out_length)
{
    switch (padding) {
    case RSA_PKCS1_PADDING:
        return unpad_pkcs1(cipher, decrypted, out, out_length);
    case RSA_PKCS1_WITH_TLS_PADDING:
        return unpad_tls(cipher, decrypted, out, out_length);
    case RSA_PKCS1_OAEP_PADDING:
        return unpad_oaep(cipher, decrypted, out, out_length);
    default:
        memcpy(out, decrypted->block, decrypted->size);
        *out_length = decrypted->size;
        return NULL;
    }
}

/* ---- encrypting and decrypting ----------------------------------------------------------- */

static bool is_padding_known(int padding)
{
    return padding == RSA_PKCS1_PADDING || padding == RSA_PKCS1_WITH_TLS_PADDING ||
           padding == RSA_PKCS1_OAEP_PADDING || padding == RSA_NO_PADDING;
}

/*
 * A ciphertext that is too short has lost its leading zeros, which libcrypto puts up with too; the
 * card layer refuses what is not less than the modulus.
 */
static struct error *pad_ciphertext(const uint8_t *in, size_t in_length, uint8_t *out, size_t size)
{
    if (in_length == 0 || in_length > size)
        return error_new(ERROR_CIPHERTEXT, "what this RSA key decrypts has %zu bytes, not %zu",
                         size, in_length);
    memset(out, 0, size - in_length);
    memcpy(out + size - in_length, in, in_length);
    return NULL;
}

/*
 * A card that removes PKCS #1 v1.5 by itself says whether it could. That is taken back here: where
 * it could not, what follows is what follows a block that is padded badly. How long the card took,
 * and how much it had to say, is out of our hands: see card(7).
 */
static struct error *decrypt_message(const struct cipher *cipher, const uint8_t *ciphertext,
                                     uint8_t *block, size_t size)
{
    uint8_t *message = OPENSSL_zalloc(size);
    size_t length = 0;
    bool found;
    struct error *error;

    if (message == NULL)
        return error_no_memory();
    error = card_key_decrypt(cipher->key->card, CARD_MECHANISM_RSA_DECRYPT_PKCS1, ciphertext, size,
                             message, &length);
    found = error == NULL;
    if (!found && error_code(error) == ERROR_PADDING) {
        error_free(error);
        error = NULL;
        length = 0;
    }
    if (error == NULL)
        rsa_restore_pkcs1(found, message, length, block, size);
    OPENSSL_clear_free(message, size);
    return error;
}

static bool card_unpads(const struct cipher *cipher)
{
    return !card_key_can(cipher->key->card, CARD_MECHANISM_RSA_DECRYPT) &&
           card_key_can(cipher->key->card, CARD_MECHANISM_RSA_DECRYPT_PKCS1);
}

static struct error *check_unpadding(const struct cipher *cipher, int padding)
{
    if (!card_unpads(cipher) || padding == RSA_PKCS1_PADDING ||
        padding == RSA_PKCS1_WITH_TLS_PADDING)
        return NULL;
    return error_new(ERROR_UNSUPPORTED,
                     "the RSA key in slot %s decrypts no %s, because its card removes the padding, "
                     "by PKCS #1 v1.5 only: have it encrypted that way, or for an EC key",
                     card_key_slot(cipher->key->card),
                     padding == RSA_PKCS1_OAEP_PADDING ? "OAEP" : "block without padding");
}

static struct error *decrypt_block(const struct cipher *cipher, int padding, const uint8_t *in,
                                   size_t in_length, uint8_t *buffer, size_t size, uint8_t *out,
                                   size_t *out_length)
{
    uint8_t *block = buffer + size;
    struct decrypted decrypted = {buffer, block, size};
    struct error *error = pad_ciphertext(in, in_length, buffer, size);
    size_t length;

    if (error == NULL && card_unpads(cipher))
        error = decrypt_message(cipher, buffer, block, size);
    else if (error == NULL)
        error = card_key_decrypt(cipher->key->card, CARD_MECHANISM_RSA_DECRYPT, buffer, size, block,
                                 &length);
    return error != NULL ? error : unpad(cipher, padding, &decrypted, out, out_length);
}

static struct error *decrypt_on_card(const struct cipher *cipher, const uint8_t *in,
                                     size_t in_length, uint8_t *out, size_t *out_length)
{
    int padding = software_number(cipher->software, OSSL_ASYM_CIPHER_PARAM_PAD_MODE, 0);
    size_t size = (size_t)EVP_PKEY_get_size(cipher->key->pkey);
    uint8_t *buffer;
    struct error *error;

    if (!is_padding_known(padding))
        return error_new(ERROR_UNSUPPORTED,
                         "a card key decrypts PKCS #1 v1.5 or OAEP padding, or none, not padding "
                         "mode %d",
                         padding);
    error = check_unpadding(cipher, padding);
    if (error != NULL)
        return error;
    buffer = OPENSSL_malloc(2 * size); /* the ciphertext, and what it becomes */
    if (buffer == NULL)
        return error_no_memory();
    error = decrypt_block(cipher, padding, in, in_length, buffer, size, out, out_length);
    OPENSSL_clear_free(buffer, 2 * size);
    return error;
}

static int cipher_encrypt(void *context, unsigned char *out, size_t *out_length, size_t out_size,
                          const unsigned char *in, size_t in_length)
{
    struct cipher *cipher = context;

    *out_length = out_size;
    return cipher->software != NULL &&
           EVP_PKEY_encrypt(cipher->software, out, out_length, in, in_length) == 1;
}

static int cipher_decrypt(void *context, unsigned char *out, size_t *out_length, size_t out_size,
                          const unsigned char *in, size_t in_length)
{
    struct cipher *cipher = context;
    struct error *error;
    size_t needed;

    if (cipher->software == NULL)
        return 0;
    if (!is_on_card(cipher)) {
        *out_length = out_size;
        return EVP_PKEY_decrypt(cipher->software, out, out_length, in, in_length) == 1;
    }
    if (EVP_PKEY_decrypt(cipher->software, NULL, &needed, in, in_length) != 1)
        return 0;
    if (out == NULL) {
        *out_length = needed;
        return 1;
    }
    /* What libcrypto tried in vain underneath is no news to the caller, and ours comes first. */
    ERR_set_mark();
    error = out_size < needed
                ? error_new(ERROR_ARGUMENT, "the buffer has %zu bytes; a message may need %zu",
                            out_size, needed)
                : decrypt_on_card(cipher, in, in_length, out, out_length);
    ERR_pop_to_mark();
    if (error != NULL)
        PROVIDER_RAISE(cipher->provider, error);
    return error == NULL;
}

const OSSL_DISPATCH asym_cipher_rsa_functions[] = {
    {OSSL_FUNC_ASYM_CIPHER_NEWCTX, (void (*)(void))cipher_new},
    {OSSL_FUNC_ASYM_CIPHER_FREECTX, (void (*)(void))cipher_free},
    {OSSL_FUNC_ASYM_CIPHER_DUPCTX, (void (*)(void))cipher_dup},
    {OSSL_FUNC_ASYM_CIPHER_ENCRYPT_INIT, (void (*)(void))cipher_encrypt_init},
    {OSSL_FUNC_ASYM_CIPHER_ENCRYPT, (void (*)(void))cipher_encrypt},
    {OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT, (void (*)(void))cipher_decrypt_init},
    {OSSL_FUNC_ASYM_CIPHER_DECRYPT, (void (*)(void))cipher_decrypt},
    {OSSL_FUNC_ASYM_CIPHER_GET_CTX_PARAMS, (void (*)(void))cipher_get_ctx_params},
    {OSSL_FUNC_ASYM_CIPHER_GETTABLE_CTX_PARAMS, (void (*)(void))cipher_gettable_ctx_params},
    {OSSL_FUNC_ASYM_CIPHER_SET_CTX_PARAMS, (void (*)(void))cipher_set_ctx_params},
    {OSSL_FUNC_ASYM_CIPHER_SETTABLE_CTX_PARAMS, (void (*)(void))cipher_settable_ctx_params},
    {0, NULL},
};
