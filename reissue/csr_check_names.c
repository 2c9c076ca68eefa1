/* SPDX-License-Identifier: BSD-2-Clause */
/* The names that a request asks for. */
#include "csr_check_internal.h"
#include "name_form.h"
#include "names.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* The most names that Let's Encrypt and others put into a certificate. */
#define NAMES_ADVISED 100

static const char mend_name[] =
    "ask for proper names: openssl req ... -addext subjectAltName=DNS:www.example.com";
static const char mend_internal[] =
    "ask a private authority, or for a name in a domain that you own";

void csr_check_dns(const char *text, struct csr_verdict *verdict)
{
    const char *fault = name_dns_fault(text), *internal;
    char shown[CSR_SHOWN_SIZE];

    (void)csr_shown(verdict, text, strlen(text), shown);
    if (fault != NULL) {
        bool idn = strstr(fault, "ASCII") != NULL, underscore = strstr(fault, "underscore") != NULL;

        csr_find(verdict, underscore ? CSR_REFUSED : CSR_BROKEN,
                 idn          ? "name-idn"
                 : underscore ? "name-underscore"
                              : "name-form",
                 idn ? "ask for its ASCII form, which `idn2 NAME` prints" : mend_name,
                 "the name \"%s\" %s", shown, fault);
        return;
    }
    internal = name_dns_internal(text);
    if (internal != NULL)
        csr_find(verdict, CSR_REFUSED, "name-internal", mend_internal,
                 "the name \"%s\" %s: public authorities cannot validate it", shown, internal);
}

static void check_dns_string(const ASN1_STRING *string, struct csr_verdict *verdict)
{
    const char *bytes = (const char *)ASN1_STRING_get0_data(string);
    size_t length = (size_t)ASN1_STRING_length(string);
    unsigned char address[16];
    char shown[CSR_SHOWN_SIZE], *text;

    if (length == 0 || memchr(bytes, '\0', length) != NULL) {
        csr_find(verdict, CSR_BROKEN, "name-form", mend_name,
                 "a DNS name is empty, or has a NUL in it: \"%s\"",
                 length == 0 ? "" : csr_shown(verdict, bytes, length, shown));
        return;
    }
    text = strndup(bytes, length);
    if (text == NULL) {
        if (verdict->error == NULL)
            verdict->error = error_no_memory();
    } else if (name_ip_bytes(text, address) > 0)
        csr_find(verdict, CSR_BROKEN, "name-address",
                 "write it as an address: subjectAltName=IP:... instead of DNS:...",
                 "the IP address %s is written as a DNS name", text);
    else
        csr_check_dns(text, verdict);
    free(text);
}

static void check_address(const ASN1_OCTET_STRING *string, struct csr_verdict *verdict)
{
    const unsigned char *bytes = ASN1_STRING_get0_data(string);
    size_t length = (size_t)ASN1_STRING_length(string);
    char text[INET6_ADDRSTRLEN];
    const char *internal;

    if (!name_ip_text(bytes, length, text)) {
        csr_find(verdict, CSR_BROKEN, "address-form",
                 "ask for one address each: subjectAltName=IP:192.0.2.1",
                 "an IP address has %zu bytes, not 4 or 16 (a network cannot be asked for)",
                 length);
        return;
    }
    internal = name_ip_internal(bytes, length);
    if (internal != NULL)
        csr_find(verdict, CSR_REFUSED, "address-internal", mend_internal,
                 "the IP address %s %s: public authorities cannot validate it", text, internal);
}

static void check_email(const ASN1_STRING *string, struct csr_verdict *verdict)
{
    const char *bytes = (const char *)ASN1_STRING_get0_data(string);
    size_t length = (size_t)ASN1_STRING_length(string);
    char shown[CSR_SHOWN_SIZE], *text = strndup(bytes == NULL ? "" : bytes, length);
    const char *fault;

    if (text == NULL) {
        if (verdict->error == NULL)
            verdict->error = error_no_memory();
        return;
    }
    fault = strlen(text) != length ? "has a NUL in it" : name_email_fault(text);
    (void)csr_shown(verdict, text, length, shown);
    if (fault != NULL)
        csr_find(verdict, CSR_BROKEN, "email-form",
                 "ask for proper addresses: subjectAltName=email:name@example.com",
                 "the mail address \"%s\" %s", shown, fault);
    else if (name_dns_internal(strrchr(text, '@') + 1) != NULL)
        csr_find(verdict, CSR_REFUSED, "name-internal", mend_internal,
                 "the mail address %s is in no domain that public authorities can validate", shown);
    free(text);
}

