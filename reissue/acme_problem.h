/* SPDX-License-Identifier: BSD-2-Clause */
/* Problem documents (RFC 7807; RFC 8555, 6.7): how a CA says no. */
#ifndef REISSUE_ACME_PROBLEM_H
#define REISSUE_ACME_PROBLEM_H

#include "card/error.h"
#include "json.h"

/* RFC 8555, 6.7; RFC 9773, 7.4; the profiles' draft. */
enum acme_problem_type {
    ACME_PROBLEM_OTHER,
    ACME_PROBLEM_ACCOUNT_DOES_NOT_EXIST,
    ACME_PROBLEM_ALREADY_REPLACED,
    ACME_PROBLEM_ALREADY_REVOKED,
    ACME_PROBLEM_BAD_CSR,
    ACME_PROBLEM_BAD_NONCE,
    ACME_PROBLEM_BAD_PUBLIC_KEY,
    ACME_PROBLEM_BAD_REVOCATION_REASON,
    ACME_PROBLEM_BAD_SIGNATURE_ALGORITHM,
    ACME_PROBLEM_CAA,
    ACME_PROBLEM_COMPOUND,
    ACME_PROBLEM_CONNECTION,
    ACME_PROBLEM_DNS,
    ACME_PROBLEM_EXTERNAL_ACCOUNT_REQUIRED,
    ACME_PROBLEM_INCORRECT_RESPONSE,
    ACME_PROBLEM_INVALID_CONTACT,
    ACME_PROBLEM_INVALID_PROFILE,
    ACME_PROBLEM_MALFORMED,
    ACME_PROBLEM_ORDER_NOT_READY,
    ACME_PROBLEM_RATE_LIMITED,
    ACME_PROBLEM_REJECTED_IDENTIFIER,
    ACME_PROBLEM_SERVER_INTERNAL,
    ACME_PROBLEM_TLS,
    ACME_PROBLEM_UNAUTHORIZED,
    ACME_PROBLEM_UNSUPPORTED_CONTACT,
    ACME_PROBLEM_UNSUPPORTED_IDENTIFIER,
    ACME_PROBLEM_USER_ACTION_REQUIRED,
};

struct acme_problem {
    enum acme_problem_type type;
    long status;      /* of HTTP; 0 where it came inside another answer */
    long retry_after; /* seconds, -1: not said */
    char *words;      /* the CA's, in one line, with those about each name; fit for a terminal */
};

/*
 * Reads a problem document, of which nothing has to be there. The caller frees it with
 * acme_problem_free(). ERROR_NO_MEMORY, or ERROR_SERVER_ANSWER where a member has another type.
 */
struct error *acme_problem_parse(const struct json *document, long status, long retry_after,
                                 struct acme_problem **out) MUST_CHECK;

void acme_problem_free(struct acme_problem *problem);

/* The error: what failed, in the caller's words; the CA's words; what to do next. */
struct error *acme_problem_error(const struct acme_problem *problem, const char *what) MUST_CHECK;

#endif
