/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenPGP: passwords that the host hashes before the card gets them, 4.3.2. What the card says of
 * how to do that is believed within limits: a PIN that was hashed wrongly costs a try.
 */
#include "openpgp.h"

#include <openssl/crypto.h>
#include <string.h>

/* Data objects inside of F9. */
#define TAG_ALGORITHM 0x81
#define TAG_HASH      0x82
#define TAG_COUNT     0x83
#define TAG_SALT      0x84 /* of PW1; 85 of the resetting code, 86 of PW3, where they differ */

#define ALGORITHM_NONE            0x00
#define ALGORITHM_ITERATED_SALTED 0x03
#define HASH_SHA256               0x08 /* RFC 4880 9.4 */
#define HASH_SHA512               0x0A
#define SALT_SIZE                 8

/* The least and the most bytes to be hashed that OpenPGP's own coded counts can say, RFC 4880
   3.7.1.3: the latter take a fraction of a second. */
#define COUNT_MIN 1024
#define COUNT_MAX 65011712

/* ---- reading ----------------------------------------------------------------------------- */

static struct error *not_understood(const char *what)
{
    return error_new(ERROR_UNSUPPORTED,
                     "the card wants its PINs hashed (KDF), but %s: no PIN was sent", what);
}

/* A number in a data object of that size. */
static struct error *find_number(const struct tlv *objects, uint32_t tag, size_t size,
                                 uint32_t *out)
{
    struct tlv object;
    struct error *error = tlv_require(objects->value, objects->length, tag, &object);
    *out = 0;
    if (error == NULL && object.length != size)
        error = error_new(ERROR_CARD_ANSWER, "the data object %02X has %zu bytes instead of %zu",
                          (unsigned)tag, object.length, size);
    for (size_t i = 0; error == NULL && i < size; i++)
        *out = *out << 8 | object.value[i];
    return error;
}

/* Where the others have no salt of their own, theirs is PW1's. */
static struct error *find_salt(const struct tlv *objects, enum openpgp_password which,
                               struct openpgp_kdf *kdf)
{
    struct tlv salt;
    bool found;
    struct error *error =
        tlv_find(objects->value, objects->length, TAG_SALT + (uint32_t)which, &salt, &found);
    if (error != NULL)
        return error;
    if (!found && which != OPENPGP_PW1) {
        memcpy(kdf->salts[which], kdf->salts[OPENPGP_PW1], SALT_SIZE);
        return NULL;
    }
    if (!found || salt.length != SALT_SIZE)
        return not_understood("a salt does not have 8 bytes");
    memcpy(kdf->salts[which], salt.value, SALT_SIZE);
    return NULL;
}

static struct error *take_parameters(const struct tlv *objects, struct openpgp_kdf *kdf)
{
    uint32_t hash;
    struct error *error = find_number(objects, TAG_HASH, 1, &hash);
    if (error == NULL)
        error = find_number(objects, TAG_COUNT, 4, &kdf->count);
    if (error == NULL && hash != HASH_SHA256 && hash != HASH_SHA512)
        error = not_understood("by a hash that is not known here");
    if (error == NULL && (kdf->count < COUNT_MIN || kdf->count > COUNT_MAX))
        error = not_understood("absurdly few or many times");
    for (int i = OPENPGP_PW1; error == NULL && i <= OPENPGP_ADMIN; i++)
        error = find_salt(objects, (enum openpgp_password)i, kdf);
    kdf->sha512 = hash == HASH_SHA512;
    return error;
}

static struct error *take_kdf(const struct tlv *objects, struct openpgp_kdf *kdf)
{
    uint32_t algorithm;
    if (objects->length == 0) /* never set */
        return NULL;
    struct error *error = find_number(objects, TAG_ALGORITHM, 1, &algorithm);
    if (error != NULL || algorithm == ALGORITHM_NONE)
        return error;
    if (algorithm != ALGORITHM_ITERATED_SALTED)
        return not_understood("in a way that is not known here");
    kdf->active = true;
    return take_parameters(objects, kdf);
}

struct error *openpgp_learn_kdf(struct apdu_channel *channel, struct openpgp *openpgp)
{
    struct buffer answer = {0};
    struct tlv objects;
    struct openpgp_kdf kdf = {.known = true};
    if (openpgp->kdf.known)
        return NULL;
    struct error *error =
        openpgp->has_kdf ? openpgp_get_data(channel, OPENPGP_DO_KDF, &answer, &objects) : NULL;
    if (error == NULL && openpgp->has_kdf)
        error = take_kdf(&objects, &kdf);
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error); /* it could have one, and has none */
        error = NULL;
    }
    buffer_clear(&answer);
    if (error == NULL)
        openpgp->kdf = kdf;
    return error;
}

/* ---- hashing ----------------------------------------------------------------------------- */

/* Iterated and salted S2K, RFC 4880 3.7.1.3: salt and password again and again, `count` bytes of
   them, but once at least. */
static bool hash_repeatedly(EVP_MD_CTX *context, const EVP_MD *digest, const uint8_t *salted,
                            size_t length, size_t count, uint8_t *out)
{
    size_t left = count < length ? length : count;
    bool good = EVP_DigestInit_ex2(context, digest, NULL) == 1;
    while (good && left > 0) {
        size_t part = left < length ? left : length;
        good = EVP_DigestUpdate(context, salted, part) == 1;
        left -= part;
    }
    return good && EVP_DigestFinal_ex(context, out, NULL) == 1;
}

static struct error *hash_salted(const struct openpgp *openpgp, const uint8_t *salted,
                                 size_t length, struct secret **out)
{
    EVP_MD *digest = EVP_MD_fetch(openpgp->libctx, openpgp->kdf.sha512 ? "SHA512" : "SHA256", NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct error *error = NULL;
    if (digest == NULL || context == NULL)
        error = error_new(ERROR_INTERNAL, "libcrypto has no SHA-2");
    if (error == NULL)
        error = secret_new(NULL, (size_t)EVP_MD_get_size(digest), out);
    if (error == NULL &&
        !hash_repeatedly(context, digest, salted, length, openpgp->kdf.count, secret_bytes(*out))) {
        secret_free(*out);
        *out = NULL;
        error = error_new(ERROR_INTERNAL, "SHA-2 failed in libcrypto");
    }
    EVP_MD_CTX_free(context);
    EVP_MD_free(digest);
    return error;
}

struct error *openpgp_hash_password(const struct openpgp *openpgp, enum openpgp_password which,
                                    struct secret *password, struct secret **out)
{
    const struct openpgp_kdf *kdf = &openpgp->kdf;
    struct secret *salted;
    *out = NULL;
    if (!kdf->active)
        return secret_new(secret_bytes(password), secret_length(password), out);
    size_t length = SALT_SIZE + secret_length(password);
    struct error *error = secret_new(NULL, length, &salted);
    if (error != NULL)
        return error;
    memcpy(secret_bytes(salted), kdf->salts[which], SALT_SIZE);
    memcpy(secret_bytes(salted) + SALT_SIZE, secret_bytes(password), secret_length(password));
    error = hash_salted(openpgp, secret_bytes(salted), length, out);
    secret_free(salted);
    return error;
}
