/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the CMP client share. */
#ifndef REISSUE_CMP_INTERNAL_H
#define REISSUE_CMP_INTERNAL_H

#include "cmp.h"

#include <openssl/cmp.h>

/* The longest answer that is taken, in bytes. */
#define CMP_MESSAGE_MAX ((size_t)256 * 1024)

/* Kinds of message, by the tags of their bodies (RFC 9810, 5.1.2). */
enum cmp_body {
    CMP_BODY_IR = 0,
    CMP_BODY_CR = 2,
    CMP_BODY_P10CR = 4,
    CMP_BODY_KUR = 7,
    CMP_BODY_ERROR = 23,
    CMP_BODY_CERTCONF = 24,
    CMP_BODY_POLLREP = 26,
};

struct cmp {
    OSSL_CMP_CTX *context;
    OSSL_LIB_CTX *libctx;
    struct http *http;
    const char *url;

    /* of the transaction */
    const struct cmp_request *request;
    struct cmp_record *record;
    size_t shown;           /* how many of the record's answers libcrypto has been shown */
    bool spoken;            /* something was sent by this process */
    bool asked_before;      /* an earlier process has sent what this one sends again */
    bool forgotten;         /* see CMP_FORGOTTEN */
    struct buffer received; /* the last answer, before libcrypto has said that it is good */
    int received_type;      /* its body's, or -1 */
    struct error *error;    /* why it was broken off here */
    struct error *verdict;  /* why the certificate is not accepted */
};

/* libcrypto's callback: carries one message there and one back. */
OSSL_CMP_MSG *cmp_transfer(OSSL_CMP_CTX *context, const OSSL_CMP_MSG *request);

/* The last answer, if there is one, was good: puts it into the record, and has that kept; `ask`:
   before something else is sent. */
struct error *cmp_keep_received(struct cmp *cmp, bool ask) MUST_CHECK;

/* What the CA's refusal means, from the status that the context has of it. */
struct error *cmp_problem(const OSSL_CMP_CTX *context, const char *what) MUST_CHECK;

#endif
