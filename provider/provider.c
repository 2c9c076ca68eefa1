/* SPDX-License-Identifier: BSD-2-Clause */
/* The provider's entry point and its table of contents (provider(7), provider-base(7)). */
#include "provider.h"
#include "card_provider.h"
#include "pin.h"
#include "reference.h"
#include "settings.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* The names that OpenSSL's default provider uses, aliases and object identifiers included. */
#define RSA_NAMES     "RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define RSA_PSS_NAMES "RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10"
#define EC_NAMES      "EC:id-ecPublicKey:1.2.840.10045.2.1"
#define ED25519_NAMES "ED25519:1.3.101.112"
#define X25519_NAMES  "X25519:1.3.101.110"

#define PROPERTIES "provider=card"

#define REJECTION_SECRET_LENGTH 32 /* bytes */

static const OSSL_ALGORITHM keymgmt_algorithms[] = {
    {RSA_NAMES, PROPERTIES, keymgmt_rsa_functions, "RSA keys on smart cards"},
    {RSA_PSS_NAMES, PROPERTIES, keymgmt_rsa_pss_functions, "RSA keys for PSS on smart cards"},
    {EC_NAMES, PROPERTIES, keymgmt_ec_functions, "Elliptic curve keys on smart cards"},
    {ED25519_NAMES, PROPERTIES, keymgmt_ed25519_functions, "Ed25519 keys on smart cards"},
    {X25519_NAMES, PROPERTIES, keymgmt_x25519_functions, "X25519 keys on smart cards"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM signature_algorithms[] = {
    {RSA_NAMES, PROPERTIES, signature_rsa_functions, "RSA signatures by smart cards"},
    {SIGNATURE_RSA_NAME, PROPERTIES, signature_rsa_functions, "RSA signatures by smart cards"},
    {"ECDSA", PROPERTIES, signature_ecdsa_functions, "ECDSA signatures by smart cards"},
    {SIGNATURE_ECDSA_NAME, PROPERTIES, signature_ecdsa_functions,
     "ECDSA signatures by smart cards"},
    {SIGNATURE_ED25519_NAME, PROPERTIES, signature_ed25519_functions,
     "Ed25519 signatures by smart cards"},
    {NULL, NULL, NULL, NULL},
};

/* Under our own names only: other keys are none of these operations' business. */
static const OSSL_ALGORITHM asym_cipher_algorithms[] = {
    {ASYM_CIPHER_RSA_NAME, PROPERTIES, asym_cipher_rsa_functions, "RSA decryption by smart cards"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM key_exchange_algorithms[] = {
    {KEY_EXCHANGE_ECDH_NAME, PROPERTIES, key_exchange_ecdh_functions, "ECDH by smart cards"},
    {KEY_EXCHANGE_X25519_NAME, PROPERTIES, key_exchange_x25519_functions, "X25519 by smart cards"},
    {NULL, NULL, NULL, NULL},
};

/* The second row is for those who ask for it: another provider may own that scheme. */
static const OSSL_ALGORITHM store_algorithms_with_pkcs11[] = {
    {"card", PROPERTIES, store_functions, "Keys and certificates on smart cards"},
    {"pkcs11", PROPERTIES, store_functions, "Keys on smart cards by RFC 7512 URIs"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM store_algorithms[] = {
    {"card", PROPERTIES, store_functions, "Keys and certificates on smart cards"},
    {NULL, NULL, NULL, NULL},
};

#define FROM_PEM       PROPERTIES ",input=pem"
#define FROM_REFERENCE PROPERTIES ",input=der,structure=" REFERENCE_STRUCTURE
#define FROM_DER       PROPERTIES ",input=der,structure=type-specific"

static const OSSL_ALGORITHM decoder_algorithms[] = {
    {"DER", FROM_PEM, decoder_pem_functions, "Card key references in PEM"},
    {RSA_NAMES, FROM_REFERENCE, decoder_rsa_functions, "Card key references"},
    {RSA_PSS_NAMES, FROM_REFERENCE, decoder_rsa_pss_functions, "Card key references"},
    {EC_NAMES, FROM_REFERENCE, decoder_ec_functions, "Card key references"},
    {ED25519_NAMES, FROM_REFERENCE, decoder_ed25519_functions, "Card key references"},
    {X25519_NAMES, FROM_REFERENCE, decoder_x25519_functions, "Card key references"},
    {RSA_NAMES, FROM_DER, decoder_rsa_functions, "Card key references"},
    {RSA_PSS_NAMES, FROM_DER, decoder_rsa_pss_functions, "Card key references"},
    {EC_NAMES, FROM_DER, decoder_ec_type_specific_functions,
     "Card key references, and parameters of keys to make"},
    {ED25519_NAMES, FROM_DER, decoder_ed25519_functions, "Card key references"},
    {X25519_NAMES, FROM_DER, decoder_x25519_functions, "Card key references"},
    {NULL, NULL, NULL, NULL},
};

#define TO_PEM PROPERTIES ",output=pem,structure="
#define TO_DER PROPERTIES ",output=der,structure="

static const OSSL_ALGORITHM encoder_algorithms[] = {
    {RSA_NAMES, TO_PEM "PrivateKeyInfo", encoder_private_key_info_functions, "Card key references"},
    {RSA_NAMES, TO_PEM "EncryptedPrivateKeyInfo", encoder_encrypted_private_key_info_functions,
     "Card key references"},
    {RSA_NAMES, TO_PEM "type-specific", encoder_type_specific_functions, "Card key references"},
    {RSA_NAMES, TO_PEM "pkcs1", encoder_pkcs1_functions, "Card key references"},
    {EC_NAMES, TO_PEM "PrivateKeyInfo", encoder_private_key_info_functions, "Card key references"},
    {EC_NAMES, TO_PEM "EncryptedPrivateKeyInfo", encoder_encrypted_private_key_info_functions,
     "Card key references"},
    {EC_NAMES, TO_PEM "type-specific", encoder_type_specific_functions, "Card key references"},
    {EC_NAMES, TO_PEM "X9.62", encoder_x962_functions, "Card key references"},
    {RSA_PSS_NAMES, TO_PEM "PrivateKeyInfo", encoder_private_key_info_functions,
     "Card key references"},
    {RSA_PSS_NAMES, TO_PEM "EncryptedPrivateKeyInfo", encoder_encrypted_private_key_info_functions,
     "Card key references"},
    {ED25519_NAMES, TO_PEM "PrivateKeyInfo", encoder_private_key_info_functions,
     "Card key references"},
    {ED25519_NAMES, TO_PEM "EncryptedPrivateKeyInfo", encoder_encrypted_private_key_info_functions,
     "Card key references"},
    {X25519_NAMES, TO_PEM "PrivateKeyInfo", encoder_private_key_info_functions,
     "Card key references"},
    {X25519_NAMES, TO_PEM "EncryptedPrivateKeyInfo", encoder_encrypted_private_key_info_functions,
     "Card key references"},
    {RSA_NAMES, TO_DER "type-specific", encoder_type_specific_der_functions, "Card key references"},
    {RSA_NAMES, TO_DER "pkcs1", encoder_pkcs1_der_functions, "Card key references"},
    {RSA_PSS_NAMES, TO_DER "type-specific", encoder_type_specific_der_functions,
     "Card key references"},
    {EC_NAMES, TO_DER "type-specific", encoder_type_specific_der_functions, "Card key references"},
    {EC_NAMES, TO_DER "X9.62", encoder_x962_der_functions, "Card key references"},
    {ED25519_NAMES, TO_DER "type-specific", encoder_type_specific_der_functions,
     "Card key references"},
    {X25519_NAMES, TO_DER "type-specific", encoder_type_specific_der_functions,
     "Card key references"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *query_operation(void *provctx, int operation, int *no_cache)
{
    const struct provider *provider = provctx;

    *no_cache = 0;
    switch (operation) {
    case OSSL_OP_KEYMGMT:
        return keymgmt_algorithms;
    case OSSL_OP_SIGNATURE:
        return signature_algorithms;
    case OSSL_OP_ASYM_CIPHER:
        return asym_cipher_algorithms;
    case OSSL_OP_KEYEXCH:
        return key_exchange_algorithms;
    case OSSL_OP_STORE:
        return setting_is(provider->pkcs11_uris, "yes") ? store_algorithms_with_pkcs11
                                                        : store_algorithms;
    case OSSL_OP_DECODER:
        return decoder_algorithms;
    case OSSL_OP_ENCODER:
        return encoder_algorithms;
    default:
        return NULL;
    }
}

static const OSSL_PARAM *gettable_params(void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, NULL, 0),
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, NULL, 0),
        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_BUILDINFO, NULL, 0),
        OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, NULL),
        OSSL_PARAM_END,
    };

    (void)provctx;
    return params;
}

static int set_text(OSSL_PARAM params[], const char *name, const char *text)
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);

    return param == NULL || OSSL_PARAM_set_utf8_ptr(param, text);
}

static int get_params(void *provctx, OSSL_PARAM params[])
{
    OSSL_PARAM *status = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);

    (void)provctx;
    return set_text(params, OSSL_PROV_PARAM_NAME, "Smart card keys over PC/SC") &&
           set_text(params, OSSL_PROV_PARAM_VERSION, PROVIDER_VERSION) &&
           set_text(params, OSSL_PROV_PARAM_BUILDINFO, PROVIDER_VERSION) &&
           (status == NULL || OSSL_PARAM_set_int(status, 1));
}

