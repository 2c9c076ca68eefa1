/* SPDX-License-Identifier: BSD-2-Clause */
/* The subject of a request, and how it goes with the names. */
#include "csr_check_internal.h"
#include "name_form.h"
#include "names.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* The most characters that a value has (RFC 5280 appendix A.1, the upper bounds). */
static const struct {
    int nid;
    size_t max;
} bounds[] = {
    {NID_commonName, 64},
    {NID_organizationName, 64},
    {NID_organizationalUnitName, 64},
    {NID_localityName, 128},
    {NID_stateOrProvinceName, 128},
    {NID_countryName, 2},
    {NID_serialNumber, 64},
    {NID_title, 64},
    {NID_pkcs9_emailAddress, 255},
    {NID_name, 32768},
};

static const char mend_subject[] =
    "give the subject anew: openssl req -new ... -subj '/C=PL/O=Company/CN=www.example.com'";

/* A value of the subject. */
struct value {
    int nid;
    const char *kind;
    char *text;    /* UTF-8, to the first NUL */
    size_t length; /* bytes of it all */
    char shown[CSR_SHOWN_SIZE];
};

static size_t characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        if ((*text & 0xC0) != 0x80)
            count++;
    return count;
}

static void check_bounds(const struct value *value, struct csr_verdict *verdict)
{
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
        if (bounds[i].nid == value->nid && characters(value->text) > bounds[i].max)
            csr_find(verdict, CSR_BROKEN, "subject-long", mend_subject,
                     "the subject's %s has %zu characters, %zu are allowed: \"%s\"", value->kind,
                     characters(value->text), bounds[i].max, value->shown);
}

static void check_country(const struct value *value, struct csr_verdict *verdict)
{
    const char *text = value->text;

    if (strlen(text) != 2 || text[0] < 'A' || text[0] > 'Z' || text[1] < 'A' || text[1] > 'Z')
        csr_find(verdict, CSR_REFUSED, "subject-country", mend_subject,
                 "the subject's country is \"%s\", not the two capital letters of ISO 3166",
                 value->shown);
}

static bool has_controls(const struct value *value)
{
    if (strlen(value->text) != value->length)
        return true;
    for (const char *place = value->text; *place != '\0'; place++)
        if ((*place >= 0 && *place < ' ') || *place == 0x7F)
            return true;
    return false;
}

/* What openssl req and copied commands leave in subjects. */
static bool is_default(const char *text)
{
    static const char *const defaults[] = {"Internet Widgits Pty Ltd", "Some-State", "Default City",
                                           "Default Company Ltd", "AU-State"};

    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (strcmp(text, defaults[i]) == 0)
            return true;
    return false;
}

static void check_content(const struct value *value, struct csr_verdict *verdict)
{
    const char *text = value->text;
    size_t length = strlen(text);

    if (has_controls(value))
        csr_find(verdict, CSR_BROKEN, "subject-control", mend_subject,
                 "the subject's %s has control characters in it: \"%s\"", value->kind,
                 value->shown);
    else if (length == 0 || strspn(text, " .-") == length)
        csr_find(verdict, CSR_REFUSED, "subject-empty", mend_subject,
                 "the subject's %s says nothing: \"%s\"", value->kind, value->shown);
    else if (text[0] == ' ' || text[length - 1] == ' ')
        csr_find(verdict, CSR_ADVICE, "subject-blank", mend_subject,
                 "the subject's %s begins or ends with a blank: \"%s\"", value->kind, value->shown);
    else if (is_default(text))
        csr_find(verdict, CSR_ADVICE, "subject-default", mend_subject,
                 "the subject's %s is what a configuration file brought along: \"%s\"", value->kind,
                 value->shown);
    if (value->nid == NID_organizationalUnitName && verdict->profile == CSR_PROFILE_TLS)
        csr_find(verdict, CSR_ADVICE, "subject-unit", "leave OU out of the subject",
                 "public authorities put no organizational unit into certificates since 2022");
}

static void check_value(const struct value *value, struct csr_verdict *verdict)
{
    check_bounds(value, verdict);
    check_content(value, verdict);
    if (value->nid == NID_countryName)
        check_country(value, verdict);
}

/* ---- the common name --------------------------------------------------------------------- */

/* A common name that is a host's name: what TLS would take it for. */
static bool looks_like_host(const char *text)
{
    unsigned char address[16];

    return name_ip_bytes(text, address) > 0 ||
           (strchr(text, '.') != NULL && strchr(text, ' ') == NULL && strchr(text, '@') == NULL);
}

