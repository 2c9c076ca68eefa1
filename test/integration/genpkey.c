/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * genpkey -out FILE, started under the name openssl: makes a P-256 key and writes it to FILE as
 * `openssl genpkey` does from OpenSSL 3.5 on: by way of memory, and only after it was made. With
 * LOSE=1 in its environment, what is written is lost, as on a disk that is full, and the exit code
 * is 0.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    ERR_print_errors_fp(stderr);
    return 1;
}

static void copy(BIO *memory, const char *path)
{
    FILE *out = fopen(path, "w");
    char *bytes;
    long length = BIO_get_mem_data(memory, &bytes);

    if (out == NULL)
        return;
    if (getenv("LOSE") == NULL)
        fwrite(bytes, 1, (size_t)length, out);
    fclose(out);
}

int main(int argc, char **argv)
{
    EVP_PKEY *key;
    BIO *memory;

    if (argc != 4 || strcmp(argv[1], "genpkey") != 0 || strcmp(argv[2], "-out") != 0)
        return fail("usage: genpkey -out FILE");
    key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    memory = BIO_new(BIO_s_mem());
    if (key == NULL || PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) != 1)
        return fail("no key");
    copy(memory, argv[3]);
    EVP_PKEY_free(key);
    BIO_free(memory);
    return 0;
}
