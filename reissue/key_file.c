/* SPDX-License-Identifier: BSD-2-Clause */
#include "key_file.h"

#include "atomic_file.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const struct algorithm {
    const char *name;
    const char *type;
    int bits;
    const char *group;
} algorithms[] = {
    {"RSA-2048", "RSA", 2048, NULL}, {"RSA-3072", "RSA", 3072, NULL},
    {"RSA-4096", "RSA", 4096, NULL}, {"P-256", "EC", 0, "P-256"},
    {"P-384", "EC", 0, "P-384"},     {"P-521", "EC", 0, "P-521"},
    {"Ed25519", "ED25519", 0, NULL},
};

static EVP_PKEY *generate(struct crypto *crypto, const struct algorithm *algorithm)
{
    if (algorithm->bits > 0)
        return EVP_PKEY_Q_keygen(crypto->libctx, "provider=default", algorithm->type,
                                 (size_t)algorithm->bits);
    if (algorithm->group != NULL)
        return EVP_PKEY_Q_keygen(crypto->libctx, "provider=default", algorithm->type,
                                 algorithm->group);
    return EVP_PKEY_Q_keygen(crypto->libctx, "provider=default", algorithm->type);
}

static const struct algorithm *find(const char *name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (strcasecmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    return NULL;
}

size_t key_file_algorithms(const char **out, size_t room)
{
    size_t count = sizeof(algorithms) / sizeof(algorithms[0]);

    for (size_t i = 0; i < count && i < room; i++)
        out[i] = algorithms[i].name;
    return count < room ? count : room;
}

/* The text in `bio`, which has a NUL put at its end, for free(). */
static struct error *take_text(BIO *bio, char **out)
{
    char *bytes;
    long length = BIO_get_mem_data(bio, &bytes);

    *out = length < 0 ? NULL : strndup(bytes, (size_t)length);
    return *out != NULL ? NULL : error_no_memory();
}

struct error *key_file_reference(EVP_PKEY *key, char **out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    struct error *error = NULL;

    *out = NULL;
    if (bio == NULL)
        return error_no_memory();
    if (PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        error = crypto_error("cannot write the key's reference");
    else
        error = take_text(bio, out);
    BIO_free(bio);
    return error;
}

/* ---- new files --------------------------------------------------------------------------- */

static struct error *encode(struct crypto *crypto, EVP_PKEY *key, BIO *bio)
{
    const char *source = crypto->secrets.passphrase_source;
    struct secret *passphrase = NULL;
    struct error *error = source == NULL ? NULL : card_pin_read(source, &passphrase);
    int length = passphrase == NULL ? 0 : (int)secret_length(passphrase);
    bool good;

    if (error != NULL)
        return error;
    good =
        PEM_write_bio_PKCS8PrivateKey(bio, key, passphrase == NULL ? NULL : EVP_aes_256_cbc(),
                                      passphrase == NULL ? NULL : (char *)secret_bytes(passphrase),
                                      length, NULL, NULL) == 1;
    secret_free(passphrase);
    return good ? NULL : crypto_error("cannot encode the new key");
}

static struct error *write_key(struct crypto *crypto, EVP_PKEY *key, const char *path)
{
    BIO *bio = BIO_new(BIO_s_secmem()); /* is wiped when it is freed */
    struct error *error;
    char *bytes;
    long length;

    if (bio == NULL)
        return error_no_memory();
    error = encode(crypto, key, bio);
    if (error == NULL) {
        length = BIO_get_mem_data(bio, &bytes);
        error = atomic_file_write(path, ATOMIC_FILE_REPLACE, 0600, bytes, (size_t)length);
    }
    BIO_free(bio);
    return error;
}

struct error *key_file_make(struct crypto *crypto, const char *path, const char *name)
{
    const struct algorithm *algorithm = find(name);
    EVP_PKEY *key;
    struct error *error;

    if (access(path, F_OK) == 0)
        return NULL; /* written as a whole, by an earlier run */
    if (algorithm == NULL)
        return error_new(ERROR_UNSUPPORTED,
                         "no key of the kind \"%s\" can be made in a file: there are RSA-2048, "
                         "RSA-3072, RSA-4096, P-256, P-384, P-521 and Ed25519",
                         name);
    key = generate(crypto, algorithm);
    if (key == NULL)
        return crypto_error("cannot make a %s key", algorithm->name);
    error = write_key(crypto, key, path);
    EVP_PKEY_free(key);
    return error;
}
