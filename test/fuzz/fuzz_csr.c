/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever is in a file: a request that is judged, certificates that are ordered and checked. */
#include "reissue/certificate_check.h"
#include "reissue/csr_check.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const uint8_t *data, size_t size)
{
    struct csr_remains remains;
    struct csr_verdict verdict;
    X509_REQ *request;
    struct error *error = csr_parse(data, size, "input", &request, &remains);

    if (error == NULL)
        error = csr_check(request, &remains, CSR_PROFILE_GUESS, &verdict);
    if (error == NULL)
        csr_verdict_clear(&verdict);
    error_free(error);
    X509_REQ_free(request);
}

static void check(const uint8_t *data, size_t size)
{
    struct certificate_wanted wanted = {.purpose = CERTIFICATE_TLS_SERVER};
    struct certificate_bundle bundle = {.certificate = NULL};
    STACK_OF(X509) * certificates;
    struct error *error = certificates_parse(data, size, "input", &certificates);

    if (error == NULL)
        error = certificate_bundle_make(certificates, NULL, &bundle);
    if (error == NULL)
        error = certificate_check(&bundle, &wanted);
    error_free(error);
    certificate_bundle_clear(&bundle);
    certificates_free(certificates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    judge(data, size);
    check(data, size);
    return 0;
}
