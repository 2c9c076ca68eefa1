/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate_text.h"

#include <string.h>

struct error *certificate_from_pem(const char *pem, X509 **out)
{
    STACK_OF(X509) * found;
    struct error *error = certificates_parse(pem, strlen(pem), "the state", &found);

    *out = error == NULL ? sk_X509_shift(found) : NULL;
    certificates_free(found);
    return error;
}

struct error *certificate_bundle_pem(const struct certificate_bundle *bundle,
                                     enum certificate_part part, char **out)
{
    unsigned char *bytes;
    size_t length;
    struct error *error = certificate_encode(bundle, part, CERTIFICATE_PEM, &bytes, &length);

    *out = (char *)bytes; /* which certificate_encode() ends with a NUL */
    return error;
}

struct error *certificate_to_pem(X509 *certificate, char **out)
{
    const struct certificate_bundle bundle = {.certificate = certificate};

    return certificate_bundle_pem(&bundle, CERTIFICATE_PART_LEAF, out);
}

struct error *certificate_pem_fingerprint(const char *pem, char out[FINGERPRINT_SIZE])
{
    X509 *certificate;
    struct error *error = certificate_from_pem(pem, &certificate);

    if (error == NULL)
        error = certificate_fingerprint(certificate, out);
    X509_free(certificate);
    return error;
}
