/* SPDX-License-Identifier: BSD-2-Clause */
/* What an EST server sends: base64, and what it wants in requests. */
#include "reissue/csr.h"
#include "reissue/est.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A request for a key that is made once. */
static X509_REQ *request(void)
{
    static X509_REQ *made;
    struct csr_template template = {0};
    EVP_PKEY *key;

    if (made == NULL && (key = EVP_EC_gen("P-256")) != NULL) {
        error_free(csr_make(&template, key, NULL, &made));
        EVP_PKEY_free(key);
    }
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer input = {0};
    struct buffer decoded = {0};
    char *missing = NULL;
    struct error *error = buffer_append(&input, data, size);

    if (error == NULL)
        error = est_csrattrs_check(&input, request(), &missing);
    error_free(error);
    free(missing);
    missing = NULL;
    error = est_base64_decode(&input, &decoded);
    if (error == NULL)
        error = est_csrattrs_check(&decoded, request(), &missing);
    error_free(error);
    free(missing);
    buffer_clear(&decoded);
    buffer_clear(&input);
    return 0;
}
