/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmp_ca PORT DIRECTORY [--secret SECRET] [--implicit-confirm]: a CA that speaks CMP, on
 * libcrypto's server context, and really issues and revokes. DIRECTORY has ca.pem and ca.key,
 * other.pem and other.key (another CA's), customer.pem and customer.key (one of its customers'). It
 * gets issued/ with the certificates, "revoked" with serial numbers and reasons, and "log" with
 * what was asked. The lines of its file "behave" make it misbehave, each once.
 */
#include "cmp_ca.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DAYS 30

void *ca_need(void *pointer, const char *what)
{
    if (pointer != NULL)
        return pointer;
    fprintf(stderr, "cmp_ca: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static FILE *open_file(const struct ca *ca, const char *name, const char *mode)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", ca->directory, name);
    return fopen(path, mode);
}

void ca_log(const struct ca *ca, const char *format, ...)
{
    FILE *file = ca_need(open_file(ca, "log", "a"), "cannot write the log");
    va_list arguments;

    va_start(arguments, format);
    (void)vfprintf(file, format, arguments);
    va_end(arguments);
    (void)fputc('\n', file);
    (void)fclose(file);
}

bool ca_behaves(const struct ca *ca, const char *word, char *rest, size_t size)
{
    char lines[64][128];
    size_t count = 0;
    bool found = false;
    FILE *file = open_file(ca, "behave", "r");

    while (file != NULL && count < 64 && fgets(lines[count], sizeof(lines[0]), file) != NULL) {
        size_t length = strlen(word);
        char *line = lines[count];

        line[strcspn(line, "\n")] = '\0';
        if (!found && strncmp(line, word, length) == 0 &&
            (line[length] == ' ' || line[length] == '\0')) {
            found = true;
            if (rest != NULL)
                (void)snprintf(rest, size, "%s", line[length] == ' ' ? line + length + 1 : "");
        } else {
            count++;
        }
    }
    if (file != NULL)
        (void)fclose(file);
    if (!found)
        return false;
    file = ca_need(open_file(ca, "behave", "w"), "cannot write \"behave\"");
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s\n", lines[i]);
    (void)fclose(file);
    return true;
}

/* ---- issuing ----------------------------------------------------------------------------- */

/* CertTemplate.publicKey is [6] IMPLICIT (RFC 4211, 5); before 3.2 nothing reads it. */
static EVP_PKEY *key_of(const OSSL_CRMF_CERTTEMPLATE *template)
{
    unsigned char *der = NULL;
    int total = i2d_OSSL_CRMF_CERTTEMPLATE(template, &der);
    const unsigned char *cursor = der, *start;
    EVP_PKEY *key = NULL;
    long length;
    int tag, class;

    if (total > 0 && (ASN1_get_object(&cursor, &length, &tag, &class, total) & 0x80) == 0)
        while (cursor < der + total) {
            start = cursor;
            if ((ASN1_get_object(&cursor, &length, &tag, &class, der + total - cursor) & 0x80) != 0)
                break;
            if (tag == 6) {
                *(unsigned char *)(uintptr_t)start = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
                key = d2i_PUBKEY(NULL, &start, cursor + length - start);
                break;
            }
            cursor += length;
        }
    OPENSSL_free(der);
    return key;
}

static bool copy_extensions(X509 *to, const STACK_OF(X509_EXTENSION) * extensions, bool names)
{
    bool good = true;

    for (int i = 0; good && i < sk_X509_EXTENSION_num(extensions); i++) {
        X509_EXTENSION *extension = sk_X509_EXTENSION_value(extensions, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));

        if (nid != NID_subject_alt_name || names)
            good = X509_add_ext(to, extension, -1) == 1;
    }
    return good;
}

