/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reload_key FILE PIN: does with a key file what Apache's mod_ssl does: reads it as PEM, with PIN
 * for an answer, writes the key as DER, frees it, makes a key from that DER where nobody can be
 * asked any more, and signs with it. The signature is verified by the default provider.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char message[] = "a message";

static void expect(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "%s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static int answer(char *buffer, int size, int writing, void *pin)
{
    (void)writing;
    return snprintf(buffer, (size_t)size, "%s", (const char *)pin);
}

static EVP_PKEY *read_pem(const char *path, char *pin)
{
    BIO *in = BIO_new_file(path, "r");
    EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, answer, pin);

    BIO_free(in);
    expect(key != NULL, "reading PEM");
    return key;
}

/* The length is asked for first, as mod_ssl does. */
static unsigned char *write_der(EVP_PKEY *key, int *length)
{
    unsigned char *der;
    unsigned char *end;

    *length = i2d_PrivateKey(key, NULL);
    expect(*length > 0, "the length of the DER");
    der = end = OPENSSL_malloc((size_t)*length);
    expect(i2d_PrivateKey(key, &end) == *length && end == der + *length, "writing DER");
    return der;
}

static void sign(EVP_PKEY *key, EVP_PKEY *public_key)
{
    const char *digest = EVP_PKEY_is_a(key, "ED25519") ? NULL : "SHA256";
    EVP_MD_CTX *signing = EVP_MD_CTX_new();
    EVP_MD_CTX *verification = EVP_MD_CTX_new();
    unsigned char signature[1024];
    size_t length = sizeof(signature);

    expect(EVP_DigestSignInit_ex(signing, NULL, digest, NULL, NULL, key, NULL) == 1 &&
               EVP_DigestSign(signing, signature, &length, message, sizeof(message)) == 1,
           "signing");
    expect(EVP_DigestVerifyInit_ex(verification, NULL, digest, NULL, NULL, public_key, NULL) == 1 &&
               EVP_DigestVerify(verification, signature, length, message, sizeof(message)) == 1,
           "verifying");
    EVP_MD_CTX_free(signing);
    EVP_MD_CTX_free(verification);
}

static EVP_PKEY *reread_public_key(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int length = i2d_PUBKEY(key, &der);
    const unsigned char *cursor = der;
    EVP_PKEY *copy = length > 0 ? d2i_PUBKEY(NULL, &cursor, length) : NULL;

    OPENSSL_free(der);
    expect(copy != NULL, "the public key");
    return copy;
}

static void reload(const char *path, char *pin)
{
    EVP_PKEY *key = read_pem(path, pin);
    EVP_PKEY *public_key = reread_public_key(key);
    int type = EVP_PKEY_get_base_id(key);
    int length;
    unsigned char *der = write_der(key, &length);
    const unsigned char *cursor = der;

    EVP_PKEY_free(key);
    key = d2i_AutoPrivateKey(NULL, &cursor, length);
    expect(key != NULL && cursor == der + length, "reading DER");
    sign(key, public_key);
    EVP_PKEY_free(key);
    if (type > 0) { /* there is a number for a key's type where the provider's name is OpenSSL's */
        cursor = der;
        key = d2i_PrivateKey(type, NULL, &cursor, length);
        expect(key != NULL && cursor == der + length, "reading DER of a known type");
        sign(key, public_key);
        EVP_PKEY_free(key);
    }
    OPENSSL_free(der);
    EVP_PKEY_free(public_key);
}

int main(int argc, char **argv)
{
    OSSL_PROVIDER *providers[2];

    if (argc != 3) {
        fprintf(stderr, "usage: reload_key FILE PIN\n");
        return 2;
    }
    providers[0] = OSSL_PROVIDER_load(NULL, "default");
    providers[1] = OSSL_PROVIDER_load(NULL, "card");
    expect(providers[0] != NULL && providers[1] != NULL, "OSSL_PROVIDER_load");
    reload(argv[1], argv[2]);
    OSSL_PROVIDER_unload(providers[1]);
    OSSL_PROVIDER_unload(providers[0]);
    return 0;
}
