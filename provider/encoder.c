/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encoders (provider-encoder(7)) for private keys: writing out a key that is on a card gives a key
 * reference, since there is nothing else to write. libcrypto prefers a provider's own encoders for
 * its keys, so that software keys come by as well; they go on to the default provider's. Public
 * halves are exported to the default provider's encoders by libcrypto itself.
 *
 * In PEM a reference has a label of its own. In DER it takes the place of what each type of key has
 * of its own, for programs that keep a key as DER for themselves, such as Apache. It is never
 * handed out as PrivateKeyInfo in DER: `openssl pkcs8` and `pkcs12` would wrap it up as if it were
 * the key.
 */
#include "intention.h"
#include "key.h"
#include "passphrase.h"
#include "reference.h"
#include "reference_encryption.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

struct encoder {
    struct provider *provider;
    const char *output;    /* "PEM" or "DER" */
    const char *structure; /* as the table names it */
    char *cipher;          /* NULL: not encrypted */
};

static struct encoder *encoder_new(struct provider *provider, const char *output,
                                   const char *structure)
{
    struct encoder *encoder = OPENSSL_zalloc(sizeof(*encoder));

    if (encoder == NULL)
        return NULL;
    encoder->provider = provider;
    encoder->output = output;
    encoder->structure = structure;
    return encoder;
}

static void *private_key_info_newctx(void *provctx)
{
    return encoder_new(provctx, "PEM", "PrivateKeyInfo");
}

static void *encrypted_private_key_info_newctx(void *provctx)
{
    return encoder_new(provctx, "PEM", "EncryptedPrivateKeyInfo");
}

static void *type_specific_newctx(void *provctx)
{
    return encoder_new(provctx, "PEM", "type-specific");
}

static void *pkcs1_newctx(void *provctx)
{
    return encoder_new(provctx, "PEM", "pkcs1");
}

static void *x962_newctx(void *provctx)
{
    return encoder_new(provctx, "PEM", "X9.62");
}

static void *type_specific_der_newctx(void *provctx)
{
    return encoder_new(provctx, "DER", "type-specific");
}

static void *pkcs1_der_newctx(void *provctx)
{
    return encoder_new(provctx, "DER", "pkcs1");
}

static void *x962_der_newctx(void *provctx)
{
    return encoder_new(provctx, "DER", "X9.62");
}

static void encoder_freectx(void *context)
{
    struct encoder *encoder = context;

    if (encoder == NULL)
        return;
    OPENSSL_free(encoder->cipher);
    OPENSSL_free(encoder);
}

static int encoder_does_selection(void *provctx, int selection)
{
    (void)provctx;
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
}

static const OSSL_PARAM *encoder_settable_ctx_params(void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_ENCODER_PARAM_CIPHER, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_ENCODER_PARAM_PROPERTIES, NULL, 0),
        OSSL_PARAM_END,
    };

    (void)provctx;
    return params;
}

static int encoder_set_ctx_params(void *context, const OSSL_PARAM params[])
{
    struct encoder *encoder = context;
    const OSSL_PARAM *cipher = OSSL_PARAM_locate_const(params, OSSL_ENCODER_PARAM_CIPHER);

    if (cipher == NULL)
        return 1;
    OPENSSL_free(encoder->cipher);
    encoder->cipher = NULL;
    return cipher->data == NULL || OSSL_PARAM_get_utf8_string(cipher, &encoder->cipher, 0);
}

static bool in_pem(const struct encoder *encoder)
{
    return strcmp(encoder->output, "PEM") == 0;
}

/* ---- card keys --------------------------------------------------------------------------- */

static struct error *encode_reference(const struct key *key, uint8_t **der, size_t *length)
{
    struct reference reference = {NULL, key->pkey, card_key_pin_policy(key->card), false};
    char *uri = NULL;
    struct error *error = card_key_uri(key->card, CARD_OBJECT_ANY, &uri);

    if (error == NULL)
        error = card_key_pin_at_pad(key->card, &reference.pin_at_pad);
    if (error == NULL)
        error = card_uri_parse(uri, &reference.uri);
    if (error == NULL)
        error = reference_encode(&reference, der, length);
    card_uri_free(reference.uri);
    free(uri);
    return error;
}

/* Replaces the DER in *der by its encryption. */
static struct error *encrypt(const struct encoder *encoder, const struct passphrase *passphrase,
                             uint8_t **der, size_t *length)
{
    uint8_t *encrypted = NULL;
    struct error *error = reference_encrypt(encoder->provider->libctx, *der, *length,
                                            encoder->cipher, passphrase, &encrypted, length);

    OPENSSL_free(*der);
    *der = encrypted;
    return error;
}

static struct error *make_reference(const struct encoder *encoder, const struct key *key,
                                    const struct passphrase *passphrase, uint8_t **der,
                                    size_t *length)
{
    struct error *error;

    if (encoder->cipher != NULL && !in_pem(encoder))
        return error_new(ERROR_UNSUPPORTED, "a key reference is encrypted in PEM only: write it in "
                                            "PEM (-outform PEM), or without a passphrase");
    error = encode_reference(key, der, length);
    if (error == NULL && encoder->cipher != NULL)
        error = encrypt(encoder, passphrase, der, length);
    return error;
}

/* The reference as it is written; for BIO_free(), NULL without memory. */
static BIO *format_reference(const struct encoder *encoder, const uint8_t *der, size_t length)
{
    const char *label =
        encoder->cipher != NULL ? REFERENCE_ENCRYPTED_PEM_LABEL : REFERENCE_PEM_LABEL;
    BIO *text = BIO_new(BIO_s_mem());

    if (text != NULL && (in_pem(encoder) ? PEM_write_bio(text, label, "", der, (long)length) > 0
                                         : BIO_write(text, der, (int)length) == (int)length))
        return text;
    BIO_free(text);
    return NULL;
}

