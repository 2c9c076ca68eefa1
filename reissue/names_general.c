/* SPDX-License-Identifier: BSD-2-Clause */
/* Names from certificates and requests, and to a subjectAltName. */
#include "names_internal.h"

#include "describe.h"
#include "name_form.h"
#include "text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- from certificates ------------------------------------------------------------------- */

/* What is not understood is kept as it is, beside a text for people. */
static struct error *add_other(struct names *names, const GENERAL_NAME *general, const char *what,
                               const char *text)
{
    struct name name = {.type = NAME_OTHER};
    char *clean;
    int length;
    struct error *error = text_clean(text, NAME_TEXT_MAX, &clean);

    if (error != NULL)
        return error;
    if (asprintf(&name.text, "%s:%s", what, clean) < 0)
        name.text = NULL;
    free(clean);
    length = i2d_GENERAL_NAME(general, &name.der);
    if (length < 0) {
        free(name.text);
        return error_no_memory();
    }
    name.der_length = (size_t)length;
    return names_append(names, name);
}

/* An IA5String that may hold anything, such as a NUL. */
static struct error *add_string(struct names *names, const GENERAL_NAME *general,
                                enum name_type type)
{
    const ASN1_STRING *string = general->d.ia5;
    const char *bytes = (const char *)ASN1_STRING_get0_data(string);
    size_t length = (size_t)ASN1_STRING_length(string);
    char *text = strndup(bytes == NULL ? "" : bytes, length);
    struct error *error;

    if (text == NULL)
        return error_no_memory();
    error = strlen(text) == length ? names_add_typed(names, type, text)
                                   : error_new(ERROR_ARGUMENT, "a NUL in a name");
    if (error != NULL && error_code(error) == ERROR_ARGUMENT) {
        error_free(error);
        error = add_other(names, general, name_type_text(type), text);
    }
    free(text);
    return error;
}

static struct error *add_address(struct names *names, const GENERAL_NAME *general)
{
    char text[INET6_ADDRSTRLEN];
    const ASN1_OCTET_STRING *address = general->d.iPAddress;

    if (!name_ip_text(ASN1_STRING_get0_data(address), (size_t)ASN1_STRING_length(address), text))
        return add_other(names, general, "ip", "an address of the wrong length");
    return names_add_typed(names, NAME_IP, text);
}

static struct error *add_object(struct names *names, const GENERAL_NAME *general, const char *what,
                                const ASN1_OBJECT *object)
{
    char text[80];

    if (OBJ_obj2txt(text, sizeof(text), object, 1) <= 0)
        text[0] = '\0';
    return add_other(names, general, what, text);
}

/* A user principal name, by which Windows knows who a smart card is for, is shown as such. */
static struct error *add_other_name(struct names *names, const GENERAL_NAME *general)
{
    const OTHERNAME *other = general->d.otherName;
    const ASN1_UTF8STRING *value;
    char *text;
    struct error *error;

    if (OBJ_obj2nid(other->type_id) != NID_ms_upn || other->value->type != V_ASN1_UTF8STRING)
        return add_object(names, general, "other name", other->type_id);
    value = other->value->value.utf8string;
    text = strndup((const char *)ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    if (text == NULL)
        return error_no_memory();
    error = add_other(names, general, "upn", text);
    free(text);
    return error;
}

static struct error *add_directory_name(struct names *names, const GENERAL_NAME *general)
{
    char *text;
    struct error *error = describe_name(general->d.directoryName, &text);

    if (error == NULL)
        error = add_other(names, general, "directory name", text);
    free(text);
    return error;
}

static struct error *add_general(struct names *names, const GENERAL_NAME *general)
{
    switch (general->type) {
    case GEN_DNS:
        return add_string(names, general, NAME_DNS);
    case GEN_EMAIL:
        return add_string(names, general, NAME_EMAIL);
    case GEN_URI:
        return add_string(names, general, NAME_URI);
    case GEN_IPADD:
        return add_address(names, general);
    case GEN_DIRNAME:
        return add_directory_name(names, general);
    case GEN_RID:
        return add_object(names, general, "registered identifier", general->d.registeredID);
    case GEN_OTHERNAME:
        return add_other_name(names, general);
    default:
        return add_other(names, general, "other name", "");
    }
}

struct error *names_add_general(struct names *names, const GENERAL_NAMES *from)
{
    struct error *error = NULL;

