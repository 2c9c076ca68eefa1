/* SPDX-License-Identifier: BSD-2-Clause */
#include "intention.h"
#include "output.h"
#include "pin.h"
#include "program.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum progress {
    INTENDED,
    FAILED,
    MADE,    /* and known to nobody yet */
    WRITTEN, /* or never to be deleted any more */
};

struct intention {
    pthread_mutex_t lock; /* of `progress`, and of the key while it changes */
    enum progress progress;
    struct card_uri *uri;
    char *management_key;
    bool overwrite;
    char algorithm[16];
    char *output;       /* see program_output() */
    uint8_t *reference; /* as it was written, where it should be in `output` when the key goes */
    size_t reference_length;
    EVP_PKEY *template; /* what is known of the key before: its size */
};

/* What a key's public half is not needed for. */
static const char *const known_before[] = {
    OSSL_PKEY_PARAM_BITS,
    OSSL_PKEY_PARAM_SECURITY_BITS,
    "security-category", /* from 3.6 on: asked of every key, as soon as it is generated */
    OSSL_PKEY_PARAM_MAX_SIZE,
    OSSL_PKEY_PARAM_DEFAULT_DIGEST,
    OSSL_PKEY_PARAM_MANDATORY_DIGEST,
    OSSL_PKEY_PARAM_GROUP_NAME,
    OSSL_PKEY_PARAM_EC_ENCODING,
    OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
};

void intention_free(struct intention *intention)
{
    if (intention == NULL)
        return;
    pthread_mutex_destroy(&intention->lock);
    card_uri_free(intention->uri);
    free(intention->management_key);
    free(intention->output);
    free(intention->reference);
    EVP_PKEY_free(intention->template);
    OPENSSL_free(intention);
}

/* ---- the template ------------------------------------------------------------------------ */

static EVP_PKEY *make_template(const struct key *key, int selection, OSSL_PARAM params[])
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(key->provider->libctx, key->type, NULL);
    EVP_PKEY *template = NULL;

    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &template, selection, params); /* fails by a NULL */
    EVP_PKEY_CTX_free(context);
    return template;
}

/* A number of so many bits in place of the modulus. */
static EVP_PKEY *make_rsa_template(const struct key *key, size_t bits)
{
    uint8_t modulus[4096 / 8] = {1}; /* both in the machine's byte order, as OSSL_PARAM has it */
    unsigned int exponent = 65537;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus, bits / 8),
        OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &exponent),
        OSSL_PARAM_construct_end(),
    };

    modulus[0] |= 0x80;
    modulus[bits / 8 - 1] |= 0x80;
    return make_template(key, EVP_PKEY_PUBLIC_KEY, params);
}

static EVP_PKEY *make_ec_template(const struct key *key, const char *group)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0),
        OSSL_PARAM_construct_end(),
    };

    return make_template(key, EVP_PKEY_KEY_PARAMETERS, params);
}

static struct error *choose_rsa(struct intention *intention, const struct key *key, size_t bits)
{
    if (bits != 2048 && bits != 3072 && bits != 4096)
        return error_new(ERROR_UNSUPPORTED,
                         "cards make RSA keys of 2048, 3072 or 4096 bits, not of %zu", bits);
    (void)snprintf(intention->algorithm, sizeof(intention->algorithm), "RSA-%zu", bits);
    intention->template = make_rsa_template(key, bits);
    return intention->template == NULL ? error_no_memory() : NULL;
}

static struct error *choose_ec(struct intention *intention, const struct key *key,
                               const char *group)
{
    int nid = group == NULL ? NID_undef : EC_curve_nist2nid(group);
    const char *name;

    if (nid == NID_undef && group != NULL)
        nid = OBJ_sn2nid(group);
    name = nid == NID_undef ? NULL : EC_curve_nid2nist(nid);
    if (name == NULL || (strcmp(name, "P-256") != 0 && strcmp(name, "P-384") != 0))
        return error_new(ERROR_UNSUPPORTED, "cards make keys on the curves P-256 and P-384, not %s",
                         group == NULL ? "without a curve" : group);
    (void)snprintf(intention->algorithm, sizeof(intention->algorithm), "%s", name);
    intention->template = make_ec_template(key, name);
    return intention->template == NULL ? error_no_memory() : NULL;
}

