/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and keys in files and below directories. */
#include "certificate_file.h"
#include "certificate_scan.h"
#include "file_load.h"
#include "provider/reference.h"

#include <errno.h>
#include <fts.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- keys -------------------------------------------------------------------------------- */

/* A key of software is read for its public half, and forgotten. */
static struct error *add_software_key(struct certificate_scan *scan, const unsigned char *der,
                                      long length, const char *path)
{
    const unsigned char *end = der;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &end, length);
    struct error *error = key == NULL ? NULL : certificate_scan_add_key(scan, key, path);

    EVP_PKEY_free(key);
    return error;
}

/* What a reference refers to is the key; a damaged one refers to nothing. */
static struct error *add_reference(struct certificate_scan *scan, const unsigned char *der,
                                   long length)
{
    struct reference reference;
    char *uri = NULL;
    struct error *error = reference_decode(NULL, der, (size_t)length, &reference);

    if (error != NULL) {
        error_free(error);
        return NULL;
    }
    error = card_uri_format(reference.uri, &uri);
    if (error == NULL)
        error = certificate_scan_add_key(scan, reference.public_key, uri);
    free(uri);
    reference_clear(&reference);
    return error;
}

static struct error *add_key_block(struct certificate_scan *scan, const char *label,
                                   const char *header, const unsigned char *der, long length,
                                   const char *path)
{
    if (strcmp(label, REFERENCE_PEM_LABEL) == 0)
        return add_reference(scan, der, length);
    if (header[0] == '\0' &&
        (strcmp(label, "PRIVATE KEY") == 0 || strcmp(label, "RSA PRIVATE KEY") == 0 ||
         strcmp(label, "EC PRIVATE KEY") == 0))
        return add_software_key(scan, der, length, path);
    return NULL;
}

static struct error *add_keys(struct certificate_scan *scan, const struct buffer *bytes,
                              const char *path)
{
    BIO *in = BIO_new_mem_buf(bytes->bytes, (int)bytes->length);
    struct error *error = in == NULL ? error_no_memory() : NULL;
    char *label, *header;
    unsigned char *der;
    long length;

    while (error == NULL && PEM_read_bio(in, &label, &header, &der, &length) == 1) {
        error = add_key_block(scan, label, header, der, length, path);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)length);
    }
    BIO_free(in);
    return error;
}

/* ---- certificates ------------------------------------------------------------------------ */

/* Authorities' certificates are not what is looked for, but for a file that has nothing else. */
static struct error *add_certificates(struct certificate_scan *scan, STACK_OF(X509) * certificates,
                                      const char *path, bool named)
{
    struct error *error = NULL;
    bool found = false;

    for (int i = 0; error == NULL && i < sk_X509_num(certificates); i++) {
        X509 *certificate = sk_X509_value(certificates, i);

        if (X509_check_ca(certificate) != 0)
            continue;
        found = true;
        error = certificate_scan_add(scan, certificate, path, NULL, NULL);
    }
    if (error == NULL && !found && named)
        error = certificate_scan_add(scan, sk_X509_value(certificates, 0), path, NULL, NULL);
    return error;
}

static bool is_worth_parsing(const struct buffer *bytes)
{
    static const char begin[] = "-----BEGIN ";

    return bytes->length > 0 && (bytes->bytes[0] == 0x30 ||
                                 memmem(bytes->bytes, bytes->length, begin, strlen(begin)) != NULL);
}

static struct error *scan_bytes(struct certificate_scan *scan, const struct buffer *bytes,
                                const char *path, bool named)
{
    STACK_OF(X509) *certificates = NULL;
    struct error *error = NULL;

    if (named || is_worth_parsing(bytes))
        error = certificates_parse(bytes->bytes, bytes->length, path, &certificates);
    if (error == NULL && certificates != NULL)
        error = add_certificates(scan, certificates, path, named);
    certificates_free(certificates);
    if (error != NULL && !named && error_code(error) == ERROR_CERTIFICATE) {
        error_free(error); /* another kind of file */
        error = NULL;
    }
    return error == NULL && bytes->length > 0 ? add_keys(scan, bytes, path) : error;
}