static const OSSL_ITEM *get_reason_strings(void *provctx)
{
    (void)provctx;
    return provider_reason_strings;
}

/* ---- TLS groups -------------------------------------------------------------------------- */

struct group_filter {
    OSSL_CALLBACK *callback;
    void *argument;
};

static int pass_group_on(const OSSL_PARAM params[], void *argument)
{
    const struct group_filter *filter = argument;
    const OSSL_PARAM *algorithm = OSSL_PARAM_locate_const(params, OSSL_CAPABILITY_TLS_GROUP_ALG);

    if (algorithm == NULL || algorithm->data_type != OSSL_PARAM_UTF8_STRING ||
        (strcmp(algorithm->data, "EC") != 0 && strcmp(algorithm->data, "X25519") != 0))
        return 1;
    return filter->callback(params, filter->argument);
}

/*
 * libssl believes in a TLS group only if it comes from the provider whose key management it gets
 * for the group's algorithm. Where that is ours, because we are listed first, the curves must come
 * from here, or there would be none. They are the default provider's, to whom the keys go as well.
 */
static int get_capabilities(void *provctx, const char *capability, OSSL_CALLBACK *callback,
                            void *argument)
{
    const struct provider *provider = provctx;
    struct group_filter filter = {callback, argument};

    if (strcmp(capability, "TLS-GROUP") != 0)
        return 0;
    return OSSL_PROVIDER_get_capabilities(provider->default_provider, capability, pass_group_on,
                                          &filter);
}