static bool is_among(const char *text, const struct names *names)
{
    struct names own = {NULL, 0};
    struct error *error = names_add(&own, text);
    bool found = error == NULL && own.count == 1 && names_contain(names, &own.items[0]);

    error_free(error); /* what is no name at all is none of them */
    names_clear(&own);
    return found;
}

static void check_common_name(const struct value *value, const struct names *names,
                              struct csr_verdict *verdict)
{
    unsigned char address[16];

    if (verdict->profile != CSR_PROFILE_TLS || is_among(value->text, names))
        return;
    if (names->count > 0) {
        csr_find(verdict, CSR_REFUSED, "cn-not-in-san",
                 "leave CN out, or make it one of the names in subjectAltName",
                 "the common name \"%s\" is none of the names in subjectAltName", value->shown);
        return;
    }
    if (!looks_like_host(value->text)) {
        csr_find(verdict, CSR_REFUSED, "cn-no-host", mend_subject,
                 "the common name \"%s\" is no host's name, and there is no subjectAltName",
                 value->shown);
        return;
    }
    csr_find(verdict, CSR_ADVICE, "no-san",
             "say it there too: openssl req ... -addext subjectAltName=DNS:www.example.com",
             "\"%s\" is the common name only: clients look into subjectAltName, which is missing",
             value->shown);
    if (name_ip_bytes(value->text, address) == 0)
        csr_check_dns(value->text, verdict);
}

/* ---- the whole --------------------------------------------------------------------------- */

static void check_entry(const X509_NAME_ENTRY *entry, const struct names *names,
                        struct csr_verdict *verdict)
{
    unsigned char *utf8 = NULL;
    int length = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
    struct value value = {.nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))};

    value.kind = value.nid == NID_undef ? "unknown part" : OBJ_nid2sn(value.nid);
    if (length < 0) {
        csr_find(verdict, CSR_BROKEN, "subject-malformed", mend_subject,
                 "the subject's %s is no text", value.kind);
        return;
    }
    value.text = (char *)utf8;
    value.length = (size_t)length;
    (void)csr_shown(verdict, value.text, value.length, value.shown);
    check_value(&value, verdict);
    if (value.nid == NID_commonName)
        check_common_name(&value, names, verdict);
    OPENSSL_free(utf8);
}

static int count_of(const X509_NAME *subject, int nid)
{
    int count = 0, last = -1;

    while ((last = X509_NAME_get_index_by_NID(subject, nid, last)) >= 0)
        count++;
    return count;
}

static bool has_email(const X509_NAME *subject, const GENERAL_NAMES *names)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        if (sk_GENERAL_NAME_value(names, i)->type == GEN_EMAIL)
            return true;
    return count_of(subject, NID_pkcs9_emailAddress) > 0;
}

static void check_whole(const X509_NAME *subject, const GENERAL_NAMES *names,
                        struct csr_verdict *verdict)
{
    if (count_of(subject, NID_commonName) > 1)
        csr_find(verdict, CSR_REFUSED, "cn-several", mend_subject,
                 "the subject has several common names");
    if (verdict->profile == CSR_PROFILE_TLS && sk_GENERAL_NAME_num(names) <= 0 &&
        count_of(subject, NID_commonName) == 0)
        csr_find(verdict, CSR_BROKEN, "no-name",
                 "name the host: openssl req ... -addext subjectAltName=DNS:www.example.com",
                 "the request names no host at all");
    if (verdict->profile == CSR_PROFILE_SMIME && !has_email(subject, names))
        csr_find(verdict, CSR_BROKEN, "no-email",
                 "name it: openssl req ... -addext subjectAltName=email:name@example.com",
                 "the request has no mail address");
    if (verdict->profile == CSR_PROFILE_CODE_SIGNING &&
        count_of(subject, NID_organizationName) == 0 && count_of(subject, NID_commonName) == 0)
        csr_find(verdict, CSR_REFUSED, "no-organization", mend_subject,
                 "the subject names neither an organization nor a person");
}

void csr_check_subject(const X509_NAME *subject, const GENERAL_NAMES *general,
                       struct csr_verdict *verdict)
{
    struct names names = {NULL, 0};
    struct error *error = general == NULL ? NULL : names_add_general(&names, general);
    int count = X509_NAME_entry_count(subject);

    if (error != NULL && error_code(error) == ERROR_NO_MEMORY && verdict->error == NULL)
        verdict->error = error;
    else
        error_free(error); /* too many names: the names' check says so */
    for (int i = 0; i < count && i < CSR_FINDINGS_MAX; i++)
        check_entry(X509_NAME_get_entry(subject, i), &names, verdict);
    check_whole(subject, general, verdict);
    names_clear(&names);
}
