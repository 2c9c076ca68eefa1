/* SPDX-License-Identifier: BSD-2-Clause */
#include "acme_problem.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest text of a CA's that is passed on, and how many of its remarks on single names. */
#define WORDS_MAX       600
#define SUBPROBLEMS_MAX 10

static const char prefix[] = "urn:ietf:params:acme:error:";

static const struct {
    const char *name;
    enum acme_problem_type type;
    enum error_code code;
    const char *advice; /* what to do next; NULL where the CA's words have to do */
} problems[] = {
    {"accountDoesNotExist", ACME_PROBLEM_ACCOUNT_DOES_NOT_EXIST, ERROR_ACCOUNT_UNKNOWN,
     "register this key again, or use the key that has the account"},
    {"alreadyReplaced", ACME_PROBLEM_ALREADY_REPLACED, ERROR_ALREADY_REPLACED,
     "order without naming the predecessor"},
    {"alreadyRevoked", ACME_PROBLEM_ALREADY_REVOKED, ERROR_ALREADY_REVOKED, NULL},
    {"badCSR", ACME_PROBLEM_BAD_CSR, ERROR_CA_REFUSED, "look at the request with: reissue check"},
    {"badNonce", ACME_PROBLEM_BAD_NONCE, ERROR_CA_TROUBLE, "try again later"},
    {"badPublicKey", ACME_PROBLEM_BAD_PUBLIC_KEY, ERROR_CA_REFUSED,
     "take a key of another algorithm or length"},
    {"badRevocationReason", ACME_PROBLEM_BAD_REVOCATION_REASON, ERROR_CA_REFUSED,
     "name another reason, or none"},
    {"badSignatureAlgorithm", ACME_PROBLEM_BAD_SIGNATURE_ALGORITHM, ERROR_CA_REFUSED,
     "take an account key of another algorithm"},
    {"caa", ACME_PROBLEM_CAA, ERROR_CA_REFUSED, "allow this CA in the domain's CAA records"},
    {"compound", ACME_PROBLEM_COMPOUND, ERROR_CA_REFUSED, NULL},
    {"connection", ACME_PROBLEM_CONNECTION, ERROR_CA_REFUSED,
     "make the challenge's port reachable from the internet"},
    {"dns", ACME_PROBLEM_DNS, ERROR_CA_REFUSED, "look at the domain's DNS records"},
    {"externalAccountRequired", ACME_PROBLEM_EXTERNAL_ACCOUNT_REQUIRED, ERROR_ACCOUNT_BINDING,
     "get a key identifier and HMAC key for external account binding from the CA"},
    {"incorrectResponse", ACME_PROBLEM_INCORRECT_RESPONSE, ERROR_CA_REFUSED,
     "see what answers for this name in our place"},
    {"invalidContact", ACME_PROBLEM_INVALID_CONTACT, ERROR_CA_REFUSED,
     "give another contact address"},
    {"invalidProfile", ACME_PROBLEM_INVALID_PROFILE, ERROR_CA_REFUSED,
     "take one of the profiles in the CA's directory"},
    {"malformed", ACME_PROBLEM_MALFORMED, ERROR_CA_REFUSED, NULL},
    {"orderNotReady", ACME_PROBLEM_ORDER_NOT_READY, ERROR_ORDER_NOT_READY, "look at the order"},
    {"rateLimited", ACME_PROBLEM_RATE_LIMITED, ERROR_RATE_LIMITED, NULL},
    {"rejectedIdentifier", ACME_PROBLEM_REJECTED_IDENTIFIER, ERROR_CA_REFUSED,
     "leave the name out, or ask another CA"},
    {"serverInternal", ACME_PROBLEM_SERVER_INTERNAL, ERROR_CA_TROUBLE, "try again later"},
    {"tls", ACME_PROBLEM_TLS, ERROR_CA_REFUSED, "see what answers for this name in our place"},
    {"unauthorized", ACME_PROBLEM_UNAUTHORIZED, ERROR_CA_REFUSED, NULL},
    {"unsupportedContact", ACME_PROBLEM_UNSUPPORTED_CONTACT, ERROR_CA_REFUSED,
     "give a mailto: address"},
    {"unsupportedIdentifier", ACME_PROBLEM_UNSUPPORTED_IDENTIFIER, ERROR_CA_REFUSED,
     "leave the name out, or ask another CA"},
    {"userActionRequired", ACME_PROBLEM_USER_ACTION_REQUIRED, ERROR_CA_REFUSED,
     "open that page, and agree to the terms"},
};

#define PROBLEM_COUNT (sizeof(problems) / sizeof(problems[0]))

static enum acme_problem_type find_type(const char *name)
{
    if (name == NULL || strncmp(name, prefix, strlen(prefix)) != 0)
        return ACME_PROBLEM_OTHER;
    for (size_t i = 0; i < PROBLEM_COUNT; i++) {
        if (strcmp(name + strlen(prefix), problems[i].name) == 0)
            return problems[i].type;
    }
    return ACME_PROBLEM_OTHER;
}

