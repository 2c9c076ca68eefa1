/* SPDX-License-Identifier: BSD-2-Clause */
#include "challenge_certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* id-pe-acmeIdentifier: RFC 8737, 6.1. */
#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31"

/* Bytes of the address, 4 or 16; 0 if it is a name. */
static int address_of(const char *identifier, unsigned char address[16])
{
    if (inet_pton(AF_INET, identifier, address) == 1)
        return 4;
    return inet_pton(AF_INET6, identifier, address) == 1 ? 16 : 0;
}

/* The subject's alternative name: one DNS name, or one IP address (RFC 8738, 6). */
static bool add_name(X509 *certificate, const char *identifier)
{
    unsigned char address[16];
    int length = address_of(identifier, address);
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = length > 0 ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    bool good = names != NULL && name != NULL && value != NULL;
    if (good && length > 0)
        good = ASN1_STRING_set(value, address, length) == 1;
    else if (good)
        good = ASN1_STRING_set(value, identifier, -1) == 1;
    if (good) {
        GENERAL_NAME_set0_value(name, length > 0 ? GEN_IPADD : GEN_DNS, value);
        value = NULL;
        good = sk_GENERAL_NAME_push(names, name) > 0;
    }
    if (good)
        name = NULL;
    good = good && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1;
    ASN1_STRING_free(value);
    GENERAL_NAME_free(name);
    GENERAL_NAMES_free(names);
    return good;
}

/* The hash in an OCTET STRING, critical (RFC 8737, 3). */
static bool add_hash(X509 *certificate, const char *key_authorization)
{
    /* DER of an OCTET STRING of 32 bytes. */
    unsigned char der[2 + SHA256_DIGEST_LENGTH] = {V_ASN1_OCTET_STRING, SHA256_DIGEST_LENGTH};
    SHA256((const unsigned char *)key_authorization, strlen(key_authorization), der + 2);
    ASN1_OBJECT *identifier = OBJ_txt2obj(ACME_IDENTIFIER, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    bool good = identifier != NULL && value != NULL &&
                ASN1_OCTET_STRING_set(value, der, sizeof(der)) == 1 &&
                (extension = X509_EXTENSION_create_by_OBJ(NULL, identifier, 1, value)) != NULL &&
                X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(identifier);
    return good;
}

static bool fill_certificate(X509 *certificate, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"ACME challenge", -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -24L * 60 * 60) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), 7L * 24 * 60 * 60) != NULL &&
           X509_set_pubkey(certificate, key) == 1;
}

/* By its name: EVP_sha256() would be fetched from the program's library context. */
static bool sign(OSSL_LIB_CTX *library, X509 *certificate, EVP_PKEY *key)
{
    EVP_MD *digest = EVP_MD_fetch(library, "SHA256", NULL);
    bool good = digest != NULL && X509_sign(certificate, key, digest) > 0;
    EVP_MD_free(digest);
    return good;
}

struct error *challenge_certificate(OSSL_LIB_CTX *library, EVP_PKEY *key, const char *identifier,
                                    const char *key_authorization, X509 **out)
{
    X509 *certificate = X509_new_ex(library, NULL);
    *out = NULL;
    if (certificate != NULL && fill_certificate(certificate, key) &&
        add_name(certificate, identifier) && add_hash(certificate, key_authorization) &&
        sign(library, certificate, key)) {
        *out = certificate;
        return NULL;
    }
    X509_free(certificate);
    ERR_clear_error();
    return error_new(ERROR_INTERNAL, "cannot make a certificate for tls-alpn-01");
}

struct error *challenge_server_name(const char *identifier, char **out)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char address[16];
    char name[128], *end = name;
    int length = address_of(identifier, address);
    if (length == 4)
        (void)snprintf(name, sizeof(name), "%d.%d.%d.%d.in-addr.arpa", address[3], address[2],
                       address[1], address[0]);
    for (int i = 15; length == 16 && i >= 0; i--) {
        *end++ = digits[address[i] & 0xF];
        *end++ = '.';
        *end++ = digits[address[i] >> 4];
        *end++ = '.';
    }
    if (length == 16)
        (void)snprintf(end, sizeof(name) - (size_t)(end - name), "ip6.arpa");
    *out = strdup(length > 0 ? name : identifier);
    return *out == NULL ? error_no_memory() : NULL;
}