/* Kinds of names that the profile's certificates have (Baseline Requirements 7.1.2.7.12, S/MIME
 * Baseline Requirements 7.1.2.3). */
static bool has_place(int type, enum csr_profile profile)
{
    switch (profile) {
    case CSR_PROFILE_TLS:
        return type == GEN_DNS || type == GEN_IPADD;
    case CSR_PROFILE_SMIME:
        return type == GEN_EMAIL || type == GEN_OTHERNAME || type == GEN_DIRNAME;
    default:
        return type == GEN_DIRNAME || type == GEN_OTHERNAME;
    }
}

static void check_one(const GENERAL_NAME *name, struct csr_verdict *verdict)
{
    static const char *const kinds[] = {
        [GEN_OTHERNAME] = "other name",
        [GEN_EMAIL] = "mail address",
        [GEN_DNS] = "DNS name",
        [GEN_X400] = "X.400 address",
        [GEN_DIRNAME] = "directory name",
        [GEN_EDIPARTY] = "EDI party",
        [GEN_URI] = "URI",
        [GEN_IPADD] = "IP address",
        [GEN_RID] = "registered identifier",
    };

    if (!has_place(name->type, verdict->profile))
        csr_find(verdict, verdict->profile == CSR_PROFILE_CODE_SIGNING ? CSR_ADVICE : CSR_REFUSED,
                 "name-kind", "leave it out of subjectAltName, or say --profile for what it is",
                 "a %s has no place in a public authority's %s certificate", kinds[name->type],
                 csr_profile_text(verdict->profile));
    if (name->type == GEN_DNS)
        check_dns_string(name->d.dNSName, verdict);
    else if (name->type == GEN_IPADD)
        check_address(name->d.iPAddress, verdict);
    else if (name->type == GEN_EMAIL)
        check_email(name->d.rfc822Name, verdict);
}

/* "*.example.com" serves "www.example.com" as well. */
static bool is_covered(const struct names *names, const struct name *name)
{
    const char *dot = strchr(name->text, '.');
    char text[NAME_DNS_MAX + 3];
    struct name wildcard = {.type = NAME_DNS, .text = text};

    if (name->type != NAME_DNS || dot == NULL || name->text[0] == '*' ||
        strlen(dot) + 2 > sizeof(text))
        return false;
    text[0] = '*';
    strcpy(text + 1, dot);
    return names_contain(names, &wildcard);
}

static void check_together(const GENERAL_NAMES *general, struct csr_verdict *verdict)
{
    struct names names = {NULL, 0};
    struct error *error = names_add_general(&names, general);
    int count = sk_GENERAL_NAME_num(general);

    if (error == NULL && (size_t)count > names.count)
        csr_find(verdict, CSR_ADVICE, "name-twice", "name each of them once",
                 "%zu of the names are there more than once", (size_t)count - names.count);
    for (size_t i = 0; error == NULL && i < names.count; i++)
        if (is_covered(&names, &names.items[i]))
            csr_find(verdict, CSR_ADVICE, "name-covered",
                     "leave it out: some authorities refuse both together",
                     "the name %s is covered by a wildcard that is asked for too",
                     names.items[i].text);
    names_clear(&names);
    if (error != NULL && error_code(error) == ERROR_NO_MEMORY && verdict->error == NULL)
        verdict->error = error;
    else
        error_free(error); /* too many of them: said below */
}

void csr_check_names(const GENERAL_NAMES *names, struct csr_verdict *verdict)
{
    int count = sk_GENERAL_NAME_num(names);

    for (int i = 0; i < count && i < NAMES_MAX; i++)
        check_one(sk_GENERAL_NAME_value(names, i), verdict);
    if (count > 0)
        check_together(names, verdict);
    if (count > NAMES_ADVISED)
        csr_find(verdict, count > NAMES_MAX ? CSR_BROKEN : CSR_ADVICE, "names-many",
                 "ask for several certificates",
                 "%d names are asked for: many authorities allow %d", count, NAMES_ADVISED);
}
