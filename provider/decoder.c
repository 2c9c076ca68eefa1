/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoders for key references (provider-decoder(7)): whatever reads a key file can be given one.
 *
 * libcrypto decodes in steps, each by whoever knows the form. Its own step from PEM to DER does not
 * pass on labels that it does not know, so there is one here: it looks at the label, decrypts, and
 * names the structure. The next is called for the type of key that is looked for. A decoder says
 * "carry on" (1) to data that is none of its own.
 */
#include "decoder.h"
#include "passphrase.h"
#include "pin.h"
#include "reference.h"
#include "reference_encryption.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <string.h>

/* The longest reference, in bytes, that makes sense: an RSA-16384 key and a long URI. */
#define DER_MAX 16384

/*
 * How a reference that was encrypted is told from a plain one between the two steps, in place of
 * the tag of its SEQUENCE: the application's answer has been the passphrase, and would be again
 * (-passin) if it were asked for the PIN. The structure's name would say it better, but the `file`
 * store does not pass that on.
 */
#define TAG_SEQUENCE 0x30
#define TAG_OPENED   0x7e

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

/* ---- from PEM to DER --------------------------------------------------------------------- */

/* Hands the DER on, and says what it is. */
static int pass_on(uint8_t *der, size_t length, OSSL_CALLBACK *object, void *argument)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE,
                                         (char *)(uintptr_t)REFERENCE_STRUCTURE, 0),
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, der, length),
        OSSL_PARAM_construct_end(),
    };

    return object(params, argument);
}

/* Damage is told here, where the label leaves no doubt what this should have been. */
static struct error *check_reference(struct provider *provider, const uint8_t *der, size_t length)
{
    struct reference reference;
    struct error *error = reference_decode(provider->libctx, der, length, &reference);

    reference_clear(&reference);
    return error;
}

/* Ends a step that failed: what libcrypto said underneath goes, so that ours comes first. */
static int fail(struct provider *provider, struct error *error)
{
    ERR_pop_to_mark();
    PROVIDER_RAISE(provider, error);
    return 0;
}

static int decode_plain(struct provider *provider, uint8_t *der, size_t length,
                        OSSL_CALLBACK *object, void *argument)
{
    struct error *error;

    ERR_set_mark();
    error = check_reference(provider, der, length);
    if (error != NULL)
        return fail(provider, error);
    ERR_clear_last_mark();
    return pass_on(der, length, object, argument);
}

static int decode_encrypted(struct provider *provider, const uint8_t *der, size_t length,
                            const struct passphrase *passphrase, OSSL_CALLBACK *object,
                            void *argument)
{
    uint8_t *plain = NULL;
    size_t plain_length = 0;
    int result;
    struct error *error;

    ERR_set_mark();
    error = reference_decrypt(provider->libctx, der, length, passphrase, &plain, &plain_length);
    if (error == NULL)
        error = check_reference(provider, plain, plain_length);
    if (error != NULL) {
        OPENSSL_free(plain);
        return fail(provider, error);
    }
    ERR_clear_last_mark();
    plain[0] = TAG_OPENED;
    result = pass_on(plain, plain_length, object, argument);
    OPENSSL_free(plain);
    return result;
}

/* Reads the next PEM object, of whatever kind; false where there is none. */
static bool read_pem(struct provider *provider, OSSL_CORE_BIO *in, char **label, uint8_t **der,
                     long *length)
{
    BIO *bio = BIO_new_from_core_bio(provider->libctx, in);
    char *header = NULL;
    bool found;

    ERR_set_mark();
    found = bio != NULL && PEM_read_bio(bio, label, &header, der, length) == 1;
    ERR_pop_to_mark();
    OPENSSL_free(header);
    BIO_free(bio);
    return found;
}

static int decode_pem(void *context, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *object,
                      void *argument, OSSL_PASSPHRASE_CALLBACK *callback, void *callback_argument)
{
    struct provider *provider = context;
    struct passphrase passphrase = {callback, callback_argument};
    char *label = NULL;
    uint8_t *der = NULL;
    long length = 0;
    int result = 1;

    (void)selection;
    if (!read_pem(provider, in, &label, &der, &length))
        return 1;
    if (strcmp(label, REFERENCE_PEM_LABEL) == 0)
        result = decode_plain(provider, der, (size_t)length, object, argument);
    else if (strcmp(label, REFERENCE_ENCRYPTED_PEM_LABEL) == 0)
        result = decode_encrypted(provider, der, (size_t)length, &passphrase, object, argument);
    OPENSSL_free(label);
    OPENSSL_clear_free(der, (size_t)length); /* it may have been somebody's private key */
    return result;
}

/* ---- from DER to a key ------------------------------------------------------------------- */

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
 * has no answer, the key is loaded all the same: many uses of a key file need no PIN, and a
 * signature without one says so.
 */
static struct error *prepare_pin(const struct provider *provider, struct card_key *card,
                                 const struct passphrase *passphrase)
{
    struct error *error = pin_prepare(provider, card, passphrase);

    if (error == NULL || error_code(error) != ERROR_PIN_SOURCE)
        return error;
    error_free(error);
    return NULL;
}

static struct error *make_key(struct provider *provider, const struct reference *reference,
                              int selection, const struct passphrase *passphrase, struct key **out)
{
    bool private_half = selection == 0 || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
    struct card_key *card;
    struct error *error = card_key_from_reference(
        provider->cards, reference->uri, reference->public_key, reference->pin_policy, &card);

    *out = NULL;
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
    if (length > 0 && der[0] == TAG_OPENED) {
        der[0] = TAG_SEQUENCE;
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
    if (error != NULL) {
        PROVIDER_RAISE(provider, error);
        return 0;
    }
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

const OSSL_DISPATCH decoder_pem_functions[] = {
    DECODER_COMMON_FUNCTIONS,
    {OSSL_FUNC_DECODER_DECODE, (void (*)(void))decode_pem},
    {0, NULL},
};

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
