/* SPDX-License-Identifier: BSD-2-Clause */
#include "csr_text.h"

#include "crypto.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct error *csr_from_pem(const char *pem, X509_REQ **out)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);

    *out = bio == NULL ? NULL : PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return *out != NULL ? NULL : crypto_error("cannot read the certificate signing request");
}

struct error *csr_to_der(const char *pem, struct buffer *out)
{
    X509_REQ *request;
    unsigned char *der = NULL;
    struct error *error = csr_from_pem(pem, &request);
    int length = error == NULL ? i2d_X509_REQ(request, &der) : 0;

    if (error == NULL && length < 0)
        error = crypto_error("cannot encode the certificate signing request");
    if (error == NULL)
        error = buffer_append(out, der, (size_t)length);
    OPENSSL_free(der);
    X509_REQ_free(request);
    return error;
}

/* ---- names ------------------------------------------------------------------------------- */

static struct error *add(struct csr_names *names, const char *text, size_t length)
{
    char **items = reallocarray(names->items, names->count + 1, sizeof(*items));

    if (items == NULL)
        return error_no_memory();
    names->items = items;
    items[names->count] = strndup(text, length);
    if (items[names->count] == NULL)
        return error_no_memory();
    names->count++;
    return NULL;
}

static struct error *add_address(struct csr_names *names, const ASN1_OCTET_STRING *address)
{
    char text[INET6_ADDRSTRLEN];
    int length = ASN1_STRING_length(address);
    int family = length == 4 ? AF_INET : AF_INET6;

    if ((length != 4 && length != 16) ||
        inet_ntop(family, ASN1_STRING_get0_data(address), text, sizeof(text)) == NULL)
        return error_new(ERROR_ARGUMENT, "the request has an IP address of %d bytes", length);
    return add(names, text, strlen(text));
}

/* An ASN.1 string may have a NUL in it, which would hide what follows. */
static struct error *add_string(struct csr_names *names, const ASN1_STRING *string)
{
    const char *text = (const char *)ASN1_STRING_get0_data(string);
    size_t length = (size_t)ASN1_STRING_length(string);

    if (length == 0 || memchr(text, '\0', length) != NULL)
        return error_new(ERROR_ARGUMENT,
                         "the request has a name that is empty, or has a NUL in it");
    return add(names, text, length);
}

static struct error *add_all(struct csr_names *names, const GENERAL_NAMES *from)
{
    struct error *error = NULL;

    for (int i = 0; error == NULL && i < sk_GENERAL_NAME_num(from); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(from, i);

        if (name->type == GEN_DNS)
            error = add_string(names, name->d.dNSName);
        else if (name->type == GEN_IPADD)
            error = add_address(names, name->d.iPAddress);
    }
    return error;
}

static struct error *add_common_name(struct csr_names *names, const X509_REQ *request)
{
    const X509_NAME *subject = X509_REQ_get_subject_name(request);
    int at = X509_NAME_get_index_by_NID((X509_NAME *)(uintptr_t)subject, NID_commonName, -1);

    if (at < 0)
        return error_new(ERROR_ARGUMENT, "the request names nobody: it has no DNS name, no IP "
                                         "address and no common name");
    return add_string(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

struct error *csr_names_read(const char *pem, struct csr_names *out)
{
    X509_REQ *request;
    STACK_OF(X509_EXTENSION) * extensions;
    GENERAL_NAMES *names;
    struct error *error = csr_from_pem(pem, &request);

    *out = (struct csr_names){0};
    if (error != NULL)
        return error;
    extensions = X509_REQ_get_extensions(request);
    names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    error = add_all(out, names);
    if (error == NULL && out->count == 0)
        error = add_common_name(out, request);
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(request);
    if (error != NULL)
        csr_names_clear(out);
    return error;
}

void csr_names_clear(struct csr_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct csr_names){0};
}
