/* SPDX-License-Identifier: BSD-2-Clause */
#include "csr_check.h"

#include "csr_check_internal.h"
#include "names.h"
#include "text.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Requests that are longer than that, in bytes, are refused by some authorities' forms. */
#define LENGTH_ADVISED 8192

static const char *const profile_texts[] = {"guess", "tls", "code-signing", "smime"};
static const char *const severity_texts[] = {"advice", "refused", "broken"};

const char *csr_profile_text(enum csr_profile profile)
{
    return profile_texts[profile];
}

enum csr_profile csr_profile_parse(const char *text)
{
    for (size_t i = CSR_PROFILE_TLS; i < sizeof(profile_texts) / sizeof(profile_texts[0]); i++)
        if (strcmp(text, profile_texts[i]) == 0)
            return (enum csr_profile)i;
    return CSR_PROFILE_GUESS;
}

const char *csr_severity_text(enum csr_severity severity)
{
    return severity_texts[severity];
}

/* ---- findings ---------------------------------------------------------------------------- */

/* Behind those that are as bad; there is room for it. */
static void insert(struct csr_verdict *verdict, const struct csr_finding *finding)
{
    size_t place = verdict->count++;

    for (; place > 0 && verdict->items[place - 1].severity < finding->severity; place--)
        verdict->items[place] = verdict->items[place - 1];
    verdict->items[place] = *finding;
}

void csr_find(struct csr_verdict *verdict, enum csr_severity severity, const char *code,
              const char *mend, const char *format, ...)
{
    struct csr_finding finding = {severity, code, NULL, mend};
    struct csr_finding *items;
    va_list arguments;
    int length;

    if (verdict->count == 0 || severity > verdict->worst)
        verdict->worst = severity;
    if (verdict->error != NULL || verdict->count >= CSR_FINDINGS_MAX)
        return;
    va_start(arguments, format);
    length = vasprintf(&finding.message, format, arguments);
    va_end(arguments);
    items = length < 0 ? NULL : reallocarray(verdict->items, verdict->count + 1, sizeof(*items));
    if (items == NULL) {
        if (length >= 0)
            free(finding.message);
        verdict->error = error_no_memory();
        return;
    }
    verdict->items = items;
    insert(verdict, &finding);
}

const char *csr_shown(struct csr_verdict *verdict, const char *text, size_t length, char *buffer)
{
    char *copy = strndup(text, length), *clean = NULL;
    struct error *error =
        copy == NULL ? error_no_memory() : text_clean(copy, CSR_SHOWN_SIZE - 4, &clean);

    if (error != NULL && verdict->error == NULL)
        verdict->error = error;
    else
        error_free(error);
    (void)snprintf(buffer, CSR_SHOWN_SIZE, "%s", clean != NULL ? clean : "");
    free(copy);
    free(clean);
    return buffer;
}

void csr_verdict_clear(struct csr_verdict *verdict)
{
    for (size_t i = 0; i < verdict->count; i++)
        free(verdict->items[i].message);
    free(verdict->items);
    error_free(verdict->error);
    memset(verdict, 0, sizeof(*verdict));
}

bool csr_verdict_good(const struct csr_verdict *verdict, bool private_authority)
{
    return verdict->count == 0 || verdict->worst < (private_authority ? CSR_BROKEN : CSR_REFUSED);
}

/* ---- what it is for ---------------------------------------------------------------------- */

static enum csr_profile guess_by_usage(STACK_OF(X509_EXTENSION) * extensions)
{
    EXTENDED_KEY_USAGE *usages = X509V3_get_d2i(extensions, NID_ext_key_usage, NULL, NULL);
    enum csr_profile profile = CSR_PROFILE_GUESS;

    for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i));

        if (nid == NID_server_auth)
            profile = CSR_PROFILE_TLS;
        else if (nid == NID_code_sign && profile == CSR_PROFILE_GUESS)
            profile = CSR_PROFILE_CODE_SIGNING;
        else if (nid == NID_email_protect && profile == CSR_PROFILE_GUESS)
            profile = CSR_PROFILE_SMIME;
    }
    EXTENDED_KEY_USAGE_free(usages);
    return profile;
}

