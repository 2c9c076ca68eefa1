/* SPDX-License-Identifier: BSD-2-Clause */
/* What a CA's refusal means, and the way out (PKIStatusInfo: RFC 9810, 5.2.3). */
#include "cmp_internal.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* The longest text of a CA's that is passed on. */
#define WORDS_MAX 600

static const struct failure {
    int bit;
    enum error_code code;
    const char *name, *advice;
} failures[] = {
    {OSSL_CMP_PKIFAILUREINFO_certRevoked, ERROR_ALREADY_REVOKED, "certRevoked",
     "the certificate is revoked already"},
    {OSSL_CMP_PKIFAILUREINFO_systemUnavail, ERROR_CA_TROUBLE, "systemUnavail", "try again later"},
    {OSSL_CMP_PKIFAILUREINFO_systemFailure, ERROR_CA_TROUBLE, "systemFailure", "try again later"},
    {OSSL_CMP_PKIFAILUREINFO_badMessageCheck, ERROR_CA_REFUSED, "badMessageCheck",
     "is it the right shared secret, or client certificate?"},
    {OSSL_CMP_PKIFAILUREINFO_signerNotTrusted, ERROR_CA_REFUSED, "signerNotTrusted",
     "it does not trust the certificate that asks: name another client-certificate, or a shared "
     "secret"},
    {OSSL_CMP_PKIFAILUREINFO_notAuthorized, ERROR_CA_REFUSED, "notAuthorized",
     "who asks is not allowed to: have the CA allow it, or name another client-certificate"},
    {OSSL_CMP_PKIFAILUREINFO_badCertId, ERROR_CA_REFUSED, "badCertId",
     "it does not know the previous certificate: is that one of this CA's?"},
    {OSSL_CMP_PKIFAILUREINFO_badCertTemplate, ERROR_CA_REFUSED, "badCertTemplate",
     "look at the names and key usages in the request with: reissue check"},
    {OSSL_CMP_PKIFAILUREINFO_badPOP, ERROR_CA_REFUSED, "badPOP",
     "it does not believe that the new key is here: take a key of another algorithm"},
    {OSSL_CMP_PKIFAILUREINFO_badAlg, ERROR_CA_REFUSED, "badAlg",
     "take a key of another algorithm or length"},
    {OSSL_CMP_PKIFAILUREINFO_badTime, ERROR_CA_REFUSED, "badTime",
     "this machine's clock is not the CA's: set it"},
    {OSSL_CMP_PKIFAILUREINFO_wrongAuthority, ERROR_CA_REFUSED, "wrongAuthority",
     "the request is for another CA: look at recipient and url"},
    {OSSL_CMP_PKIFAILUREINFO_duplicateCertReq, ERROR_CA_REFUSED, "duplicateCertReq",
     "it has a certificate for this request already"},
    {OSSL_CMP_PKIFAILUREINFO_unsupportedVersion, ERROR_CA_REFUSED, "unsupportedVersion",
     "it speaks another version of CMP"},
    {OSSL_CMP_PKIFAILUREINFO_badRequest, ERROR_CA_REFUSED, "badRequest",
     "it does not do what was asked for, or not now"},
};

static const struct failure *find_failure(int bits)
{
    for (size_t i = 0; bits > 0 && i < sizeof(failures) / sizeof(failures[0]); i++)
        if ((bits & 1 << failures[i].bit) != 0)
            return &failures[i];
    return NULL;
}

/* The CA's own words, for free(): empty where it has none. */
static struct error *words_of(const OSSL_CMP_CTX *context, char **out)
{
    OSSL_CMP_PKIFREETEXT *texts = OSSL_CMP_CTX_get0_statusString(context);
    struct buffer all = {0};
    struct error *error = NULL;

    for (int i = 0; error == NULL && i < sk_ASN1_UTF8STRING_num(texts); i++) {
        const ASN1_UTF8STRING *text = sk_ASN1_UTF8STRING_value(texts, i);

        if (i > 0)
            error = buffer_append(&all, " ", 1);
        if (error == NULL)
            error =
                buffer_append(&all, ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
    }
    if (error == NULL)
        error = buffer_append(&all, "", 1);
    if (error == NULL)
        error = text_clean((const char *)all.bytes, WORDS_MAX, out);
    buffer_clear(&all);
    return error;
}

struct error *cmp_problem(const OSSL_CMP_CTX *context, const char *what)
{
    static const struct failure unknown = {0, ERROR_CA_REFUSED, "rejection", NULL};
    const struct failure *failure = find_failure(OSSL_CMP_CTX_get_failInfoCode(context));
    char *words = NULL;
    struct error *error = words_of(context, &words);

    if (error != NULL)
        return error;
    if (failure == NULL)
        failure = &unknown;
    error = error_new(failure->code, "%s: the CA says: %s%s%s%s%s%s", what, words,
                      words[0] != '\0' ? " (" : "", failure->name, words[0] != '\0' ? ")" : "",
                      failure->advice != NULL ? ": " : "",
                      failure->advice != NULL ? failure->advice : "");
    free(words);
    return error;
}
