/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * csr_tool CERTIFICATE KEY PIN-SOURCE OUT: a request like that certificate, with a key by URI or
 * from a file, as the job makes one.
 */
#include "reissue/certificate_file.h"
#include "reissue/crypto.h"
#include "reissue/csr.h"

#include <stdio.h>
#include <stdlib.h>

static struct error *make(struct crypto *crypto, char **argv)
{
    struct certificate_bundle bundle = {.certificate = NULL};
    struct csr_template template = {.must_staple = false};
    EVP_PKEY *key = NULL;
    X509_REQ *request = NULL;
    struct error *error = certificate_bundle_read(argv[1], NULL, &bundle);

    if (error == NULL)
        error = crypto_load_key(crypto, argv[2], &key);
    if (error == NULL)
        error = csr_template_from_certificate(bundle.certificate, key, &template);
    if (error == NULL)
        error = csr_make(&template, key, NULL, &request);
    if (error == NULL)
        error = csr_write(request, argv[4], 0644);
    X509_REQ_free(request);
    csr_template_clear(&template);
    EVP_PKEY_free(key);
    certificate_bundle_clear(&bundle);
    return error;
}

int main(int argc, char **argv)
{
    struct crypto_secrets secrets = {.batch = true};
    struct crypto *crypto = NULL;
    struct error *error;
    char *text;

    if (argc != 5)
        return 2;
    secrets.pin_source = argv[3];
    error = crypto_open(&secrets, &crypto);
    if (error == NULL)
        error = make(crypto, argv);
    crypto_close(crypto);
    if (error == NULL)
        return 0;
    text = error_describe(error);
    fprintf(stderr, "csr_tool: %s\n", text);
    free(text);
    error_free(error);
    return 1;
}
