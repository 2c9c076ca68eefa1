/* SPDX-License-Identifier: BSD-2-Clause */
/* The attributes of a request (RFC 2985), and the extensions that it asks for. */
#include "card/public_key.h"
#include "csr_check_internal.h"

#include <openssl/x509v3.h>

static const char mend_again[] = "make the request again, with openssl req";

/* ---- attributes -------------------------------------------------------------------------- */

static void check_request(X509_REQ *request, X509_ATTRIBUTE *attribute, int seen,
                          struct csr_verdict *verdict)
{
    if (seen > 1 || X509_ATTRIBUTE_count(attribute) != 1)
        csr_find(verdict, CSR_BROKEN, "extensions-twice", mend_again,
                 "the request has several lists of extensions: who reads it may see another one");
    else {
        STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);

        if (extensions == NULL)
            csr_find(verdict, CSR_BROKEN, "extensions-malformed", mend_again,
                     "the request's extensions cannot be read");
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    }
}

void csr_check_attributes(X509_REQ *request, struct csr_verdict *verdict)
{
    int lists = 0;

    for (int i = 0; i < X509_REQ_get_attr_count(request); i++) {
        X509_ATTRIBUTE *attribute = X509_REQ_get_attr(request, i);
        int nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute));

        if (nid == NID_ext_req || nid == NID_ms_ext_req)
            check_request(request, attribute, ++lists, verdict);
        else if (nid == NID_pkcs9_challengePassword)
            csr_find(verdict, CSR_ADVICE, "challenge-password",
                     "leave it out; and if it is a password of yours, change that",
                     "the request has a challenge password in it, in plain text");
        else if (nid == NID_pkcs9_unstructuredName)
            csr_find(verdict, CSR_ADVICE, "unstructured-name", "leave it out",
                     "the request has an unstructured name, which authorities ignore");
    }
}

/* ---- extensions -------------------------------------------------------------------------- */

static void check_twice(STACK_OF(X509_EXTENSION) * extensions, int index,
                        struct csr_verdict *verdict)
{
    const ASN1_OBJECT *object =
        X509_EXTENSION_get_object(sk_X509_EXTENSION_value(extensions, index));

    for (int i = 0; i < index; i++)
        if (OBJ_cmp(X509_EXTENSION_get_object(sk_X509_EXTENSION_value(extensions, i)), object) ==
            0) {
            csr_find(verdict, CSR_BROKEN, "extension-twice", mend_again,
                     "the request has the same extension twice (%s)",
                     OBJ_nid2sn(OBJ_obj2nid(object)));
            return;
        }
}

static void check_constraints(const BASIC_CONSTRAINTS *constraints, struct csr_verdict *verdict)
{
    if (constraints->ca)
        csr_find(verdict, CSR_REFUSED, "ca-certificate",
                 "leave basicConstraints out, or say CA:FALSE",
                 "the request asks for the certificate of an authority (basicConstraints CA:TRUE)");
}

static void check_usage(X509_REQ *request, const ASN1_BIT_STRING *usage,
                        struct csr_verdict *verdict)
{
    EVP_PKEY *key = X509_REQ_get0_pubkey(request);

    if (ASN1_BIT_STRING_get_bit(usage, 5) || ASN1_BIT_STRING_get_bit(usage, 6))
        csr_find(verdict, CSR_REFUSED, "ca-usage", "ask for digitalSignature instead",
                 "the request asks for the key usages of an authority (keyCertSign, cRLSign)");
    if (!ASN1_BIT_STRING_get_bit(usage, 0) && verdict->profile != CSR_PROFILE_SMIME)
        csr_find(verdict, CSR_ADVICE, "no-digital-signature",
                 "ask for it: -addext keyUsage=critical,digitalSignature",
                 "the request asks for key usages without digitalSignature, which is needed");
    if (key != NULL && !public_key_is_rsa(key) && ASN1_BIT_STRING_get_bit(usage, 2))
        csr_find(verdict, CSR_ADVICE, "usage-rsa-only", "leave keyEncipherment out",
                 "the request asks for keyEncipherment, which only RSA keys do");
}

static void check_extended(const EXTENDED_KEY_USAGE *usages, struct csr_verdict *verdict)
{
    static const int wanted[] = {
        [CSR_PROFILE_TLS] = NID_server_auth,
        [CSR_PROFILE_CODE_SIGNING] = NID_code_sign,
        [CSR_PROFILE_SMIME] = NID_email_protect,
    };
    bool found = false, client = false;

    for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i));

        found = found || nid == wanted[verdict->profile];
        client = client || nid == NID_client_auth;
    }
    if (!found)
        csr_find(verdict, CSR_REFUSED, "extended-usage",
                 "leave extendedKeyUsage out, or say --profile for what it is",
                 "the request does not ask for the extended key usage of a %s certificate",
                 csr_profile_text(verdict->profile));
    if (client && verdict->profile == CSR_PROFILE_TLS)
        csr_find(verdict, CSR_ADVICE, "client-auth", "leave clientAuth out",
                 "the request asks for clientAuth, which public authorities drop from servers' "
                 "certificates");
}

/* Reads the extension; true where it is of that kind and *value is for the caller. */
static bool read_value(X509_EXTENSION *extension, int nid, void **value,
                       struct csr_verdict *verdict)
{
    *value = X509V3_EXT_d2i(extension);
    if (*value == NULL)
        csr_find(verdict, CSR_BROKEN, "extension-malformed", mend_again,
                 "the request's extension %s is malformed", OBJ_nid2sn(nid));
    return *value != NULL;
}

static void check_known(X509_REQ *request, X509_EXTENSION *extension, int nid,
                        struct csr_verdict *verdict)
{
    void *value;

    if (!read_value(extension, nid, &value, verdict))
        return;
    if (nid == NID_basic_constraints) {
        check_constraints(value, verdict);
        BASIC_CONSTRAINTS_free(value);
    } else if (nid == NID_key_usage) {
        check_usage(request, value, verdict);
        ASN1_BIT_STRING_free(value);
    } else if (nid == NID_ext_key_usage) {
        check_extended(value, verdict);
        EXTENDED_KEY_USAGE_free(value);
    } else
        GENERAL_NAMES_free(value); /* the names have a check of their own */
}

static void check_extension(X509_REQ *request, X509_EXTENSION *extension,
                            struct csr_verdict *verdict)
{
    int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    bool critical = X509_EXTENSION_get_critical(extension) != 0;

    if (nid == NID_basic_constraints || nid == NID_key_usage || nid == NID_ext_key_usage ||
        nid == NID_subject_alt_name)
        check_known(request, extension, nid, verdict);
    else if (nid == NID_tlsfeature)
        csr_find(verdict, CSR_ADVICE, "must-staple",
                 "leave tlsfeature out unless the authority has OCSP",
                 "the request asks for must-staple, which authorities without OCSP refuse");
    else if (nid != NID_subject_key_identifier)
        csr_find(verdict, CSR_ADVICE, "extension-ignored", "leave it out",
                 "the request asks for %s extension (%s), which authorities set themselves or "
                 "ignore",
                 critical ? "a critical" : "an", nid == NID_undef ? "unknown" : OBJ_nid2sn(nid));
}

void csr_check_extensions(X509_REQ *request, STACK_OF(X509_EXTENSION) * extensions,
                          struct csr_verdict *verdict)
{
    for (int i = 0; i < sk_X509_EXTENSION_num(extensions) && i < CSR_FINDINGS_MAX; i++) {
        check_twice(extensions, i, verdict);
        check_extension(request, sk_X509_EXTENSION_value(extensions, i), verdict);
    }
}
