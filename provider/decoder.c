/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoders for key references in DER (provider-decoder(7)), one for each type of key. They are
 * called for any DER: a decoder says "carry on" (1) to data that is none of its own.
 */
#include "decoder.h"
#include "passphrase.h"
#include "pin.h"
#include "reference.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <string.h>

/* The longest reference, in bytes, that makes sense: an RSA-16384 key and a long URI. */
#define DER_MAX 16384

void *decoder_newctx(void *provctx)
{
    return provctx; /* there is nothing to remember but the provider */
}

void decoder_freectx(void *context)
{
    (void)context;
}

/* A reference serves for the private key, and for what can be had of the public one. */
int decoder_does_selection(void *provctx, int selection)
{
    (void)provctx;
    return selection == 0 || (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0;
}

uint8_t *decoder_read_der(struct provider *provider, OSSL_CORE_BIO *in, size_t *length)
{
    BIO *bio = BIO_new_from_core_bio(provider->libctx, in);
    uint8_t *der = OPENSSL_malloc(DER_MAX + 1);
    int got = 1;

    *length = 0;
    while (bio != NULL && der != NULL && *length <= DER_MAX && got > 0) {
        got = BIO_read(bio, der + *length, DER_MAX + 1 - (int)*length);
        *length += got > 0 ? (size_t)got : 0;
    }
    BIO_free(bio);
    if (bio != NULL && der != NULL && *length <= DER_MAX)
        return der;
    decoder_free_der(der);
    return NULL;
}

void decoder_free_der(uint8_t *der)
{
    OPENSSL_clear_free(der, DER_MAX + 1);
}

/*
 * Asks for the PIN now, since the application cannot be asked any more when it is needed. Where it
 * has no answer, the key is loaded all the same: many uses of a key file need no PIN, a signature
 * without one says so, and it may be known from before. With verify = load the card decides that.
 */
static struct error *prepare_pin(const struct provider *provider, struct card_key *card,
                                 const struct passphrase *passphrase)
{
    struct error *no_answer = pin_prepare(provider, card, passphrase);
    struct error *error;

    if (no_answer != NULL && error_code(no_answer) != ERROR_PIN_SOURCE)
        return no_answer;
    error = pin_verify(provider, card);
    if (no_answer != NULL && error != NULL && error_code(error) == ERROR_PIN_SOURCE) {
        error_free(error);
        return no_answer;
    }
    error_free(no_answer);
    return error;
}

static struct error *make_key(struct provider *provider, const struct reference *reference,
                              int selection, const struct passphrase *passphrase, struct key **out)
{
    bool private_half = selection == 0 || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
    struct card_key *card;
    struct error *error = provider_check_settings(provider);

    *out = NULL;
    if (error == NULL)
        error = card_key_from_reference(provider->cards, reference->uri, reference->public_key,
                                        reference->pin_policy, reference->pin_at_pad, &card);
    if (error != NULL)
        return error;
    if (private_half)
        error = prepare_pin(provider, card, passphrase);
    if (error == NULL)
        *out = key_new_from_card(provider, card, private_half);
    card_key_free(card);
    return error;
}

/* Has no answer to anything. */
static const struct passphrase nobody;

static int decode_der(struct provider *provider, const char *type, OSSL_CORE_BIO *in, int selection,
                      OSSL_CALLBACK *object, void *argument, const struct passphrase *passphrase)
{
    struct reference reference = {0};
    struct key *key = NULL;
    size_t length;
    uint8_t *der = decoder_read_der(provider, in, &length);
    struct error *error;
    const char *found;

    if (der == NULL)
        return 1;
    if (length > 0 && der[0] == REFERENCE_TAG_OPENED) {
        der[0] = REFERENCE_TAG;
        passphrase = &nobody;
    }
    error = reference_decode(provider->libctx, der, length, &reference);
    decoder_free_der(der);
    found = error == NULL ? key_type(reference.public_key) : NULL;
    if (found == NULL || strcmp(found, type) != 0) {
        error_free(error); /* any DER may come by here; what is a reference was checked as PEM */
        reference_clear(&reference);
        return 1;
    }
    error = make_key(provider, &reference, selection, passphrase, &key);
    reference_clear(&reference);
    if (error != NULL)
        return decoder_fail(provider, error);
    return key != NULL && key_hand_over(key, object, argument);
}

static int decode_rsa(void *context, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *object,
                      void *argument, OSSL_PASSPHRASE_CALLBACK *callback, void *callback_argument)
{
    const struct passphrase passphrase = {callback, callback_argument};

    return decode_der(context, "RSA", in, selection, object, argument, &passphrase);
}

static int decode_rsa_pss(void *context, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *object,
                          void *argument, OSSL_PASSPHRASE_CALLBACK *callback,
                          void *callback_argument)
{
    const struct passphrase passphrase = {callback, callback_argument};

    return decode_der(context, "RSA-PSS", in, selection, object, argument, &passphrase);
}

int decoder_decode_ec(void *context, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *object,
                      void *argument, OSSL_PASSPHRASE_CALLBACK *callback, void *callback_argument)
{
    const struct passphrase passphrase = {callback, callback_argument};

    return decode_der(context, "EC", in, selection, object, argument, &passphrase);
}

static int decode_ed25519(void *context, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *object,
                          void *argument, OSSL_PASSPHRASE_CALLBACK *callback,
                          void *callback_argument)
{
    const struct passphrase passphrase = {callback, callback_argument};

    return decode_der(context, "ED25519", in, selection, object, argument, &passphrase);
}

static int decode_x25519(void *context, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *object,
                         void *argument, OSSL_PASSPHRASE_CALLBACK *callback,
                         void *callback_argument)
{
    const struct passphrase passphrase = {callback, callback_argument};

    return decode_der(context, "X25519", in, selection, object, argument, &passphrase);
}

/* ---- tables ------------------------------------------------------------------------------ */

#define DECODER_COMMON_FUNCTIONS                                                                   \
    {OSSL_FUNC_DECODER_NEWCTX, (void (*)(void))decoder_newctx},                                    \
        {OSSL_FUNC_DECODER_FREECTX, (void (*)(void))decoder_freectx},                              \
    {                                                                                              \
        OSSL_FUNC_DECODER_DOES_SELECTION, (void (*)(void))decoder_does_selection                   \
    }

const OSSL_DISPATCH decoder_rsa_functions[] = {
    DECODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_DECODER_DECODE, (void (*)(void))decode_rsa},
    {0, NULL},
};

const OSSL_DISPATCH decoder_rsa_pss_functions[] = {
    DECODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_DECODER_DECODE, (void (*)(void))decode_rsa_pss},
    {0, NULL},
};

const OSSL_DISPATCH decoder_ec_functions[] = {
    DECODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_DECODER_DECODE, (void (*)(void))decoder_decode_ec},
    {0, NULL},
};

const OSSL_DISPATCH decoder_ed25519_functions[] = {
    DECODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_DECODER_DECODE, (void (*)(void))decode_ed25519},
    {0, NULL},
};

const OSSL_DISPATCH decoder_x25519_functions[] = {
    DECODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_DECODER_DECODE, (void (*)(void))decode_x25519},
    {0, NULL},
};