/* ---- coming and going -------------------------------------------------------------------- */

static void teardown(void *provctx)
{
    struct provider *provider = provctx;

    if (provider == NULL)
        return;
    card_context_free(provider->cards);
    settings_free(provider);
    secret_free(provider->rejection_secret);
    if (provider->default_provider != NULL)
        OSSL_PROVIDER_unload(provider->default_provider);
    OSSL_LIB_CTX_free(provider->libctx);
    OPENSSL_free(provider);
}

static const OSSL_DISPATCH provider_functions[] = {
    {OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))teardown},
    {OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*)(void))gettable_params},
    {OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))get_params},
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query_operation},
    {OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, (void (*)(void))get_reason_strings},
    {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))get_capabilities},
    {0, NULL},
};

static bool take_core_functions(struct provider *provider, const OSSL_DISPATCH *in)
{
    for (; in->function_id != 0; in++) {
        switch (in->function_id) {
        case OSSL_FUNC_CORE_GET_PARAMS:
            provider->core_get_params = OSSL_FUNC_core_get_params(in);
            break;
        case OSSL_FUNC_CORE_NEW_ERROR:
            provider->core_new_error = OSSL_FUNC_core_new_error(in);
            break;
        case OSSL_FUNC_CORE_SET_ERROR_DEBUG:
            provider->core_set_error_debug = OSSL_FUNC_core_set_error_debug(in);
            break;
        case OSSL_FUNC_CORE_VSET_ERROR:
            provider->core_vset_error = OSSL_FUNC_core_vset_error(in);
            break;
        default:
            break;
        }
    }
    return provider->core_get_params != NULL && provider->core_new_error != NULL &&
           provider->core_set_error_debug != NULL && provider->core_vset_error != NULL;
}

static struct error *make_rejection_secret(struct provider *provider)
{
    struct error *error = secret_new(NULL, REJECTION_SECRET_LENGTH, &provider->rejection_secret);

    if (error == NULL &&
        RAND_priv_bytes_ex(provider->libctx, secret_bytes(provider->rejection_secret),
                           REJECTION_SECRET_LENGTH, 0) != 1)
        error = error_new(ERROR_INTERNAL, "no random numbers from libcrypto");
    return error;
}

/* No card is touched here, no socket opened and no thread started: `openssl version` comes by. */
static bool start(struct provider *provider, const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in)
{
    struct error *error;

    provider->core = core;
    if (!take_core_functions(provider, in) || !settings_take(provider))
        return false;
    provider->libctx = OSSL_LIB_CTX_new_from_dispatch(core, in);
    if (provider->libctx == NULL)
        return false;
    provider->default_provider = OSSL_PROVIDER_load(provider->libctx, "default");
    if (provider->default_provider == NULL)
        return false;
    error = make_rejection_secret(provider);
    if (error == NULL)
        error = card_context_new(provider->libctx, &provider->cards);
    if (error == NULL)
        error = card_context_set_module(provider->cards, provider->module_path,
                                        settings_module_seconds(provider));
    if (error == NULL)
        card_context_set_pad_notice(provider->cards, pin_tell);
    else
        PROVIDER_RAISE(provider, error);
    return error == NULL;
}

struct error *card_provider_set_pin_source(OSSL_PROVIDER *handle, const char *source)
{
    struct provider *provider = OSSL_PROVIDER_get0_provider_ctx(handle);
    char *copy = source == NULL ? NULL : OPENSSL_strdup(source);

    if (source != NULL && copy == NULL)
        return error_no_memory();
    OPENSSL_free(provider->pin_source);
    provider->pin_source = copy;
    return NULL;
}

int card_provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
                       const OSSL_DISPATCH **out, void **provctx)
{
    struct provider *provider = OPENSSL_zalloc(sizeof(*provider));

    if (provider == NULL)
        return 0;
    if (!start(provider, core, in)) {
        teardown(provider);
        return 0;
    }
    *provctx = provider;
    *out = provider_functions;
    return 1;
}
