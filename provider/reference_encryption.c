/* SPDX-License-Identifier: BSD-2-Clause */
#include "reference_encryption.h"

#include <openssl/objects.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

/* The file is not secret: enough to honour the wish for encryption, not to slow down a server. */
#define ITERATIONS 10000

static struct error *ask(const struct passphrase *passphrase, struct secret **answer)
{
    return passphrase_ask(
        passphrase, "the encrypted card key reference",
        "give its passphrase (-passin, -passout), or use a plain reference, which "
        "is not secret either",
        answer);
}

/* Encrypts or decrypts; *out is NULL where that fails, as it does for a wrong passphrase. */
static void crypt(OSSL_LIB_CTX *libctx, const X509_ALGOR *algorithm, struct secret *passphrase,
                  const uint8_t *in, int length, bool encrypt, uint8_t **out, int *out_length)
{
    *out = NULL;
    (void)PKCS12_pbe_crypt_ex(algorithm, (const char *)secret_bytes(passphrase),
                              (int)secret_length(passphrase), in, length, out, out_length, encrypt,
                              libctx, NULL);
}

/* The frame around encrypted bytes, which it takes over; *out is NULL where memory is short. */
static int frame(const X509_ALGOR *algorithm, uint8_t *encrypted, int length, uint8_t **out)
{
    X509_SIG *sequence = X509_SIG_new();
    X509_ALGOR *algorithm_field;
    ASN1_OCTET_STRING *octets;
    int result = -1;

    if (sequence == NULL) {
        OPENSSL_free(encrypted);
        return -1;
    }
    X509_SIG_getm(sequence, &algorithm_field, &octets);
    ASN1_STRING_set0(octets, encrypted, length);
    if (X509_ALGOR_copy(algorithm_field, algorithm))
        result = i2d_X509_SIG(sequence, out);
    X509_SIG_free(sequence);
    return result;
}

static struct error *encrypt_with(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length,
                                  const EVP_CIPHER *cipher, struct secret *passphrase,
                                  uint8_t **out, size_t *out_length)
{
    X509_ALGOR *algorithm =
        PKCS5_pbe2_set_iv_ex(cipher, ITERATIONS, NULL, 0, NULL, NID_hmacWithSHA256, libctx);
    uint8_t *encrypted = NULL;
    int encrypted_length = 0;
    int result = -1;

    if (algorithm != NULL)
        crypt(libctx, algorithm, passphrase, der, (int)length, true, &encrypted, &encrypted_length);
    if (encrypted != NULL)
        result = frame(algorithm, encrypted, encrypted_length, out);
    X509_ALGOR_free(algorithm);
    if (result <= 0)
        return error_new(ERROR_INTERNAL, "cannot encrypt the card key reference");
    *out_length = (size_t)result;
    return NULL;
}

struct error *reference_encrypt(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length,
                                const char *cipher_name, const struct passphrase *passphrase,
                                uint8_t **out, size_t *out_length)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(libctx, cipher_name, NULL);
    struct secret *answer = NULL;
    struct error *error = NULL;

    *out = NULL;
    if (cipher == NULL)
        return error_new(ERROR_ARGUMENT, "no cipher is called %s", cipher_name);
    error = ask(passphrase, &answer);
    if (error == NULL)
        error = encrypt_with(libctx, der, length, cipher, answer, out, out_length);
    secret_free(answer);
    EVP_CIPHER_free(cipher);
    return error;
}

struct error *reference_decrypt(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length,
                                const struct passphrase *passphrase, uint8_t **out,
                                size_t *out_length)
{
    const uint8_t *cursor = der;
    X509_SIG *sequence = d2i_X509_SIG(NULL, &cursor, (long)length);
    const X509_ALGOR *algorithm;
    const ASN1_OCTET_STRING *octets;
    struct secret *answer = NULL;
    struct error *error;
    int result = 0;

    *out = NULL;
    if (sequence == NULL)
        return error_new(ERROR_ARGUMENT,
                         "this encrypted card key reference is damaged: write it anew");
    X509_SIG_get0(sequence, &algorithm, &octets);
    error = ask(passphrase, &answer);
    if (error == NULL)
        crypt(libctx, algorithm, answer, ASN1_STRING_get0_data(octets), ASN1_STRING_length(octets),
              false, out, &result);
    if (error == NULL && *out == NULL)
        error = error_new(ERROR_ARGUMENT,
                          "the encrypted card key reference does not open: the passphrase is wrong "
                          "(it is the file's, not the card's PIN)");
    secret_free(answer);
    X509_SIG_free(sequence);
    *out_length = (size_t)result;
    return error;
}