/* ---- the CA's words ---------------------------------------------------------------------- */

/* "detail (type)", with the page that it points to. */
static struct error *write_words(FILE *out, const struct json *document, const char **type)
{
    const char *detail, *title, *instance;
    struct error *error = json_string_optional(document, "type", type);
    if (error == NULL)
        error = json_string_optional(document, "detail", &detail);
    if (error == NULL)
        error = json_string_optional(document, "title", &title);
    if (error == NULL)
        error = json_string_optional(document, "instance", &instance);
    if (error != NULL)
        return error;
    const char *name = *type;
    if (name != NULL && strncmp(name, prefix, strlen(prefix)) == 0)
        name += strlen(prefix);
    if (detail == NULL)
        detail = title != NULL ? title : "no reason given";
    fprintf(out, "%s%s%s%s", detail, name != NULL ? " (" : "", name != NULL ? name : "",
            name != NULL ? ")" : "");
    if (instance != NULL)
        fprintf(out, ", see %s", instance);
    return NULL;
}

/* RFC 8555, 6.7.1. */
static struct error *write_subproblem(FILE *out, const struct json *document)
{
    const struct json *identifier;
    const char *name = NULL, *type;
    if (json_type(document) != JSON_OBJECT)
        return error_new(ERROR_SERVER_ANSWER, "a subproblem is no object");
    struct error *error = json_object_optional(document, "identifier", &identifier);
    if (error == NULL)
        error = json_string_optional(identifier, "value", &name);
    if (error != NULL)
        return error;
    fprintf(out, "; %s%s", name != NULL ? name : "", name != NULL ? ": " : "");
    return write_words(out, document, &type);
}

static struct error *write_all(FILE *out, const struct json *document, const char **type)
{
    const struct json *subproblems;
    size_t count = 0;
    struct error *error = write_words(out, document, type);
    if (error == NULL)
        error = json_array_optional(document, "subproblems", &subproblems);
    if (error != NULL || subproblems == NULL)
        return error;
    for (const struct json *subproblem = json_first(subproblems);
         subproblem != NULL && error == NULL; subproblem = json_next(subproblem)) {
        if (++count <= SUBPROBLEMS_MAX)
            error = write_subproblem(out, subproblem);
    }
    if (count > SUBPROBLEMS_MAX)
        fprintf(out, "; and %zu more", count - SUBPROBLEMS_MAX);
    return error;
}

struct error *acme_problem_parse(const struct json *document, long status, long retry_after,
                                 struct acme_problem **out)
{
    char *text = NULL;
    size_t length;
    const char *type = NULL;
    *out = NULL;
    FILE *stream = open_memstream(&text, &length);
    struct acme_problem *problem = calloc(1, sizeof(*problem));
    struct error *error =
        stream != NULL && problem != NULL ? write_all(stream, document, &type) : error_no_memory();
    if (stream != NULL && fclose(stream) != 0 && error == NULL)
        error = error_no_memory();
    if (error == NULL)
        error = text_clean(text, WORDS_MAX, &problem->words);
    free(text);
    if (error != NULL) {
        free(problem);
        return error;
    }
    problem->type = find_type(type);
    problem->status = status;
    problem->retry_after = retry_after;
    *out = problem;
    return NULL;
}

void acme_problem_free(struct acme_problem *problem)
{
    if (problem != NULL)
        free(problem->words);
    free(problem);
}

/* ---- our error --------------------------------------------------------------------------- */

static struct error *rate_limited(const struct acme_problem *problem, const char *what)
{
    if (problem->retry_after >= 0)
        return error_new(ERROR_RATE_LIMITED,
                         "%s: the CA says: %s: it wants to be asked again in %ld seconds", what,
                         problem->words, problem->retry_after);
    return error_new(ERROR_RATE_LIMITED, "%s: the CA says: %s: try again much later", what,
                     problem->words);
}

/* A type that says nothing: then the status does. */
static enum error_code code_of_status(long status)
{
    return status >= 500 ? ERROR_CA_TROUBLE : ERROR_CA_REFUSED;
}

struct error *acme_problem_error(const struct acme_problem *problem, const char *what)
{
    if (problem->type == ACME_PROBLEM_RATE_LIMITED || problem->status == 429)
        return rate_limited(problem, what);
    for (size_t i = 0; i < PROBLEM_COUNT; i++) {
        if (problems[i].type != problem->type)
            continue;
        const char *advice = problems[i].advice;
        return error_new(problems[i].code, "%s: the CA says: %s%s%s", what, problem->words,
                         advice != NULL ? ": " : "", advice != NULL ? advice : "");
    }
    return error_new(code_of_status(problem->status), "%s: the CA says: %s", what, problem->words);
}
