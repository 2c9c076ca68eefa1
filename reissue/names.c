/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include "name_form.h"
#include "text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Longer names than that are cut; a proper one is never that long. */
#define TEXT_MAX 400

static const char *const type_texts[] = {"dns", "ip", "email", "uri", "other"};

const char *name_type_text(enum name_type type)
{
    return type_texts[type];
}

void names_clear(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i].text);
    free(names->items);
    *names = (struct names){NULL, 0};
}

bool names_contain(const struct names *names, const struct name *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].type == name->type && strcmp(names->items[i].text, name->text) == 0)
            return true;
    return false;
}

bool names_equal(const struct names *one, const struct names *other)
{
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++)
        if (!names_contain(other, &one->items[i]))
            return false;
    return true;
}

struct error *names_text(const struct names *names, size_t max, char **out)
{
    size_t size = 0, shown = names->count < max ? names->count : max;
    FILE *text = open_memstream(out, &size);

    if (text == NULL)
        return error_no_memory();
    for (size_t i = 0; i < shown; i++)
        fprintf(text, "%s%s", i > 0 ? ", " : "", names->items[i].text);
    if (shown < names->count)
        fprintf(text, " and %zu more", names->count - shown);
    return fclose(text) == 0 ? NULL : error_no_memory();
}

/* ---- adding ------------------------------------------------------------------------------ */

/* Takes `text` over, and frees it where it is not needed. */
static struct error *append(struct names *names, enum name_type type, char *text)
{
    struct name name = {type, text};
    struct name *items;

    if (text == NULL)
        return error_no_memory();
    if (names_contain(names, &name)) {
        free(text);
        return NULL;
    }
    items = names->count < NAMES_MAX ? reallocarray(names->items, names->count + 1, sizeof(*items))
                                     : NULL;
    if (items == NULL) {
        free(text);
        return names->count < NAMES_MAX
                   ? error_no_memory()
                   : error_new(ERROR_CERTIFICATE, "there are more than %d names", NAMES_MAX);
    }
    items[names->count++] = name;
    names->items = items;
    return NULL;
}

/* A copy, in lower case from `from` on. */
static char *lowered(const char *text, const char *from)
{
    char *copy = strdup(text);

    for (char *place = copy == NULL ? NULL : copy + (from - text); place != NULL && *place != '\0';
         place++)
        if (*place >= 'A' && *place <= 'Z')
            *place = (char)(*place + 'a' - 'A');
    return copy;
}

static struct error *refuse(const char *text, const char *fault)
{
    char *clean;
    struct error *error = text_clean(text, 80, &clean);

    if (error != NULL)
        return error;
    error = error_new(ERROR_ARGUMENT, "the name \"%s\" %s", clean, fault);
    free(clean);
    return error;
}

static struct error *add_dns(struct names *names, const char *text)
{
    const char *fault = name_dns_fault(text);

    return fault != NULL ? refuse(text, fault) : append(names, NAME_DNS, lowered(text, text));
}

static struct error *add_ip(struct names *names, const char *text)
{
    unsigned char bytes[16];
    char address[INET6_ADDRSTRLEN];

    if (!name_ip_text(bytes, name_ip_bytes(text, bytes), address))
        return refuse(text, "is no IP address");
    return append(names, NAME_IP, strdup(address));
}

static struct error *add_email(struct names *names, const char *text)
{
    const char *fault = name_email_fault(text);

    if (fault != NULL)
        return refuse(text, fault);
    return append(names, NAME_EMAIL, lowered(text, strrchr(text, '@')));
}

static struct error *add_uri(struct names *names, const char *text)
{
    for (const char *place = text; *place != '\0'; place++)
        if (*place <= ' ' || *place > '~')
            return refuse(text, "has a character that no URI has");
    if (strchr(text, ':') == NULL || strlen(text) > TEXT_MAX)
        return refuse(text, "is no URI, or a very long one");
    return append(names, NAME_URI, strdup(text));
}

static struct error *(*const adders[])(struct names *names,
                                       const char *text) = {add_dns, add_ip, add_email, add_uri};

