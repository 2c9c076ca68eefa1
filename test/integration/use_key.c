/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * use_key URI COUNT [COMMAND]: loads the key once and uses it that often for what its type is for
 * besides ordinary signatures: RSA decrypts, EC and X25519 derive, Ed25519 signs. Every result is
 * compared with the default provider's. The first use is with a context, each further one with a
 * copy of it (dup), which outlives the one it was copied from. COMMAND is run before each further
 * use. Afterwards RSA is given bad input: the same damaged ciphertext twice, a shortened one.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_MAX 1024

static const unsigned char message[] = "a message";

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static void expect(int condition, const char *what)
{
    if (!condition)
        die(what);
}

static EVP_PKEY *load(const char *uri)
{
    OSSL_STORE_CTX *store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
    OSSL_STORE_INFO *info;
    EVP_PKEY *key;

    expect(store != NULL && OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY), "OSSL_STORE_open");
    info = OSSL_STORE_load(store);
    expect(info != NULL, "OSSL_STORE_load");
    key = OSSL_STORE_INFO_get1_PKEY(info);
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
    expect(copy != NULL, "public key");
    return copy;
}

/* ---- RSA --------------------------------------------------------------------------------- */

static void encrypt(EVP_PKEY *public_key, unsigned char *out, size_t *length)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, public_key, NULL);

    *length = LENGTH_MAX;
    expect(EVP_PKEY_encrypt_init(context) == 1 &&
               EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha384()) == 1 &&
               EVP_PKEY_encrypt(context, out, length, message, sizeof(message)) == 1,
           "encrypting");
    EVP_PKEY_CTX_free(context);
}

static EVP_PKEY_CTX *start_decrypt(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    int padding = 0;

    expect(EVP_PKEY_decrypt_init(context) == 1 &&
               EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha384()) == 1,
           "starting to decrypt");
    expect(EVP_PKEY_CTX_get_rsa_padding(context, &padding) > 0 && padding == RSA_PKCS1_OAEP_PADDING,
           "the padding that was set");
    return context;
}

static void decrypt(EVP_PKEY_CTX *context, EVP_PKEY *public_key)
{
    unsigned char ciphertext[LENGTH_MAX];
    unsigned char out[LENGTH_MAX];
    size_t length;
    size_t out_length;

    encrypt(public_key, ciphertext, &length);
    expect(EVP_PKEY_decrypt(context, NULL, &out_length, ciphertext, length) == 1 &&
               out_length == length,
           "the room that decryption needs");
    out_length = length - 1;
    expect(EVP_PKEY_decrypt(context, out, &out_length, ciphertext, length) != 1,
           "too little room was enough");
    out_length = sizeof(out);
    expect(EVP_PKEY_decrypt(context, out, &out_length, ciphertext, length) == 1, "decrypting");
    expect(out_length == sizeof(message) && memcmp(out, message, out_length) == 0,
           "another message");
}

/* PKCS #1 v1.5; returns the length of what comes of it. */
static size_t decrypt_pkcs1(EVP_PKEY *key, const unsigned char *ciphertext, size_t length,
                            unsigned char *out)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    size_t out_length = LENGTH_MAX;

    expect(EVP_PKEY_decrypt_init(context) == 1 &&
               EVP_PKEY_decrypt(context, out, &out_length, ciphertext, length) == 1,
           "decrypting PKCS #1 v1.5");
    EVP_PKEY_CTX_free(context);
    return out_length;
}

/* A ciphertext that begins with a zero, which some programs leave out. */
static size_t encrypt_shortened(EVP_PKEY *public_key, unsigned char *ciphertext)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, public_key, NULL);
    size_t length;

    expect(EVP_PKEY_encrypt_init(context) == 1, "EVP_PKEY_encrypt_init");
    do {
        length = LENGTH_MAX;
        expect(EVP_PKEY_encrypt(context, ciphertext, &length, message, sizeof(message)) == 1,
               "encrypting");
    } while (ciphertext[0] != 0);
    EVP_PKEY_CTX_free(context);
    memmove(ciphertext, ciphertext + 1, length - 1);
    return length - 1;
}

static void give_bad_input(EVP_PKEY *key, EVP_PKEY *other_object, EVP_PKEY *public_key)
{
    unsigned char ciphertext[LENGTH_MAX] = {0, 1, 2, 3};
    unsigned char first[LENGTH_MAX];
    unsigned char second[LENGTH_MAX];
    size_t length = (size_t)EVP_PKEY_get_size(key);
    size_t out_length = decrypt_pkcs1(key, ciphertext, length, first);

    expect(decrypt_pkcs1(other_object, ciphertext, length, second) == out_length &&
               memcmp(first, second, out_length) == 0,
           "a bad padding gives two messages");
    ciphertext[length - 1] ^= 1;
    expect(decrypt_pkcs1(key, ciphertext, length, second) != out_length ||
               memcmp(first, second, out_length) != 0,
           "two bad paddings give the same message");
    length = encrypt_shortened(public_key, ciphertext);
    expect(decrypt_pkcs1(key, ciphertext, length, first) == sizeof(message) &&
               memcmp(first, message, sizeof(message)) == 0,
           "a shortened ciphertext");
}

/* ---- EC and X25519 ----------------------------------------------------------------------- */

static EVP_PKEY *generate_like(EVP_PKEY *public_key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, public_key, NULL);
    EVP_PKEY *key = NULL;

    expect(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_generate(context, &key) == 1,
           "making a peer");
    EVP_PKEY_CTX_free(context);
    return key;
}

