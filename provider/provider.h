/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the provider share: the provider itself, and the way out for errors. */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include "card/card.h"

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/evp.h>

/* One instance of the provider: what OSSL_provider_init() makes, "provctx" in OpenSSL's words. */
struct provider {
    const OSSL_CORE_HANDLE *core;
    OSSL_FUNC_core_get_params_fn *core_get_params;
    OSSL_FUNC_core_new_error_fn *core_new_error;
    OSSL_FUNC_core_set_error_debug_fn *core_set_error_debug;
    OSSL_FUNC_core_vset_error_fn *core_vset_error;

    /*
     * A library context of our own, with OpenSSL's default provider in it. Public halves and
     * software keys live there, out of reach of whatever the application's context prefers:
     * asking that one for "RSA" could lead straight back here.
     */
    OSSL_LIB_CTX *libctx;
    OSSL_PROVIDER *default_provider;

    struct card_context *cards;

    /* From the provider's section of the configuration; NULL where it does not say. */
    char *generate;       /* the URI where new keys are made */
    char *management_key; /* where a card's management key comes from */
    char *overwrite_key;  /* "yes": a key in the slot where a new one is made is lost */
    char *pin_source;     /* where PINs come from that the URI says nothing about */
    char *verify;         /* "load": PINs are verified when keys are loaded; "use": later */
    char *pkcs11_uris;    /* "yes": the store answers pkcs11: URIs as well */
    char *report;         /* a file that is told of keys whose references were lost */

    char *unknown_setting; /* a name there that means nothing, or NULL */

    /*
     * Random bytes behind implicit rejection (see asym_cipher_rsa.c). Made when the provider is
     * loaded, so that a server's workers, forked off later, give the same answers: two that differ
     * about one ciphertext would tell that its padding is bad.
     */
    struct secret *rejection_secret;
};

/*
 * Puts an error of the card layer on OpenSSL's error queue, as one entry, and frees it.
 * PROVIDER_RAISE(provider, error) names the place it is called from.
 */
void provider_raise(const struct provider *provider, struct error *error, const char *file,
                    int line, const char *function);
#define PROVIDER_RAISE(provider, error)                                                            \
    provider_raise((provider), (error), __FILE__, __LINE__, __func__)

/*
 * Whether the provider's section of the configuration makes sense; ERROR_ARGUMENT names what does
 * not. It is told when a key is loaded: a provider that fails to start is left out without a word.
 */
struct error *provider_check_settings(const struct provider *provider) MUST_CHECK;

/* The reason strings behind enum error_code, for OSSL_FUNC_PROVIDER_GET_REASON_STRINGS. */
extern const OSSL_ITEM provider_reason_strings[];

/* The dispatch tables, one per operation and algorithm. */
extern const OSSL_DISPATCH keymgmt_rsa_functions[];
extern const OSSL_DISPATCH keymgmt_rsa_pss_functions[];
extern const OSSL_DISPATCH keymgmt_ec_functions[];
extern const OSSL_DISPATCH keymgmt_ed25519_functions[];
extern const OSSL_DISPATCH keymgmt_x25519_functions[];
extern const OSSL_DISPATCH signature_rsa_functions[];
extern const OSSL_DISPATCH signature_ecdsa_functions[];
extern const OSSL_DISPATCH signature_ed25519_functions[];
extern const OSSL_DISPATCH asym_cipher_rsa_functions[];
extern const OSSL_DISPATCH key_exchange_ecdh_functions[];
extern const OSSL_DISPATCH key_exchange_x25519_functions[];
extern const OSSL_DISPATCH store_functions[];
extern const OSSL_DISPATCH decoder_pem_functions[];
extern const OSSL_DISPATCH decoder_rsa_functions[];
extern const OSSL_DISPATCH decoder_rsa_pss_functions[];
extern const OSSL_DISPATCH decoder_ec_functions[];
extern const OSSL_DISPATCH decoder_ed25519_functions[];
extern const OSSL_DISPATCH decoder_x25519_functions[];
extern const OSSL_DISPATCH decoder_ec_type_specific_functions[];
extern const OSSL_DISPATCH encoder_private_key_info_functions[];
extern const OSSL_DISPATCH encoder_encrypted_private_key_info_functions[];
extern const OSSL_DISPATCH encoder_type_specific_functions[];
extern const OSSL_DISPATCH encoder_pkcs1_functions[];
extern const OSSL_DISPATCH encoder_x962_functions[];
extern const OSSL_DISPATCH encoder_type_specific_der_functions[];
extern const OSSL_DISPATCH encoder_pkcs1_der_functions[];
extern const OSSL_DISPATCH encoder_x962_der_functions[];

/*
 * Names under which only this provider has operations. Our key management answers with them, so
 * that an operation with one of our keys is fetched from here at once, whatever provider comes
 * first: asked for "RSA", libcrypto would try the first provider with an exported key.
 */
#define SIGNATURE_RSA_NAME       "CARD-RSA"
#define SIGNATURE_ECDSA_NAME     "CARD-ECDSA"
#define SIGNATURE_ED25519_NAME   "CARD-ED25519"
#define ASYM_CIPHER_RSA_NAME     "CARD-RSA"
#define KEY_EXCHANGE_ECDH_NAME   "CARD-ECDH"
#define KEY_EXCHANGE_X25519_NAME "CARD-X25519"

#endif
