/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libcrypto as `reissue` uses it: a library context with the default provider and ours, which is
 * built in, and the way from its error queue to errors of ours.
 */
#ifndef REISSUE_CRYPTO_H
#define REISSUE_CRYPTO_H

#include "card/card.h"

#include <openssl/evp.h>

/* Where PINs and passphrases come from. */
struct crypto_secrets {
    const char *pin_source;        /* for cards; NULL: asked for at the terminal */
    const char *passphrase_source; /* for key files; NULL: likewise */
    bool batch;                    /* nobody is asked */
};

struct crypto {
    OSSL_LIB_CTX *libctx;
    struct card_context *cards; /* to manage cards with; keys are used through EVP */
    struct crypto_secrets secrets;
    OSSL_PROVIDER *default_provider, *card_provider;
};

/*
 * Opens libcrypto; touches no card and asks for nothing. `secrets` is copied, its strings are not.
 * *out is for crypto_close().
 */
struct error *crypto_open(const struct crypto_secrets *secrets, struct crypto **out) MUST_CHECK;
void crypto_close(struct crypto *crypto);

/*
 * The private key that `name` stands for: a card: URI, or a file with a key or a key reference.
 * *out is for EVP_PKEY_free(). The provider's errors come through with their own words.
 */
struct error *crypto_load_key(struct crypto *crypto, const char *name, EVP_PKEY **out) MUST_CHECK;

/*
 * An error for what libcrypto could not do, caused by the first entry of its error queue, which is
 * cleared. `format` says what failed; the code is the provider's, or ERROR_INTERNAL.
 */
struct error *crypto_error(const char *format, ...)
    __attribute__((format(printf, 1, 2), warn_unused_result, returns_nonnull));

/* Whether `name` is a card: URI. */
bool crypto_is_card_uri(const char *name);

#endif