    for (int i = 0; error == NULL && i < sk_GENERAL_NAME_num(from); i++)
        error = add_general(names, sk_GENERAL_NAME_value(from, i));
    return error;
}

/* A value of the subject as a name, where it is one. */
static struct error *add_entry(struct names *names, const X509_NAME_ENTRY *entry, bool email)
{
    unsigned char *text = NULL;
    int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    struct error *error = NULL;
    bool has_at;

    if (length < 0)
        return NULL;
    has_at = memchr(text, '@', (size_t)length) != NULL;
    if (strlen((char *)text) == (size_t)length && has_at == email &&
        (email || strchr((char *)text, '.') != NULL || strchr((char *)text, ':') != NULL))
        error = names_add(names, (char *)text);
    OPENSSL_free(text);
    if (error != NULL && error_code(error) == ERROR_ARGUMENT) { /* just a text, then */
        error_free(error);
        error = NULL;
    }
    return error;
}

static struct error *add_subject(struct names *names, const X509_NAME *subject)
{
    struct error *error = NULL;

    for (int i = 0; error == NULL && i < X509_NAME_entry_count(subject); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, i);
        int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));

        if (nid == NID_commonName || nid == NID_pkcs9_emailAddress)
            error = add_entry(names, entry, nid == NID_pkcs9_emailAddress);
    }
    return error;
}

static struct error *names_of(GENERAL_NAMES *general, const X509_NAME *subject, struct names *out)
{
    struct error *error;

    *out = (struct names){NULL, 0};
    error = general != NULL ? names_add_general(out, general) : add_subject(out, subject);
    GENERAL_NAMES_free(general);
    if (error != NULL)
        names_clear(out);
    return error;
}

struct error *names_of_certificate(const X509 *certificate, struct names *out)
{
    GENERAL_NAMES *general = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

    return names_of(general, X509_get_subject_name(certificate), out);
}

struct error *names_of_request(const X509_REQ *request, struct names *out)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions((X509_REQ *)request);
    GENERAL_NAMES *general = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);

    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return names_of(general, X509_REQ_get_subject_name(request), out);
}

/* ---- to a subjectAltName ----------------------------------------------------------------- */

static GENERAL_NAME *to_string(int type, const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *string = ASN1_IA5STRING_new();

    if (name == NULL || string == NULL || !ASN1_STRING_set(string, text, -1)) {
        GENERAL_NAME_free(name);
        ASN1_IA5STRING_free(string);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, type, string);
    return name;
}

static GENERAL_NAME *to_address(const char *text)
{
    unsigned char bytes[16];
    size_t length = name_ip_bytes(text, bytes);
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_OCTET_STRING *string = ASN1_OCTET_STRING_new();

    if (name == NULL || string == NULL || !ASN1_OCTET_STRING_set(string, bytes, (int)length)) {
        GENERAL_NAME_free(name);
        ASN1_OCTET_STRING_free(string);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, GEN_IPADD, string);
    return name;
}

static GENERAL_NAME *to_general(const struct name *name)
{
    const unsigned char *der;

    switch (name->type) {
    case NAME_DNS:
        return to_string(GEN_DNS, name->text);
    case NAME_EMAIL:
        return to_string(GEN_EMAIL, name->text);
    case NAME_URI:
        return to_string(GEN_URI, name->text);
    case NAME_IP:
        return to_address(name->text);
    default:
        der = name->der;
        return d2i_GENERAL_NAME(NULL, &der, (long)name->der_length);
    }
}

struct error *names_to_general(const struct names *names, GENERAL_NAMES **out)
{
    struct error *error = NULL;

    *out = sk_GENERAL_NAME_new_null();
    if (*out == NULL)
        return error_no_memory();
    for (size_t i = 0; error == NULL && i < names->count; i++) {
        GENERAL_NAME *name = to_general(&names->items[i]);

        if (name == NULL || !sk_GENERAL_NAME_push(*out, name)) {
            GENERAL_NAME_free(name);
            error = error_no_memory();
        }
    }
    if (error != NULL) {
        GENERAL_NAMES_free(*out);
        *out = NULL;
    }
    return error;
}