/* Ed25519 and X25519: 32 bytes (RFC 7748, RFC 8032) in place of the public key. */
static struct error *choose_ecx(struct intention *intention, const struct key *key,
                                const char *algorithm)
{
    uint8_t public_key[32] = {0};
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public_key, sizeof(public_key)),
        OSSL_PARAM_construct_end(),
    };

    (void)snprintf(intention->algorithm, sizeof(intention->algorithm), "%s", algorithm);
    intention->template = make_template(key, EVP_PKEY_PUBLIC_KEY, params);
    return intention->template == NULL ? error_no_memory() : NULL;
}

static struct error *choose(struct intention *intention, const struct key *key, size_t bits,
                            const char *group)
{
    if (strcmp(key->type, "RSA") == 0)
        return choose_rsa(intention, key, bits);
    if (strcmp(key->type, "EC") == 0)
        return choose_ec(intention, key, group);
    if (strcmp(key->type, "ED25519") == 0)
        return choose_ecx(intention, key, "Ed25519");
    if (strcmp(key->type, "X25519") == 0)
        return choose_ecx(intention, key, "X25519");
    return error_new(ERROR_UNSUPPORTED,
                     "cards make RSA, Ed25519 and X25519 keys and keys on P-256 and P-384, no %s "
                     "keys",
                     key->type);
}

struct error *intention_start(struct key *key, const struct intention_options *options)
{
    struct intention *intention = OPENSSL_zalloc(sizeof(*intention));
    struct error *error;

    if (intention == NULL)
        return error_no_memory();
    pthread_mutex_init(&intention->lock, NULL);
    intention->overwrite = options->overwrite;
    error = card_uri_parse(options->uri, &intention->uri);
    if (error == NULL && options->management_key != NULL &&
        (intention->management_key = strdup(options->management_key)) == NULL)
        error = error_no_memory();
    if (error == NULL)
        error = choose(intention, key, options->bits, options->group);
    if (error == NULL && !EVP_PKEY_up_ref(intention->template))
        error = error_no_memory();
    if (error != NULL) {
        intention_free(intention);
        return error;
    }
    key->intention = intention;
    key->pkey = intention->template;
    key->selection = OSSL_KEYMGMT_SELECT_ALL;
    return NULL;
}

/* ---- making the key ---------------------------------------------------------------------- */

/* A PKCS #11 token lets whoever has its PIN make keys. */
static struct error *read_pin(const struct key *key, struct secret **out)
{
    const struct card_uri *uri = key->intention->uri;
    const char *source = uri->pin_source != NULL ? uri->pin_source : key->provider->pin_source;

    if (uri->pin_value != NULL)
        return secret_new(secret_bytes(uri->pin_value), secret_length(uri->pin_value), out);
    return card_pin_place(source) != CARD_PIN_FROM_SOURCE ? NULL : card_pin_read(source, out);
}

static struct error *read_admin(const struct key *key, struct card_admin *out)
{
    const struct intention *intention = key->intention;

    *out = (struct card_admin){.use_last_try = intention->uri->use_last_try};
    if (intention->management_key != NULL)
        return card_admin_read(intention->management_key, &out->secret);
    if (card_uri_names_module(intention->uri))
        return read_pin(key, &out->pin);
    return error_new(ERROR_DENIED,
                     "the card makes keys under its management key only: name where to get it, as "
                     "management-key-source in the provider's configuration (\"factory\" if it was "
                     "never changed)");
}

static void admin_clear(struct card_admin *admin)
{
    secret_free(admin->secret);
    secret_free(admin->pin);
}

static struct error *make(struct key *key, struct card_key **out)
{
    struct intention *intention = key->intention;
    const struct card_generate_options options = {.algorithm = intention->algorithm,
                                                  .overwrite = intention->overwrite};
    struct card_admin admin;
    struct error *error = read_admin(key, &admin);

    intention->output = program_output();
    if (error == NULL && intention->output != NULL)
        error = output_check(intention->output);
    if (error == NULL)
        error = card_make_key(key->provider->cards, intention->uri, &admin, &options, out);
    admin_clear(&admin);
    if (error != NULL)
        return error_wrap(error, error_code(error), "cannot make a %s key on the card",
                          intention->algorithm);
    return NULL;
}

/* Turns the intention into a card key. There is nobody to ask for the PIN any more. */
static struct error *realize(struct key *key)
{
    struct card_key *card = NULL;
    struct error *error = make(key, &card);
    EVP_PKEY *pkey;

