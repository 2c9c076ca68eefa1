/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto.h"

#include "ask.h"
#include "provider/card_provider.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- errors ------------------------------------------------------------------------------ */

struct error *crypto_error(const char *format, ...)
{
    const char *data = NULL;
    int flags = 0;
    unsigned long code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
    const char *reason = ERR_reason_error_string(code);
    enum error_code kind = card_provider_error_code(code);
    struct error *cause = NULL;
    struct error *error;
    char *text = NULL;
    va_list arguments;

    if (code != 0)
        cause = error_new(kind, "%s",
                          (flags & ERR_TXT_STRING) != 0 && data[0] != '\0' ? data
                          : reason != NULL                                 ? reason
                                                                           : "unknown error");
    ERR_clear_error();
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    error = error_wrap(cause, kind, "%s", text != NULL ? text : format);
    free(text);
    return error;
}

/* ---- libcrypto --------------------------------------------------------------------------- */

static struct error *load_providers(struct crypto *crypto)
{
    if (OSSL_PROVIDER_add_builtin(crypto->libctx, "card", card_provider_init) != 1)
        return crypto_error("cannot add the card provider");
    crypto->default_provider = OSSL_PROVIDER_load(crypto->libctx, "default");
    if (crypto->default_provider == NULL)
        return crypto_error("cannot load OpenSSL's default provider");
    crypto->card_provider = OSSL_PROVIDER_load(crypto->libctx, "card");
    return crypto->card_provider != NULL ? NULL : crypto_error("cannot start the card provider");
}

struct error *crypto_open(const struct crypto_secrets *secrets, struct crypto **out)
{
    struct crypto *crypto = calloc(1, sizeof(*crypto));
    struct error *error;

    *out = NULL;
    if (crypto == NULL)
        return error_no_memory();
    crypto->secrets = *secrets;
    crypto->libctx = OSSL_LIB_CTX_new();
    error = crypto->libctx == NULL ? error_no_memory() : load_providers(crypto);
    if (error == NULL)
        error = card_context_new(crypto->libctx, &crypto->cards);
    if (error == NULL)
        card_context_set_pad_notice(crypto->cards, ask_tell);
    if (error != NULL) {
        crypto_close(crypto);
        return error;
    }
    *out = crypto;
    return NULL;
}

void crypto_close(struct crypto *crypto)
{
    if (crypto == NULL)
        return;
    card_context_free(crypto->cards);
    if (crypto->card_provider != NULL)
        OSSL_PROVIDER_unload(crypto->card_provider);
    if (crypto->default_provider != NULL)
        OSSL_PROVIDER_unload(crypto->default_provider);
    OSSL_LIB_CTX_free(crypto->libctx);
    free(crypto);
}

/* ---- PINs and passphrases ---------------------------------------------------------------- */

/* Who is asked during one load. */
struct asking {
    const struct crypto *crypto;
    const char *name;
    bool asked;
};

/* The provider looks for PINs where we were told to; and a keypad with nobody before it is of no
   use. */
static struct error *set_pin_source(const struct crypto *crypto)
{
    const struct crypto_secrets *secrets = &crypto->secrets;
    const char *source = secrets->pin_source != NULL ? secrets->pin_source
                         : secrets->batch            ? "host:"
                                                     : NULL;

    return card_provider_set_pin_source(crypto->card_provider, source);
}

/* What the source says, for a card's PIN or a file's passphrase: which of the two is told by what
   is being opened, the prompt says it to a person. */
static int answer_from(const char *source, char *buffer, int size)
{
    struct secret *secret;
    struct error *error = card_pin_read(source, &secret);
    int length = -1;

    if (error != NULL) {
        ERR_raise_data(ERR_LIB_UI, UI_R_PROCESSING_ERROR, "%s", error_message(error));
        error_free(error);
        return -1;
    }
    if (secret_length(secret) <= (size_t)size) {
        length = (int)secret_length(secret);
        memcpy(buffer, secret_bytes(secret), (size_t)length);
    }
    secret_free(secret);
    return length;
}

/* pem_password_cb, by which libcrypto asks (PEM_read_bio_PrivateKey(3)). */
static int ask(char *buffer, int size, int writing, void *argument)
{
    struct asking *asking = argument;
    const struct crypto_secrets *secrets = &asking->crypto->secrets;
    const char *source = crypto_is_card_uri(asking->name) || secrets->passphrase_source == NULL
                             ? secrets->pin_source
                             : secrets->passphrase_source;
    char prompt[512];

    (void)writing;
    asking->asked = true;
    if (card_pin_place(source) == CARD_PIN_FROM_SOURCE)
        return answer_from(source, buffer, size);
    if (secrets->batch || !isatty(STDIN_FILENO))
        return -1;
    (void)snprintf(prompt, sizeof(prompt), "PIN or passphrase for %s: ", asking->name);
    if (EVP_read_pw_string_min(buffer, 1, size, prompt, 0) != 0)
        return -1;
    return (int)strlen(buffer);
}

/* ---- keys -------------------------------------------------------------------------------- */

bool crypto_is_card_uri(const char *name)
{
    return strncasecmp(name, "card:", 5) == 0 || strncasecmp(name, "pkcs11:", 7) == 0;
}

static struct error *read_store(OSSL_STORE_CTX *store, const char *name, EVP_PKEY **out)
{
    while (*out == NULL && !OSSL_STORE_eof(store)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);

        if (info == NULL)
            return crypto_error("cannot load the key %s", name);
        if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
            *out = OSSL_STORE_INFO_get1_PKEY(info);
        OSSL_STORE_INFO_free(info);
    }
    return *out != NULL ? NULL : error_new(ERROR_NOT_FOUND, "there is no key at %s", name);
}

static struct error *load_from_card(struct crypto *crypto, const char *uri, EVP_PKEY **out)
{
    struct asking asking = {.crypto = crypto, .name = uri};
    UI_METHOD *method = UI_UTIL_wrap_read_pem_callback(ask, 0);
    OSSL_STORE_CTX *store =
        OSSL_STORE_open_ex(uri, crypto->libctx, NULL, method, &asking, NULL, NULL, NULL);
    struct error *error;

    if (store == NULL)
        error = crypto_error("cannot open %s", uri);
    else if (OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY) != 1)
        error = crypto_error("cannot look for a key at %s", uri);
    else
        error = read_store(store, uri, out);
    (void)OSSL_STORE_close(store);
    UI_destroy_method(method);
    return error;
}

static struct error *read_pem(struct crypto *crypto, BIO *bio, const char *name, EVP_PKEY **out)
{
    struct asking asking = {.crypto = crypto, .name = name};

    *out = PEM_read_bio_PrivateKey_ex(bio, NULL, ask, &asking, crypto->libctx, NULL);
    return *out != NULL ? NULL : crypto_error("cannot read the private key %s", name);
}

struct error *crypto_load_key(struct crypto *crypto, const char *name, EVP_PKEY **out)
{
    struct error *error = set_pin_source(crypto);
    BIO *bio;

    *out = NULL;
    if (error != NULL)
        return error;
    if (crypto_is_card_uri(name))
        return load_from_card(crypto, name, out);
    bio = BIO_new_file(name, "r");
    if (bio == NULL) {
        ERR_clear_error();
        return error_new(ERROR_NOT_FOUND, "cannot open the key file %s: %s", name, strerror(errno));
    }
    error = read_pem(crypto, bio, name, out);
    BIO_free(bio);
    return error;
}
