/* SPDX-License-Identifier: BSD-2-Clause */
/* What came back from an authority, checked before anything relies on it. */
#ifndef REISSUE_CERTIFICATE_CHECK_H
#define REISSUE_CERTIFICATE_CHECK_H

#include "card/error.h"
#include "certificate_file.h"
#include "names.h"

#include <stdbool.h>
#include <time.h>

enum certificate_purpose {
    CERTIFICATE_ANY_PURPOSE,
    CERTIFICATE_TLS_SERVER,
    CERTIFICATE_TLS_CLIENT,
    CERTIFICATE_CODE_SIGNING,
    CERTIFICATE_EMAIL,
};

enum certificate_subject_policy {
    CERTIFICATE_SUBJECT_ANY,         /* authorities change subjects as they like */
    CERTIFICATE_SUBJECT_COMMON_NAME, /* the common name is kept */
    CERTIFICATE_SUBJECT_EQUAL,
};

/* What was asked for. A zeroed one accepts any certificate that is valid now. */
struct certificate_wanted {
    const EVP_PKEY *public_key; /* NULL: any */
    const struct names *names;  /* NULL: any */
    bool more_names;            /* names beside those are fine */
    const X509_NAME *subject;   /* for the policy */
    enum certificate_subject_policy subject_policy;
    enum certificate_purpose purpose;
    const char *trust_file; /* PEM: the chain leads to one of these; NULL: to any top */
    bool need_chain;        /* a certificate without its issuer's is an error */
    time_t now;             /* 0: the clock's */
    long skew;              /* seconds by which it may begin in the future: clocks differ */
};

/*
 * Checks the public key, names, subject, validity, that it is an end entity's for the purpose, its
 * signature's digest, and the chain: up to the trust file's certificates, else up to the
 * self-signed one that came with it, else as far as it goes. ERROR_CERTIFICATE says what differs,
 * both ways. ERROR_FILE where the trust file cannot be read.
 */
struct error *certificate_check(const struct certificate_bundle *bundle,
                                const struct certificate_wanted *wanted) MUST_CHECK;

#endif
