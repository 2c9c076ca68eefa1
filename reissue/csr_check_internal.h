/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of csr_check(). Each adds what it finds; the first error of ours stays in the verdict.
 */
#ifndef REISSUE_CSR_CHECK_INTERNAL_H
#define REISSUE_CSR_CHECK_INTERNAL_H

#include "csr_check.h"

/* Adds a finding with a printf-like message. `code` and `mend` are kept, not copied. */
void csr_find(struct csr_verdict *verdict, enum csr_severity severity, const char *code,
              const char *mend, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A text of the request's, cut and safe to print, in a buffer of CSR_SHOWN_SIZE bytes. */
#define CSR_SHOWN_SIZE 100
const char *csr_shown(struct csr_verdict *verdict, const char *text, size_t length, char *buffer);

/* The parts. `names` is the subjectAltName, `extensions` what was asked for; both may be NULL. */
void csr_check_key(X509_REQ *request, struct csr_verdict *verdict);
void csr_check_signature(X509_REQ *request, struct csr_verdict *verdict);
void csr_check_attributes(X509_REQ *request, struct csr_verdict *verdict);
void csr_check_extensions(X509_REQ *request, STACK_OF(X509_EXTENSION) * extensions,
                          struct csr_verdict *verdict);
void csr_check_names(const GENERAL_NAMES *names, struct csr_verdict *verdict);
void csr_check_subject(const X509_NAME *subject, const GENERAL_NAMES *names,
                       struct csr_verdict *verdict);

/* A single DNS name, wherever it stands. */
void csr_check_dns(const char *text, struct csr_verdict *verdict);

#endif