static void write_issued(const struct ca *ca, X509 *certificate)
{
    char path[128];
    BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
    char *text = BN_bn2hex(serial);
    FILE *file;

    (void)snprintf(path, sizeof(path), "issued/%s.pem", text);
    file = ca_need(open_file(ca, path, "w"), path);
    (void)PEM_write_X509(file, certificate);
    (void)fclose(file);
    ca_log(ca, "issued %s", text);
    OPENSSL_free(text);
    BN_free(serial);
}

static X509 *issue(const struct ca *ca, EVP_PKEY *key, const X509_NAME *subject,
                   const STACK_OF(X509_EXTENSION) * extensions)
{
    X509 *certificate = ca_need(X509_new(), "no memory");
    BIGNUM *serial = ca_need(BN_new(), "no memory");
    bool other = ca_behaves(ca, "other-ca", NULL, 0);
    bool names = !ca_behaves(ca, "no-names", NULL, 0);
    EVP_PKEY *certified = ca_behaves(ca, "other-key", NULL, 0) ? ca->other_key : key;
    bool good = BN_rand(serial, 63, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL &&
                X509_set_version(certificate, X509_VERSION_3) == 1 &&
                X509_set_issuer_name(certificate, X509_get_subject_name(ca->certificate)) == 1 &&
                X509_set_subject_name(certificate, subject) == 1 &&
                X509_gmtime_adj(X509_getm_notBefore(certificate), -60) != NULL &&
                X509_time_adj_ex(X509_getm_notAfter(certificate), DAYS, 0, NULL) != NULL &&
                X509_set_pubkey(certificate, certified) == 1 &&
                copy_extensions(certificate, extensions, names) &&
                X509_sign(certificate, other ? ca->other_key : ca->key, EVP_sha256()) > 0;

    BN_free(serial);
    ca_need(good ? certificate : NULL, "cannot issue");
    write_issued(ca, certificate);
    return certificate;
}

static X509 *issue_for(const struct ca *ca, const OSSL_CRMF_MSG *crm, const X509_REQ *p10)
{
    STACK_OF(X509_EXTENSION) * extensions;
    const OSSL_CRMF_CERTTEMPLATE *template;
    EVP_PKEY *key;
    X509 *certificate;

    if (p10 != NULL) {
        extensions = X509_REQ_get_extensions((X509_REQ *)(uintptr_t)p10);
        certificate = issue(ca, X509_REQ_get0_pubkey((X509_REQ *)(uintptr_t)p10),
                            X509_REQ_get_subject_name(p10), extensions);
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
        return certificate;
    }
    template = OSSL_CRMF_MSG_get0_tmpl(crm);
    key = ca_need(key_of(template), "a template without a key");
    certificate = issue(ca, key, OSSL_CRMF_CERTTEMPLATE_get0_subject(template),
                        OSSL_CRMF_CERTTEMPLATE_get0_extensions(template));
    EVP_PKEY_free(key);
    return certificate;
}

/* "refuse BIT TEXT": with that failure (RFC 9810, 5.2.3). */
static OSSL_CMP_PKISI *refuse(const struct ca *ca)
{
    char rest[128], *text;
    int bit;

    if (!ca_behaves(ca, "refuse", rest, sizeof(rest)))
        return NULL;
    bit = (int)strtol(rest, &text, 10);
    return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection, 1 << bit, text + 1);
}

static OSSL_CMP_PKISI *process_request(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request,
                                       int id, const OSSL_CRMF_MSG *crm, const X509_REQ *p10,
                                       X509 **certificate, STACK_OF(X509) * *chain,
                                       STACK_OF(X509) * *ca_certificates)
{
    struct ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
    OSSL_CMP_PKISI *refusal = refuse(ca);
    char rest[128];

    (void)id;
    *chain = NULL;
    if (refusal != NULL)
        return refusal;
    if (ca->waiting == NULL && ca_behaves(ca, "wait", rest, sizeof(rest))) {
        ca->check_after = 1; /* "wait TIMES [SECONDS]" */
        (void)sscanf(rest, "%d %d", &ca->polls, &ca->check_after);
        ca->waiting = OSSL_CMP_MSG_dup(request);
        return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_waiting, 0, "a person looks at it");
    }
    *certificate = issue_for(ca, crm, p10);
    ca->has_issued = true;
    *ca_certificates = sk_X509_new_null();
    (void)X509_add_cert(*ca_certificates, ca->certificate, X509_ADD_FLAG_UP_REF);
    return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_accepted, 0, NULL);
}

