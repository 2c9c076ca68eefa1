/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign_threads URI THREADS SIGNATURES: loads the key once, and has each thread make that many
 * signatures with it. Every one is verified with the public key by the default provider.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static EVP_PKEY *private_key;
static EVP_PKEY *public_key;
static int signatures;

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    ERR_print_errors_fp(stderr);
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

static void sign_and_verify(const char *text)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[1024];
    size_t length = sizeof(signature);

    if (EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, private_key, NULL) != 1 ||
        EVP_DigestSign(context, signature, &length, (const unsigned char *)text, strlen(text)) != 1)
        die("signing");
    EVP_MD_CTX_free(context);
    context = EVP_MD_CTX_new();
    if (EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, public_key, NULL) != 1 ||
        EVP_DigestVerify(context, signature, length, (const unsigned char *)text, strlen(text)) !=
            1)
        die("verifying");
    EVP_MD_CTX_free(context);
}

static void *work(void *argument)
{
    const int *number = argument;
    char text[64];

    for (int i = 0; i < signatures; i++) {
        snprintf(text, sizeof(text), "signature %d of thread %d", i, *number);
        sign_and_verify(text);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    OSSL_PROVIDER *providers[2];
    pthread_t threads[64];
    int numbers[64];
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
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    EVP_PKEY_free(public_key);
    EVP_PKEY_free(private_key);
    OSSL_PROVIDER_unload(providers[1]);
    OSSL_PROVIDER_unload(providers[0]);
    printf("%d signatures verified\n", count * signatures);
    return 0;
}
