/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder for key references in PEM (provider-decoder(7)): whatever reads a key file can be
 * given one.
 *
 * libcrypto decodes in steps, each by whoever knows the form. Its own step from PEM to DER does not
 * pass on labels that it does not know, so there is one here: it looks at the label, decrypts, and
 * names the structure. The next is called for the type of key that is looked for. A decoder says
 * "carry on" (1) to data that is none of its own.
 */
#include "decoder.h"
#include "passphrase.h"
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

/* What the steps within a step from PEM failed with, if they did. */
struct step {
    struct error *failure;
};

/* The step from PEM that this thread is in, or NULL: libcrypto runs the steps within by calls. */
static _Thread_local struct step *current_step;

int decoder_fail(struct provider *provider, struct error *error)
{
    if (current_step == NULL || current_step->failure != NULL)
        PROVIDER_RAISE(provider, error);
    else
        current_step->failure = error;
    return 0;
}

/* Ends a step that failed: what libcrypto said underneath goes, so that ours comes first. */
static int fail(struct provider *provider, struct error *error)
{
    ERR_pop_to_mark();
    PROVIDER_RAISE(provider, error);
    return 0;
}

static int call_next(const OSSL_PARAM params[], OSSL_CALLBACK *object, void *argument,
                     struct error **failure)
{
    struct step *outer = current_step; /* it asked for a passphrase, and that is being loaded */
    struct step step = {NULL};
    int result;

    current_step = &step;
    result = object(params, argument);
    current_step = outer;
    *failure = step.failure;
    return result;
}

/* Hands the DER on, and says what it is. */
static int pass_on(struct provider *provider, uint8_t *der, size_t length, OSSL_CALLBACK *object,
                   void *argument)
{
    struct error *failure;
    int result;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE,
                                         (char *)(uintptr_t)REFERENCE_STRUCTURE, 0),
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, der, length),
        OSSL_PARAM_construct_end(),
    };

    ERR_set_mark();
    result = call_next(params, object, argument, &failure);
    if (failure != NULL)
        return fail(provider, failure);
    ERR_clear_last_mark();
    return result;
}

/* Damage is told here, where the label leaves no doubt what this should have been. */
static struct error *check_reference(struct provider *provider, const uint8_t *der, size_t length)
{
    struct reference reference;
    struct error *error = reference_decode(provider->libctx, der, length, &reference);

    reference_clear(&reference);
    return error;
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
    return pass_on(provider, der, length, object, argument);
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
    plain[0] = REFERENCE_TAG_OPENED;
    result = pass_on(provider, plain, plain_length, object, argument);
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

const OSSL_DISPATCH decoder_pem_functions[] = {
    {OSSL_FUNC_DECODER_NEWCTX, (void (*)(void))decoder_newctx},
    {OSSL_FUNC_DECODER_FREECTX, (void (*)(void))decoder_freectx},
    {OSSL_FUNC_DECODER_DOES_SELECTION, (void (*)(void))decoder_does_selection},
    {OSSL_FUNC_DECODER_DECODE, (void (*)(void))decode_pem},
    {0, NULL},
};
