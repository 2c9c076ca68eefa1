/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign_threads URI THREADS SIGNATURES: loads the key once, and has each thread make that many
 * signatures with it. Every one is verified with the public key by the default provider.
 * A thread ends at its first failure; the others go on.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static EVP_PKEY *private_key;
static EVP_PKEY *public_key;
static int signatures;

static void report(const char *what)
{
    fprintf(stderr, "%s\n", what);
    ERR_print_errors_fp(stderr);
}

/* For the main thread, while it is alone: exit() takes libcrypto away from under other threads. */
static void die(const char *what)
{
    report(what);
    exit(1);
}

static EVP_PKEY *load(const char *uri, int expected)
{
    OSSL_STORE_CTX *store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
    OSSL_STORE_INFO *info;
    EVP_PKEY *key;

    if (store == NULL || !OSSL_STORE_expect(store, expected))
        die("OSSL_STORE_open");
    info = OSSL_STORE_load(store);
    if (info == NULL)
        die("OSSL_STORE_load");
    key = expected == OSSL_STORE_INFO_PKEY ? OSSL_STORE_INFO_get1_PKEY(info)
                                           : OSSL_STORE_INFO_get1_PUBKEY(info);
    OSSL_STORE_INFO_free(info);
    OSSL_STORE_close(store);
    return key;
}

/* The public key, re-read from its DER, so that it is the default provider's. */
static EVP_PKEY *reread(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int length = i2d_PUBKEY(key, &der);
    const unsigned char *cursor = der;
    EVP_PKEY *copy = length > 0 ? d2i_PUBKEY(NULL, &cursor, length) : NULL;

    OPENSSL_free(der);
    if (copy == NULL)
        die("public key");
    return copy;
}

static bool sign(const char *text, unsigned char *signature, size_t *length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool signed_it =
        EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, private_key, NULL) == 1 &&
        EVP_DigestSign(context, signature, length, (const unsigned char *)text, strlen(text)) == 1;

    EVP_MD_CTX_free(context);
    return signed_it;
}

static bool verify(const char *text, const unsigned char *signature, size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool verified =
        EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, public_key, NULL) == 1 &&
        EVP_DigestVerify(context, signature, length, (const unsigned char *)text, strlen(text)) ==
            1;

    EVP_MD_CTX_free(context);
    return verified;
}

static bool sign_and_verify(const char *text)
{
    unsigned char signature[1024];
    size_t length = sizeof(signature);

    if (!sign(text, signature, &length)) {
        report("signing");
        return false;
    }
    if (!verify(text, signature, length)) {
        report("verifying");
        return false;
    }
    return true;
}

/* A thread: returns NULL, or `argument` where a signature failed, and then makes no further one. */
static void *work(void *argument)
{
    const int *number = argument;
    char text[64];

    for (int i = 0; i < signatures; i++) {
        snprintf(text, sizeof(text), "signature %d of thread %d", i, *number);
        if (!sign_and_verify(text))
            return argument;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    OSSL_PROVIDER *providers[2];
    pthread_t threads[64];
    int numbers[64];
    int failed = 0;
    int count = argc == 4 ? atoi(argv[2]) : 0;

    if (count < 1 || count > 64) {
        fprintf(stderr, "usage: sign_threads URI THREADS SIGNATURES\n");
        return 2;
    }
    signatures = atoi(argv[3]);
    providers[0] = OSSL_PROVIDER_load(NULL, "default");
    providers[1] = OSSL_PROVIDER_load(NULL, "card");
    if (providers[0] == NULL || providers[1] == NULL)
        die("OSSL_PROVIDER_load");
    private_key = load(argv[1], OSSL_STORE_INFO_PKEY);
    public_key = reread(private_key);
    for (int i = 0; i < count; i++) {
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, work, &numbers[i]) != 0)
            die("pthread_create");
    }
    for (int i = 0; i < count; i++) {
        void *result = NULL;

        pthread_join(threads[i], &result);
        failed += result != NULL;
    }
    EVP_PKEY_free(public_key);
    EVP_PKEY_free(private_key);
    OSSL_PROVIDER_unload(providers[1]);
    OSSL_PROVIDER_unload(providers[0]);
    if (failed > 0) {
        fprintf(stderr, "%d of %d threads failed\n", failed, count);
        return 1;
    }
    printf("%d signatures verified\n", count * signatures);
    return 0;
}