/* A disk that is full shows when the data leaves for it, so that is waited for. */
static struct error *write_out(BIO *out, const char *bytes, size_t length)
{
    bool written;

    ERR_set_mark();
    written = BIO_write(out, bytes, (int)length) == (int)length && BIO_flush(out) > 0;
    ERR_pop_to_mark();
    return written ? NULL : error_new(ERROR_ARGUMENT, "the output cannot be written");
}

static struct error *write_der(const struct encoder *encoder, BIO *out, struct key *key,
                               const uint8_t *der, size_t length)
{
    BIO *text = format_reference(encoder, der, length);
    char *bytes = NULL;
    size_t size = text == NULL ? 0 : (size_t)BIO_get_mem_data(text, &bytes);
    struct error *error = text == NULL ? error_no_memory() : write_out(out, bytes, size);

    if (error == NULL)
        intention_keep(key, (const uint8_t *)bytes, size);
    BIO_free(text);
    return error;
}

/* A new key without a reference would be one that nobody knows of: it goes again. */
static int write_reference(const struct encoder *encoder, BIO *out, struct key *key,
                           const struct passphrase *passphrase)
{
    uint8_t *der = NULL;
    size_t length = 0;
    struct error *error;

    if (!intention_realize(key))
        return 0;
    error = make_reference(encoder, key, passphrase, &der, &length);
    if (error == NULL)
        error = write_der(encoder, out, key, der, length);
    OPENSSL_free(der);
    if (error == NULL)
        return 1;
    PROVIDER_RAISE(encoder->provider, intention_undo(key, error));
    return 0;
}

/* ---- software keys ----------------------------------------------------------------------- */

static int write_software_key(const struct encoder *encoder, BIO *out, const struct key *key,
                              int selection, const struct passphrase *passphrase)
{
    OSSL_ENCODER_CTX *context = OSSL_ENCODER_CTX_new_for_pkey(key->pkey, selection, encoder->output,
                                                              encoder->structure, NULL);
    int result = context != NULL &&
                 (encoder->cipher == NULL ||
                  OSSL_ENCODER_CTX_set_cipher(context, encoder->cipher, NULL) == 1) &&
                 (passphrase->callback == NULL ||
                  OSSL_ENCODER_CTX_set_passphrase_cb(context, passphrase->callback,
                                                     passphrase->argument) == 1) &&
                 OSSL_ENCODER_to_bio(context, out) == 1;

    OSSL_ENCODER_CTX_free(context);
    return result;
}

static int encoder_encode(void *context, OSSL_CORE_BIO *core_bio, const void *object,
                          const OSSL_PARAM abstract[], int selection,
                          OSSL_PASSPHRASE_CALLBACK *callback, void *callback_argument)
{
    const struct encoder *encoder = context;
    struct key *key = (struct key *)(uintptr_t)object;
    const struct passphrase passphrase = {callback, callback_argument};
    BIO *out;
    int result;

    if (key == NULL || key->pkey == NULL || abstract != NULL)
        return 0;
    out = BIO_new_from_core_bio(encoder->provider->libctx, core_bio);
    if (out == NULL)
        return 0;
    result = key->card != NULL || key->intention != NULL
                 ? write_reference(encoder, out, key, &passphrase)
                 : write_software_key(encoder, out, key, selection, &passphrase);
    BIO_free(out);
    return result;
}

/* ---- tables ------------------------------------------------------------------------------ */

#define ENCODER_COMMON_FUNCTIONS                                                                   \
    {OSSL_FUNC_ENCODER_FREECTX, (void (*)(void))encoder_freectx},                                  \
        {OSSL_FUNC_ENCODER_DOES_SELECTION, (void (*)(void))encoder_does_selection},                \
        {OSSL_FUNC_ENCODER_SETTABLE_CTX_PARAMS, (void (*)(void))encoder_settable_ctx_params},      \
        {OSSL_FUNC_ENCODER_SET_CTX_PARAMS, (void (*)(void))encoder_set_ctx_params},                \
    {                                                                                              \
        OSSL_FUNC_ENCODER_ENCODE, (void (*)(void))encoder_encode                                   \
    }

const OSSL_DISPATCH encoder_private_key_info_functions[] = {
    ENCODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))private_key_info_newctx},
    {0, NULL},
};

const OSSL_DISPATCH encoder_encrypted_private_key_info_functions[] = {
    ENCODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))encrypted_private_key_info_newctx},
    {0, NULL},
};

const OSSL_DISPATCH encoder_type_specific_functions[] = {
    ENCODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))type_specific_newctx},
    {0, NULL},
};

const OSSL_DISPATCH encoder_pkcs1_functions[] = {
    ENCODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))pkcs1_newctx},
    {0, NULL},
};

const OSSL_DISPATCH encoder_x962_functions[] = {
    ENCODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))x962_newctx},
    {0, NULL},
};

const OSSL_DISPATCH encoder_type_specific_der_functions[] = {
    ENCODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))type_specific_der_newctx},
    {0, NULL},
};

const OSSL_DISPATCH encoder_pkcs1_der_functions[] = {
    ENCODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))pkcs1_der_newctx},
    {0, NULL},
};

const OSSL_DISPATCH encoder_x962_der_functions[] = {
    ENCODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))x962_der_newctx},
    {0, NULL},
};