struct error *names_add(struct names *names, const char *text)
{
    unsigned char bytes[16];

    for (size_t i = 0; i < sizeof(adders) / sizeof(adders[0]); i++) {
        size_t length = strlen(type_texts[i]);

        if (strncasecmp(text, type_texts[i], length) == 0 && text[length] == ':')
            return adders[i](names, text + length + 1);
    }
    if (name_ip_bytes(text, bytes) > 0)
        return add_ip(names, text);
    return strchr(text, '@') != NULL ? add_email(names, text) : add_dns(names, text);
}

/* ---- from certificates ------------------------------------------------------------------- */

static struct error *add_other(struct names *names, const char *what, const char *text)
{
    char *clean, *whole;
    struct error *error = text_clean(text, TEXT_MAX, &clean);

    if (error != NULL)
        return error;
    if (asprintf(&whole, "%s:%s", what, clean) < 0)
        whole = NULL;
    free(clean);
    return append(names, NAME_OTHER, whole);
}

/* An IA5String that may hold anything, such as a NUL. */
static struct error *add_string(struct names *names, enum name_type type, const ASN1_STRING *string)
{
    const char *bytes = (const char *)ASN1_STRING_get0_data(string);
    size_t length = (size_t)ASN1_STRING_length(string);
    char *text = strndup(bytes == NULL ? "" : bytes, length);
    struct error *error;

    if (text == NULL)
        return error_no_memory();
    error = strlen(text) == length ? adders[type](names, text)
                                   : error_new(ERROR_ARGUMENT, "a NUL in a name");
    if (error != NULL && error_code(error) == ERROR_ARGUMENT) {
        error_free(error);
        error = add_other(names, type_texts[type], text);
    }
    free(text);
    return error;
}

static struct error *add_address(struct names *names, const ASN1_OCTET_STRING *string)
{
    char text[INET6_ADDRSTRLEN];
    const unsigned char *bytes = ASN1_STRING_get0_data(string);

    if (!name_ip_text(bytes, (size_t)ASN1_STRING_length(string), text))
        return add_other(names, "ip", "an address of the wrong length");
    return append(names, NAME_IP, strdup(text));
}

static struct error *add_general(struct names *names, const GENERAL_NAME *general)
{
    switch (general->type) {
    case GEN_DNS:
        return add_string(names, NAME_DNS, general->d.dNSName);
    case GEN_EMAIL:
        return add_string(names, NAME_EMAIL, general->d.rfc822Name);
    case GEN_URI:
        return add_string(names, NAME_URI, general->d.uniformResourceIdentifier);
    case GEN_IPADD:
        return add_address(names, general->d.iPAddress);
    case GEN_DIRNAME:
        return add_other(names, "directory name", "");
    case GEN_RID:
        return add_other(names, "registered identifier", "");
    default:
        return add_other(names, "other name", "");
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
    switch (name->type) {
    case NAME_DNS:
        return to_string(GEN_DNS, name->text);
    case NAME_EMAIL:
        return to_string(GEN_EMAIL, name->text);
    case NAME_URI:
        return to_string(GEN_URI, name->text);
    default:
        return to_address(name->text);
    }
}

struct error *names_to_general(const struct names *names, GENERAL_NAMES **out)
{
    struct error *error = NULL;

    *out = sk_GENERAL_NAME_new_null();
    if (*out == NULL)
        return error_no_memory();
    for (size_t i = 0; error == NULL && i < names->count; i++) {
        bool other = names->items[i].type == NAME_OTHER;
        GENERAL_NAME *name = other ? NULL : to_general(&names->items[i]);

        if (other)
            error = error_new(ERROR_ARGUMENT, "a name of this kind cannot be asked for: %s",
                              names->items[i].text);
        else if (name == NULL || !sk_GENERAL_NAME_push(*out, name))
            error = error_no_memory();
    }
    if (error != NULL) {
        GENERAL_NAMES_free(*out);
        *out = NULL;
    }
    return error;
}