static size_t derive_with(EVP_PKEY_CTX *context, unsigned char *out)
{
    size_t needed = 0;
    size_t length = LENGTH_MAX;

    expect(EVP_PKEY_derive(context, NULL, &needed) == 1 && needed <= length, "the secret's length");
    expect(EVP_PKEY_derive(context, out, &length) == 1 && length == needed, "deriving");
    return length;
}

static EVP_PKEY_CTX *start_derive(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    unsigned char out[LENGTH_MAX];
    size_t length = sizeof(out);

    expect(EVP_PKEY_derive_init(context) == 1, "starting to derive");
    expect(EVP_PKEY_derive(context, out, &length) != 1, "a secret without a peer");
    ERR_clear_error();
    return context;
}

static void derive(EVP_PKEY_CTX *context, EVP_PKEY *public_key)
{
    EVP_PKEY *peer = generate_like(public_key);
    EVP_PKEY_CTX *theirs = EVP_PKEY_CTX_new_from_pkey(NULL, peer, NULL);
    unsigned char expected[LENGTH_MAX];
    unsigned char out[LENGTH_MAX];
    size_t length;

    expect(EVP_PKEY_derive_set_peer(context, peer) == 1, "the peer");
    length = derive_with(context, out);
    expect(EVP_PKEY_derive_init(theirs) == 1 && EVP_PKEY_derive_set_peer(theirs, public_key) == 1,
           "the peer's peer");
    expect(derive_with(theirs, expected) == length && memcmp(expected, out, length) == 0,
           "another secret");
    EVP_PKEY_CTX_free(theirs);
    EVP_PKEY_free(peer);
}

/* ---- Ed25519 ----------------------------------------------------------------------------- */

static EVP_MD_CTX *start_sign(EVP_PKEY *key)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    expect(EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, key, NULL) == 1,
           "starting to sign");
    return context;
}

static void sign(EVP_MD_CTX *context, EVP_PKEY *public_key)
{
    EVP_MD_CTX *verification = EVP_MD_CTX_new();
    unsigned char signature[LENGTH_MAX];
    size_t length = sizeof(signature);

    expect(EVP_DigestSign(context, signature, &length, message, sizeof(message)) == 1, "signing");
    expect(EVP_DigestVerifyInit_ex(verification, NULL, NULL, NULL, NULL, public_key, NULL) == 1 &&
               EVP_DigestVerify(verification, signature, length, message, sizeof(message)) == 1,
           "verifying");
    EVP_MD_CTX_free(verification);
}

/* ------------------------------------------------------------------------------------------ */

static void run(const char *command)
{
    if (command != NULL)
        expect(system(command) == 0, command);
}

static void use_pkey(EVP_PKEY_CTX *context, EVP_PKEY *public_key, int count, const char *command,
                     void (*use)(EVP_PKEY_CTX *context, EVP_PKEY *public_key))
{
    for (int i = 0; i < count; i++) {
        EVP_PKEY_CTX *next;

        if (i > 0)
            run(command);
        use(context, public_key);
        next = EVP_PKEY_CTX_dup(context);
        expect(next != NULL, "EVP_PKEY_CTX_dup");
        EVP_PKEY_CTX_free(context);
        context = next;
    }
    EVP_PKEY_CTX_free(context);
}

static void use_ed25519(EVP_PKEY *key, EVP_PKEY *public_key, int count, const char *command)
{
    EVP_MD_CTX *context = start_sign(key);

    for (int i = 0; i < count; i++) {
        EVP_MD_CTX *next = EVP_MD_CTX_new();

        if (i > 0)
            run(command);
        /* before it signs: from 3.5 on a context makes one signature */
        expect(EVP_MD_CTX_copy_ex(next, context) == 1, "EVP_MD_CTX_copy_ex");
        sign(context, public_key);
        EVP_MD_CTX_free(context);
        context = next;
    }
    EVP_MD_CTX_free(context);
}

static void use_key(const char *uri, int count, const char *command)
{
    EVP_PKEY *key = load(uri);
    EVP_PKEY *public_key = reread(key);

    if (EVP_PKEY_is_a(key, "RSA"))
        use_pkey(start_decrypt(key), public_key, count, command, decrypt);
    else if (EVP_PKEY_is_a(key, "ED25519"))
        use_ed25519(key, public_key, count, command);
    else
        use_pkey(start_derive(key), public_key, count, command, derive);
    printf("%d times\n", count);
    fflush(stdout);
    if (EVP_PKEY_is_a(key, "RSA") && count == 1) {
        EVP_PKEY *other_object = load(uri);

        give_bad_input(key, other_object, public_key);
        EVP_PKEY_free(other_object);
    }
    EVP_PKEY_free(public_key);
    EVP_PKEY_free(key);
}

int main(int argc, char **argv)
{
    OSSL_PROVIDER *providers[2];

    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: use_key URI COUNT [COMMAND]\n");
        return 2;
    }
    providers[0] = OSSL_PROVIDER_load(NULL, "default");
    providers[1] = OSSL_PROVIDER_load(NULL, "card");
    expect(providers[0] != NULL && providers[1] != NULL, "OSSL_PROVIDER_load");
    use_key(argv[1], atoi(argv[2]), argv[3]);
    OSSL_PROVIDER_unload(providers[1]);
    OSSL_PROVIDER_unload(providers[0]);
    return 0;
}
