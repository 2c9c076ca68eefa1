/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verdict on a certificate request before anyone sends it: what an authority would refuse, or
 * worse, would not, and how to mend it.
 */
#ifndef REISSUE_CSR_CHECK_H
#define REISSUE_CSR_CHECK_H

#include "card/error.h"
#include "csr.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

/* What the certificate is to be for. */
enum csr_profile {
    CSR_PROFILE_GUESS, /* told by the request's extensions, names and subject */
    CSR_PROFILE_TLS,
    CSR_PROFILE_CODE_SIGNING,
    CSR_PROFILE_SMIME,
};

enum csr_severity {
    CSR_ADVICE,  /* will do, and could be better */
    CSR_REFUSED, /* public authorities refuse it, as their rules say; a private one may not */
    CSR_BROKEN,  /* must not be sent to any authority */
};

struct csr_finding {
    enum csr_severity severity;
    const char *code; /* a short name that stays the same, such as "rsa-short" */
    char *message;    /* one line, safe to print */
    const char *mend; /* how to mend it, one line */
};

/* More findings than that are not listed. */
#define CSR_FINDINGS_MAX 100

struct csr_verdict {
    enum csr_profile profile;  /* the one that was used, never CSR_PROFILE_GUESS */
    struct csr_finding *items; /* the worst first */
    size_t count;
    enum csr_severity worst; /* with count > 0 */
    struct error *error;     /* while the verdict is under way */
};

/*
 * Checks a request. `remains`: what was beside it in its file (NULL: nothing). *out is for
 * csr_verdict_clear(). An error is one of this program; what is wrong with the request is in the
 * verdict.
 */
struct error *csr_check(X509_REQ *request, const struct csr_remains *remains,
                        enum csr_profile profile, struct csr_verdict *out) MUST_CHECK;

/* Whether it should go to an authority; `private_authority`: to one with rules of its own. */
bool csr_verdict_good(const struct csr_verdict *verdict, bool private_authority);

void csr_verdict_clear(struct csr_verdict *verdict);

/* "tls", "code-signing", "smime"; and the other way, CSR_PROFILE_GUESS for what is none. */
const char *csr_profile_text(enum csr_profile profile);
enum csr_profile csr_profile_parse(const char *text);

/* "advice", "refused", "broken". */
const char *csr_severity_text(enum csr_severity severity);

#endif