    if (error == NULL) {
        key->intention->progress = MADE;
        error = pin_prepare(key->provider, card, NULL);
        if (error != NULL && error_code(error) == ERROR_PIN_SOURCE) {
            error_free(error); /* whoever signs with the key will hear of it */
            error = NULL;
        }
    }
    if (error != NULL) {
        card_key_free(card);
        return error;
    }
    pkey = EVP_PKEY_dup(card_key_public(card));
    if (pkey == NULL) {
        card_key_free(card);
        return error_no_memory();
    }
    EVP_PKEY_free(key->pkey);
    key->pkey = pkey;
    key->card = card;
    return NULL;
}

int intention_realize(struct key *key)
{
    struct intention *intention = key->intention;
    struct error *error = NULL;

    if (intention == NULL)
        return 1;
    pthread_mutex_lock(&intention->lock);
    if (intention->progress == FAILED) {
        error = error_new(ERROR_NOT_FOUND, "the key was not made on the card, as was said before");
    } else if (intention->progress == INTENDED) {
        ERR_set_mark();
        error = realize(key);
        ERR_pop_to_mark();
        if (error != NULL)
            intention->progress = FAILED;
    }
    pthread_mutex_unlock(&intention->lock);
    if (error == NULL)
        return 1;
    PROVIDER_RAISE(key->provider, error);
    return 0;
}

bool intention_answers(const struct key *key, const OSSL_PARAM params[])
{
    if (key->intention == NULL)
        return true;
    for (; params->key != NULL; params++) {
        size_t i = 0;

        while (i < sizeof(known_before) / sizeof(known_before[0]) &&
               strcmp(params->key, known_before[i]) != 0)
            i++;
        if (i == sizeof(known_before) / sizeof(known_before[0]))
            return false;
    }
    return true;
}

/* ---- afterwards -------------------------------------------------------------------------- */

/* Remembers what was written. Without memory for that, nothing is looked at later. */
static void remember(struct intention *intention, const uint8_t *reference, size_t length)
{
    uint8_t *copy = intention->output == NULL ? NULL : malloc(length);

    if (copy == NULL)
        return;
    memcpy(copy, reference, length);
    free(intention->reference);
    intention->reference = copy;
    intention->reference_length = length;
}

void intention_keep(struct key *key, const uint8_t *reference, size_t length)
{
    if (key->intention == NULL)
        return;
    pthread_mutex_lock(&key->intention->lock);
    if (key->intention->progress == MADE) {
        key->intention->progress = WRITTEN;
        remember(key->intention, reference, length);
    }
    pthread_mutex_unlock(&key->intention->lock);
}

static struct error *delete_key(struct key *key)
{
    struct card_admin admin;
    struct error *error = read_admin(key, &admin);

    if (error == NULL)
        error = card_key_delete(key->card, &admin);
    admin_clear(&admin);
    return error;
}

static struct error *undo(struct key *key, struct error *cause)
{
    char *uri = NULL;
    struct error *nameless = card_key_uri(key->card, CARD_OBJECT_ANY, &uri);
    struct error *error = delete_key(key);

    error_free(nameless); /* the message below does without the name then */
    if (error == NULL) {
        key->intention->progress = FAILED;
        error = error_wrap(cause, error_code(cause),
                           "no key reference was written, and the new key was deleted from the "
                           "card again");
    } else {
        key->intention->progress = WRITTEN;
        error_free(cause);
        error =
            error_wrap(error, ERROR_ARGUMENT,
                       "no key reference was written; the new key stays on the card (%s), since "
                       "it could not be deleted",
                       uri == NULL ? "in the slot that was free" : uri);
    }
    free(uri);
    return error;
}

struct error *intention_undo(struct key *key, struct error *cause)
{
    if (key->intention == NULL)
        return cause;
    pthread_mutex_lock(&key->intention->lock);
    if (key->intention->progress == MADE)
        cause = undo(key, cause);
    pthread_mutex_unlock(&key->intention->lock);
    return cause;
}

void intention_end(struct key *key)
{
    struct intention *intention = key->intention;
    struct error *error;

    if (intention == NULL || intention->reference == NULL ||
        output_holds(intention->output, intention->reference, intention->reference_length))
        return;
    ERR_set_mark();
    error = undo(key, error_new(ERROR_ARGUMENT,
                                "%s does not hold the key reference that "
                                "`openssl genpkey` should have written there",
                                intention->output));
    ERR_pop_to_mark();
    output_report_loss(key->provider->report, error);
}