static int process_poll(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *poll, int id,
                        OSSL_CMP_MSG **request, int64_t *check_after)
{
    struct ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);

    (void)poll;
    (void)id;
    *check_after = ca->check_after;
    *request = NULL;
    if (--ca->polls < 0) {
        *request = ca->waiting;
        ca->waiting = NULL;
    }
    return 1;
}

static int process_confirmation(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request, int id,
                                const ASN1_OCTET_STRING *hash, const OSSL_CMP_PKISI *status)
{
    struct ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
    char text[OSSL_CMP_PKISI_BUFLEN] = "PKIStatus: accepted";

    (void)request;
    (void)id;
    (void)hash;
    if (status != NULL)
        (void)OSSL_CMP_snprint_PKIStatusInfo(status, text, sizeof(text));
    ca_log(ca, "confirmed %s", strstr(text, "accepted") != NULL ? "accepted" : "rejected");
    return 1;
}

static void process_error(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request,
                          const OSSL_CMP_PKISI *status, const ASN1_INTEGER *code,
                          const OSSL_CMP_PKIFREETEXT *details)
{
    (void)request;
    (void)status;
    (void)code;
    (void)details;
    ca_log(OSSL_CMP_SRV_CTX_get0_custom_ctx(server), "error");
}

/* ---- revoking ---------------------------------------------------------------------------- */

/* CRLReason, in the DER of the message (RFC 5280, 5.3.1). */
static int reason_of(const OSSL_CMP_MSG *request)
{
    static const unsigned char mark[] = {0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01};
    BIO *bio = ca_need(BIO_new(BIO_s_mem()), "no memory");
    unsigned char *bytes = NULL;
    long length;
    int reason = -1;

    (void)i2d_OSSL_CMP_MSG_bio(bio, request);
    length = BIO_get_mem_data(bio, (char **)&bytes);
    for (long i = 0; i + (long)sizeof(mark) < length; i++)
        if (memcmp(bytes + i, mark, sizeof(mark)) == 0)
            reason = bytes[i + (long)sizeof(mark)];
    BIO_free(bio);
    return reason;
}

static bool is_revoked(const struct ca *ca, const char *serial)
{
    char line[256];
    bool found = false;
    FILE *file = open_file(ca, "revoked", "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        found = found || strncmp(line, serial, strlen(serial)) == 0;
    if (file != NULL)
        (void)fclose(file);
    return found;
}

static OSSL_CMP_PKISI *process_revocation(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *request,
                                          const X509_NAME *issuer, const ASN1_INTEGER *serial)
{
    struct ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
    OSSL_CMP_PKISI *refusal = refuse(ca);
    BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
    char *text = BN_bn2hex(number);
    FILE *file;

    BN_free(number);
    if (refusal == NULL && X509_NAME_cmp(issuer, X509_get_subject_name(ca->certificate)) != 0)
        refusal = OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection,
                                          1 << OSSL_CMP_PKIFAILUREINFO_badCertId, "not mine");
    if (refusal == NULL && is_revoked(ca, text))
        refusal = OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection,
                                          1 << OSSL_CMP_PKIFAILUREINFO_certRevoked, "already");
    if (refusal == NULL) {
        file = ca_need(open_file(ca, "revoked", "a"), "cannot write \"revoked\"");
        fprintf(file, "%s %d\n", text, reason_of(request));
        (void)fclose(file);
    }
    OPENSSL_free(text);
    return refusal != NULL ? refusal
                           : OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_accepted, 0, NULL);
}

