/* SPDX-License-Identifier: BSD-2-Clause */
/* What a request asks for: taken from a predecessor, or given. */
#include "csr.h"

#include "card/public_key.h"
#include "name_form.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* KeyUsage's bits (RFC 5280 section 4.2.1.3) that make sense for one kind of key only. */
#define BIT_KEY_ENCIPHERMENT  2
#define BIT_DATA_ENCIPHERMENT 3
#define BIT_KEY_AGREEMENT     4
#define BIT_ENCIPHER_ONLY     7
#define BIT_DECIPHER_ONLY     8

/* The extension tlsfeature's value for OCSP stapling (RFC 7633 section 4.1, RFC 6066 section 8). */
#define TLS_STATUS_REQUEST 5

void csr_template_clear(struct csr_template *template)
{
    X509_NAME_free(template->subject);
    names_clear(&template->names);
    ASN1_BIT_STRING_free(template->key_usage);
    EXTENDED_KEY_USAGE_free(template->extended);
    memset(template, 0, sizeof(*template));
}

/* ---- from a predecessor ------------------------------------------------------------------ */

static bool asks_for_staple(const X509 *certificate)
{
    TLS_FEATURE *features = X509_get_ext_d2i(certificate, NID_tlsfeature, NULL, NULL);
    bool found = false;

    for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
        if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == TLS_STATUS_REQUEST)
            found = true;
    TLS_FEATURE_free(features);
    return found;
}

static bool drop_bits(ASN1_BIT_STRING *usage, const int *bits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ASN1_BIT_STRING_get_bit(usage, bits[i]) && !ASN1_BIT_STRING_set_bit(usage, bits[i], 0))
            return false;
    return true;
}

/* An RSA key does not agree, and others do not encipher. */
static bool fit_usage(ASN1_BIT_STRING *usage, const EVP_PKEY *public_key)
{
    static const int rsa[] = {BIT_KEY_ENCIPHERMENT, BIT_DATA_ENCIPHERMENT};
    static const int agreement[] = {BIT_KEY_AGREEMENT, BIT_ENCIPHER_ONLY, BIT_DECIPHER_ONLY};

    if (usage == NULL || public_key == NULL)
        return true;
    return public_key_is_rsa(public_key)
               ? drop_bits(usage, agreement, sizeof(agreement) / sizeof(agreement[0]))
               : drop_bits(usage, rsa, sizeof(rsa) / sizeof(rsa[0]));
}

struct error *csr_template_from_certificate(const X509 *predecessor, const EVP_PKEY *public_key,
                                            struct csr_template *out)
{
    struct error *error;

    memset(out, 0, sizeof(*out));
    (void)ERR_set_mark();
    error = names_of_certificate(predecessor, &out->names);
    if (error == NULL) {
        out->subject = X509_NAME_dup(X509_get_subject_name(predecessor));
        out->key_usage = X509_get_ext_d2i(predecessor, NID_key_usage, NULL, NULL);
        out->extended = X509_get_ext_d2i(predecessor, NID_ext_key_usage, NULL, NULL);
        out->must_staple = asks_for_staple(predecessor);
        if (out->subject == NULL || !fit_usage(out->key_usage, public_key))
            error = error_no_memory();
    }
    (void)ERR_pop_to_mark();
    if (error != NULL)
        csr_template_clear(out);
    return error;
}

/* ---- other names ------------------------------------------------------------------------- */

/* The common name as one of the names has to be among them: whatever else it says, it stays. */
static bool is_stale(const X509_NAME *subject, int place, const struct names *names)
{
    const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, place);
    struct name name = {.type = NAME_DNS};
    unsigned char *text = NULL;
    bool stale = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == NID_commonName &&
                 ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry)) >= 0 &&
                 strchr((char *)text, '.') != NULL && name_dns_fault((char *)text) == NULL;

    name.text = (char *)text;
    stale = stale && !names_contain(names, &name);
    OPENSSL_free(text);
    return stale;
}

/* X.520's upper bound of a common name. */
#define COMMON_NAME_MAX 64

/* The first of the names, where it is not too long. */
static bool add_common_name(X509_NAME *subject, const struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].type == NAME_DNS && strlen(names->items[i].text) <= COMMON_NAME_MAX)
            return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                              (unsigned char *)names->items[i].text, -1, -1,
                                              0) == 1;
    return true;
}

static bool fit_subject(X509_NAME *subject, const struct names *names)
{
    bool stale = X509_NAME_entry_count(subject) == 0;

    for (int i = X509_NAME_entry_count(subject) - 1; i >= 0; i--)
        if (is_stale(subject, i, names)) {
            X509_NAME_ENTRY_free(X509_NAME_delete_entry(subject, i));
            stale = true;
        }
    return !stale || add_common_name(subject, names);
}

struct error *csr_template_set_names(struct csr_template *template, const char *list)
{
    struct error *error;

    names_keep_others(&template->names);
    error = names_add_list(&template->names, list);
    if (error == NULL && template->subject == NULL && (template->subject = X509_NAME_new()) == NULL)
        error = error_no_memory();
    if (error == NULL && !fit_subject(template->subject, &template->names))
        error = error_no_memory();
    return error;
}

/* ---- a subject from text ----------------------------------------------------------------- */

/* Cuts the next part, "C=PL", out of the text, and undoes its escapes: in place. */
static char *next_part(char **text)
{
    char *part = *text, *from = part, *to = part;

    while (*from != '\0' && *from != '/') {
        if (*from == '\\' && from[1] != '\0')
            from++;
        *to++ = *from++;
    }
    *text = *from == '/' ? from + 1 : from;
    *to = '\0';
    return part;
}

static struct error *add_part(X509_NAME *subject, char *part)
{
    char *equals = strchr(part, '=');

    if (equals == NULL || equals == part)
        return error_new(
            ERROR_ARGUMENT,
            "the subject's part \"%s\" is not of the form CN=value (/ before a value's "
            "own / is \\/)",
            part);
    *equals = '\0';
    if (equals[1] == '\0')
        return NULL; /* as openssl req: nothing of that kind */
    if (OBJ_txt2nid(part) == NID_undef)
        return error_new(ERROR_ARGUMENT,
                         "the subject has an unknown part %s: there are C, ST, L, "
                         "O, OU, CN, emailAddress, serialNumber and others",
                         part);
    if (!X509_NAME_add_entry_by_txt(subject, part, MBSTRING_UTF8, (unsigned char *)equals + 1, -1,
                                    -1, 0))
        return error_new(ERROR_ARGUMENT,
                         "the subject's %s cannot be \"%s\": it is too long, too short, or not "
                         "UTF-8",
                         part, equals + 1);
    return NULL;
}

struct error *csr_template_set_subject(struct csr_template *template, const char *text)
{
    char *copy = strdup(text[0] == '/' ? text + 1 : text), *rest = copy;
    X509_NAME *subject = X509_NAME_new();
    struct error *error = NULL;

    if (copy == NULL || subject == NULL)
        error = error_no_memory();
    (void)ERR_set_mark();
    while (error == NULL && *rest != '\0')
        error = add_part(subject, next_part(&rest));
    (void)ERR_pop_to_mark();
    free(copy);
    if (error != NULL) {
        X509_NAME_free(subject);
        return error;
    }
    X509_NAME_free(template->subject);
    template->subject = subject;
    return NULL;
}