static enum csr_profile guess_by_names(X509_REQ *request, struct csr_verdict *verdict)
{
    enum csr_profile profile = CSR_PROFILE_GUESS;
    struct names names;
    struct error *error = names_of_request(request, &names);

    if (error != NULL) { /* too many of them, which is found again */
        if (error_code(error) == ERROR_NO_MEMORY)
            verdict->error = error;
        else
            error_free(error);
        return CSR_PROFILE_TLS;
    }
    for (size_t i = 0; i < names.count && profile != CSR_PROFILE_TLS; i++) {
        if (names.items[i].type == NAME_EMAIL)
            profile = CSR_PROFILE_SMIME;
        else if (names.items[i].type == NAME_DNS || names.items[i].type == NAME_IP)
            profile = CSR_PROFILE_TLS;
    }
    names_clear(&names);
    return profile;
}

/* An organization without any name of a host is one that signs its programs. */
static enum csr_profile guess(X509_REQ *request, STACK_OF(X509_EXTENSION) * extensions,
                              struct csr_verdict *verdict)
{
    enum csr_profile profile = guess_by_usage(extensions);

    if (profile == CSR_PROFILE_GUESS)
        profile = guess_by_names(request, verdict);
    if (profile == CSR_PROFILE_GUESS &&
        X509_NAME_get_index_by_NID(X509_REQ_get_subject_name(request), NID_organizationName, -1) >=
            0)
        profile = CSR_PROFILE_CODE_SIGNING;
    return profile == CSR_PROFILE_GUESS ? CSR_PROFILE_TLS : profile;
}

/* ---- the whole --------------------------------------------------------------------------- */

static void check_form(X509_REQ *request, const struct csr_remains *remains,
                       struct csr_verdict *verdict)
{
    int length = i2d_X509_REQ(request, NULL);

    if (X509_REQ_get_version(request) != X509_REQ_VERSION_1)
        csr_find(verdict, CSR_BROKEN, "version", "make the request again, with openssl req",
                 "the request's version is not 1 (RFC 2986 section 4.1)");
    if (length > LENGTH_ADVISED)
        csr_find(verdict, CSR_ADVICE, "long", "ask for fewer names in each certificate",
                 "the request has %d bytes, which some authorities find too long", length);
    if (remains != NULL && remains->private_key)
        csr_find(verdict, CSR_BROKEN, "private-key",
                 "take it out: openssl req -in FILE -out request.pem",
                 "the private key is in the same file: who gets the file, gets the key");
    if (remains != NULL && remains->requests > 1)
        csr_find(verdict, CSR_ADVICE, "several",
                 "write one alone: openssl req -in FILE -out request.pem",
                 "there are %zu requests in the file, and only the first was checked",
                 remains->requests);
    if (remains != NULL && remains->other)
        csr_find(verdict, CSR_ADVICE, "remains",
                 "write it alone: openssl req -in FILE -out request.pem",
                 "there is something else in the file beside the request");
}

static void check_all(X509_REQ *request, const struct csr_remains *remains,
                      struct csr_verdict *verdict)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);

    if (verdict->profile == CSR_PROFILE_GUESS)
        verdict->profile = guess(request, extensions, verdict);
    check_form(request, remains, verdict);
    csr_check_signature(request, verdict);
    csr_check_key(request, verdict);
    csr_check_subject(X509_REQ_get_subject_name(request), names, verdict);
    csr_check_names(names, verdict);
    csr_check_attributes(request, verdict);
    csr_check_extensions(request, extensions, verdict);
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

struct error *csr_check(X509_REQ *request, const struct csr_remains *remains,
                        enum csr_profile profile, struct csr_verdict *out)
{
    struct error *error;

    memset(out, 0, sizeof(*out));
    out->profile = profile;
    (void)ERR_set_mark();
    check_all(request, remains, out);
    (void)ERR_pop_to_mark();
    error = out->error;
    out->error = NULL;
    if (error != NULL)
        csr_verdict_clear(out);
    return error;
}