static struct error *scan_file(struct certificate_scan *scan, const char *path, bool named)
{
    struct buffer bytes = {NULL, 0, 0};
    struct error *error = file_load(path, CERTIFICATE_FILE_MAX, &bytes);

    if (error == NULL)
        error = scan_bytes(scan, &bytes, path, named);
    else if (!named && error_code(error) == ERROR_FILE) {
        error_free(error);
        error = NULL;
        scan->unreadable++;
    }
    buffer_clear(&bytes);
    return error;
}

/* Where keys are beside a certificate that is named: privkey.pem, or NAME.key for NAME.pem. */
static struct error *scan_neighbours(struct certificate_scan *scan, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(file, '.');
    int directory = (int)(file - path), stem = dot == NULL ? (int)strlen(path) : (int)(dot - path);
    char *neighbours[2] = {NULL, NULL};
    struct error *error = NULL;

    if (asprintf(&neighbours[0], "%.*sprivkey.pem", directory, path) < 0 ||
        asprintf(&neighbours[1], "%.*s.key", stem, path) < 0)
        error = error_no_memory();
    for (size_t i = 0; error == NULL && i < 2; i++) {
        struct buffer bytes = {NULL, 0, 0};
        struct error *absent = file_load(neighbours[i], CERTIFICATE_FILE_MAX, &bytes);

        if (absent == NULL && bytes.length > 0)
            error = add_keys(scan, &bytes, neighbours[i]);
        error_free(absent); /* it need not be there */
        buffer_clear(&bytes);
    }
    free(neighbours[0]);
    free(neighbours[1]);
    return error;
}

/* ---- directories ------------------------------------------------------------------------- */

static struct error *visit(struct certificate_scan *scan, FTS *tree, FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_D:
        if (entry->fts_level >= SCAN_DEPTH_MAX) {
            scan->truncated = true;
            (void)fts_set(tree, entry, FTS_SKIP);
        }
        return NULL;
    case FTS_F:
        return entry->fts_statp->st_size > 0 &&
                       entry->fts_statp->st_size <= (off_t)CERTIFICATE_FILE_MAX
                   ? scan_file(scan, entry->fts_path, false)
                   : NULL;
    case FTS_SL:
    case FTS_SLNONE:
        scan->links++;
        return NULL;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        scan->unreadable++;
        return NULL;
    default:
        return NULL;
    }
}

static struct error *scan_directory(struct certificate_scan *scan, const char *path)
{
    char *copy = strdup(path);
    char *paths[] = {copy, NULL};
    FTS *tree = copy == NULL
                    ? NULL
                    : fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR | FTS_XDEV, NULL);
    struct error *error = tree == NULL ? error_no_memory() : NULL;
    size_t entries = 0;
    FTSENT *entry;

    while (error == NULL && (entry = fts_read(tree)) != NULL) {
        if (++entries > SCAN_FILES_MAX) {
            scan->truncated = true;
            break;
        }
        error = visit(scan, tree, entry);
    }
    if (tree != NULL)
        (void)fts_close(tree);
    free(copy);
    return error;
}

struct error *certificate_scan_path(struct certificate_scan *scan, const char *path)
{
    struct stat status;
    struct error *error;

    if (stat(path, &status) != 0)
        return error_new(ERROR_FILE, "cannot look into %s: %s", path, strerror(errno));
    (void)ERR_set_mark();
    if (S_ISDIR(status.st_mode))
        error = scan_directory(scan, path);
    else {
        error = scan_file(scan, path, true);
        if (error == NULL)
            error = scan_neighbours(scan, path);
    }
    (void)ERR_pop_to_mark();
    return error;
}
