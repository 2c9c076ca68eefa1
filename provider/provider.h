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
};

/*
 * Puts an error of the card layer on OpenSSL's error queue, as one entry, and frees it.
 * PROVIDER_RAISE(provider, error) names the place it is called from.
 */
void provider_raise(const struct provider *provider, struct error *error, const char *file,
                    int line, const char *function);
#define PROVIDER_RAISE(provider, error)                                                            \
    provider_raise((provider), (error), __FILE__, __LINE__, __func__)

/* The reason strings behind enum error_code, for OSSL_FUNC_PROVIDER_GET_REASON_STRINGS. */
extern const OSSL_ITEM provider_reason_strings[];

/* The dispatch tables, one per operation and algorithm. */
extern const OSSL_DISPATCH keymgmt_rsa_functions[];
extern const OSSL_DISPATCH keymgmt_ec_functions[];
extern const OSSL_DISPATCH signature_rsa_functions[];
extern const OSSL_DISPATCH signature_ecdsa_functions[];
extern const OSSL_DISPATCH store_functions[];
extern const OSSL_DISPATCH decoder_pem_functions[];
extern const OSSL_DISPATCH decoder_rsa_functions[];
extern const OSSL_DISPATCH decoder_ec_functions[];
extern const OSSL_DISPATCH encoder_private_key_info_functions[];
extern const OSSL_DISPATCH encoder_encrypted_private_key_info_functions[];
extern const OSSL_DISPATCH encoder_type_specific_functions[];
extern const OSSL_DISPATCH encoder_pkcs1_functions[];
extern const OSSL_DISPATCH encoder_x962_functions[];

/*
 * Names under which only this provider has signatures. Our key management answers with them, so
 * that a signature with one of our keys is fetched from here at once, whatever provider comes
 * first: asked for "RSA", libcrypto would try the first provider with an exported key.
 */
#define SIGNATURE_RSA_NAME   "CARD-RSA"
#define SIGNATURE_ECDSA_NAME "CARD-ECDSA"

#endif
