/* SPDX-License-Identifier: BSD-2-Clause */
#include "ca_est.h"

#include "atomic_file.h"
#include "certificate_text.h"

#include <ctype.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static struct error *write_anchors(struct est_ca *ca, STACK_OF(X509) * anchors)
{
    struct buffer text = {0};
    char *directory = NULL;
    struct error *error = state_subdirectory(ca->run->state, "est", &directory);

    for (int i = 0; error == NULL && i < sk_X509_num(anchors); i++) {
        char *pem;

        error = certificate_to_pem(sk_X509_value(anchors, i), &pem);
        if (error == NULL)
            error = buffer_append(&text, pem, strlen(pem));
        free(pem);
    }
    if (error == NULL)
        error =
            atomic_file_write(ca->anchors_file, ATOMIC_FILE_REPLACE, 0644, text.bytes, text.length);
    buffer_clear(&text);
    free(directory);
    return error;
}

/* Fingerprints are written with or without colons. */
static bool is_fingerprint(const char *wanted, const char *found)
{
    for (; *wanted != '\0'; wanted++)
        if (*wanted != ':' && (*found == '\0' || strncasecmp(wanted, found++, 1) != 0))
            return false;
    return *found == '\0';
}

/* Only the certificate that is known by its fingerprint; the others are vouched for by nobody. */
static struct error *keep_known(struct est_ca *ca, STACK_OF(X509) * found)
{
    STACK_OF(X509) *known = sk_X509_new_null();
    char fingerprint[FINGERPRINT_SIZE];
    struct error *error = known == NULL ? error_no_memory() : NULL;

    for (int i = 0; error == NULL && i < sk_X509_num(found); i++) {
        X509 *certificate = sk_X509_value(found, i);

        error = certificate_fingerprint(certificate, fingerprint);
        if (error == NULL && is_fingerprint(ca->config->ca_fingerprint, fingerprint) &&
            X509_check_ca(certificate) > 0 && sk_X509_push(known, certificate) <= 0)
            error = error_no_memory();
    }
    if (error == NULL && sk_X509_num(known) == 0)
        error = error_new(ERROR_SERVER_IDENTITY,
                          "%s has no certificate of a CA with the fingerprint that the "
                          "configuration names: it is another server, or the fingerprint is wrong",
                          ca->config->url);
    if (error == NULL)
        error = write_anchors(ca, known);
    sk_X509_free(known);
    return error;
}

/*
 * The first time. Where only a fingerprint tells what is true, from whoever answers (RFC 7030,
 * 4.1.1); nothing else is asked that way. Nobody introduces himself yet: who it is depends on
 * these.
 */
static struct error *fetch_first(struct est_ca *ca)
{
    const struct config_ca *config = ca->config;
    const struct http_options options = {
        .ca_file = config->ca_file,
        .unverified = config->ca_file == NULL && config->ca_fingerprint != NULL,
    };
    struct est est = {.url = config->url, .label = config->label};
    STACK_OF(X509) *found = NULL;
    struct error *error = http_open(&options, &est.http);

    if (error == NULL)
        error = est_cacerts(&est, &found);
    if (error == NULL)
        error = config->ca_fingerprint != NULL ? keep_known(ca, found) : write_anchors(ca, found);
    certificates_free(found);
    http_close(est.http);
    return error;
}

/* Another fingerprint is another CA, which begins anew. */
static struct error *find_place(struct est_ca *ca)
{
    char known[17] = "";
    size_t length = 0;

    for (const char *at = ca->config->ca_fingerprint;
         at != NULL && *at != '\0' && length < sizeof(known) - 1; at++)
        if (*at != ':')
            known[length++] = (char)tolower((unsigned char)*at);
    return state_path(ca->run->state, &ca->anchors_file, "est/%s%s%s.pem", ca->config->name,
                      length > 0 ? "-" : "", known);
}

struct error *est_anchors_open(struct est_ca *ca)
{
    struct error *error = find_place(ca);

    if (error == NULL && access(ca->anchors_file, F_OK) != 0)
        error = fetch_first(ca);
    return error != NULL ? error : certificates_read(ca->anchors_file, &ca->anchors);
}

struct error *est_anchors_fetch(struct est_ca *ca)
{
    STACK_OF(X509) *found = NULL;
    struct error *error = est_cacerts(&ca->est, &found);

    if (error == NULL)
        error = write_anchors(ca, found);
    if (error == NULL) {
        certificates_free(ca->anchors);
        ca->anchors = found;
        found = NULL;
    }
    certificates_free(found);
    return error;
}