/* ---- the library's server ---------------------------------------------------------------- */

static bool set_identity(const struct ca *ca, OSSL_CMP_CTX *context)
{
    bool customer = ca_behaves(ca, "sign-as-customer", NULL, 0);
    bool other = ca_behaves(ca, "sign-as-other", NULL, 0);

    if (ca->secret != NULL)
        return OSSL_CMP_CTX_set1_referenceValue(context, (const unsigned char *)"client", 6) == 1 &&
               OSSL_CMP_CTX_set1_secretValue(context, (const unsigned char *)ca->secret,
                                             (int)strlen(ca->secret)) == 1;
    return OSSL_CMP_CTX_set1_cert(context, customer ? ca->customer_certificate
                                           : other  ? ca->other_certificate
                                                    : ca->certificate) == 1 &&
           OSSL_CMP_CTX_set1_pkey(context, customer ? ca->customer_key
                                           : other  ? ca->other_key
                                                    : ca->key) == 1;
}

void ca_open_server(struct ca *ca)
{
    X509_STORE *store = ca_need(X509_STORE_new(), "no memory");
    OSSL_CMP_CTX *context;

    OSSL_CMP_SRV_CTX_free(ca->server);
    OSSL_CMP_MSG_free(ca->waiting);
    ca->waiting = NULL;
    ca->server = ca_need(OSSL_CMP_SRV_CTX_new(NULL, NULL), "no memory");
    context = OSSL_CMP_SRV_CTX_get0_cmp_ctx(ca->server);
    if (X509_STORE_add_cert(store, ca->certificate) != 1 ||
        OSSL_CMP_CTX_set0_trustedStore(context, store) != 1 || !set_identity(ca, context) ||
        OSSL_CMP_SRV_CTX_set_grant_implicit_confirm(ca->server, ca->implicit_confirm) != 1 ||
        OSSL_CMP_SRV_CTX_set_send_unprotected_errors(ca->server, 1) != 1 ||
        OSSL_CMP_SRV_CTX_init(ca->server, ca, process_request, process_revocation, NULL,
                              process_error, process_confirmation, process_poll) != 1)
        ca_need(NULL, "cannot set up the server");
}

/* ---- starting ---------------------------------------------------------------------------- */

static void read_pair(const struct ca *ca, const char *name, X509 **certificate, EVP_PKEY **key)
{
    char path[64];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s.pem", name);
    file = ca_need(open_file(ca, path, "r"), path);
    *certificate = ca_need(PEM_read_X509(file, NULL, NULL, NULL), path);
    (void)fclose(file);
    (void)snprintf(path, sizeof(path), "%s.key", name);
    file = ca_need(open_file(ca, path, "r"), path);
    *key = ca_need(PEM_read_PrivateKey(file, NULL, NULL, NULL), path);
    (void)fclose(file);
}

int main(int argc, char **argv)
{
    struct ca ca = {0};
    char path[4096];

    if (argc < 3) {
        fputs("usage: cmp_ca PORT DIRECTORY [--secret SECRET] [--implicit-confirm]\n", stderr);
        return 2;
    }
    ca.directory = argv[2];
    for (int i = 3; i < argc; i++)
        if (strcmp(argv[i], "--implicit-confirm") == 0)
            ca.implicit_confirm = true;
        else if (strcmp(argv[i], "--secret") == 0 && i + 1 < argc)
            ca.secret = argv[++i];
    (void)snprintf(path, sizeof(path), "%s/issued", ca.directory);
    (void)mkdir(path, 0755);
    read_pair(&ca, "ca", &ca.certificate, &ca.key);
    read_pair(&ca, "other", &ca.other_certificate, &ca.other_key);
    read_pair(&ca, "customer", &ca.customer_certificate, &ca.customer_key);
    ca_open_server(&ca);
    ca_serve(&ca, atoi(argv[1]));
    return 0;
}
