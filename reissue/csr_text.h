/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificate signing requests as the state keeps them: PEM text. */
#ifndef REISSUE_CSR_TEXT_H
#define REISSUE_CSR_TEXT_H

#include "card/buffer.h"
#include "card/error.h"

#include <openssl/x509.h>

/* The request in `pem`, for X509_REQ_free(). */
struct error *csr_from_pem(const char *pem, X509_REQ **out) MUST_CHECK;

/* Its DER, appended to `out`. */
struct error *csr_to_der(const char *pem, struct buffer *out) MUST_CHECK;

/* The DNS names and IP addresses that it asks for, as text; the common name, where there is none.
 */
struct csr_names {
    char **items;
    size_t count;
};
struct error *csr_names_read(const char *pem, struct csr_names *out) MUST_CHECK;
void csr_names_clear(struct csr_names *names);

#endif
