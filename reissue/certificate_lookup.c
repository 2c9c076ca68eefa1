/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate_lookup.h"

#include "certificate_place.h"
#include "certificate_scan.h"
#include "certificate_text.h"
#include "file.h"
#include "live.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- by a URI, by a file ------------------------------------------------------------------- */

static struct error *from_place(struct run *run, const char *place, X509 **out)
{
    struct certificate_bundle bundle;
    struct error *error = certificate_load(run->crypto, place, &bundle);

    if (error == NULL) {
        *out = bundle.certificate;
        bundle.certificate = NULL;
    }
    certificate_bundle_clear(&bundle);
    return error;
}

/* ---- by a name, by a job ------------------------------------------------------------------- */

/* Leaves *out NULL where nothing goes by that name. */
static struct error *from_name(struct run *run, const char *name, X509 **out, char **place)
{
    struct error *error = live_path(run->state, name, "cert.pem", place);

    if (error == NULL && access(*place, F_OK) == 0)
        return from_place(run, *place, out);
    free(*place);
    *place = NULL;
    return error;
}

static struct error *take_pem(void *argument, const char *const *row)
{
    return certificate_from_pem(row[0], argument);
}

/* The same for a job that has its certificate. */
static struct error *from_job(struct run *run, const char *id, X509 **out, char **place)
{
    struct error *error = state_query(
        run->state, "SELECT value FROM job_value WHERE job = ?1 AND name = 'certificate'",
        STATE_VALUES(id), take_pem, out);

    return error != NULL || *out == NULL
               ? error
               : state_path(run->state, place, "jobs/%s/fullchain.pem", id);
}

/* ---- by what is listed --------------------------------------------------------------------- */

static struct error *scan_row(void *argument, const char *const *row)
{
    X509 *certificate = NULL;
    struct error *error = certificate_from_pem(row[0], &certificate);

    if (error == NULL)
        error = certificate_scan_add(argument, certificate, row[1], NULL, NULL);
    X509_free(certificate);
    return error;
}

/* Everything that was ever live here, and what is on cards: each once. */
static struct error *scan_all(struct run *run, struct certificate_scan *scan)
{
    struct card_uri *uri = NULL;
    struct error *error = card_uri_parse("card:", &uri);

    if (error == NULL)
        error = state_query(run->state, "SELECT pem, lineage FROM certificate",
                            (struct state_values){0}, scan_row, scan);
    if (error == NULL)
        error = certificate_scan_cards(scan, run->crypto->cards, uri);
    card_uri_free(uri);
    return error != NULL ? error : certificate_scan_finish(scan);
}

/* Those that go by no name of ours, on cards, are listed by their own: that will do for them, too.
 */
static bool is_meant(const struct found_certificate *item, const char *word, const char *serial)
{
    return strcasecmp(item->serial, serial) == 0 ||
           (crypto_is_card_uri(item->place) && strcasecmp(item->name, word) == 0);
}

/* Where two are meant, such as with one serial number by two issuers, nobody can tell which. */
static struct error *pick(const struct certificate_scan *scan, const char *word, const char *serial,
                          X509 **out, char **place)
{
    struct error *error = NULL;

    for (size_t i = 0; error == NULL && i < scan->count; i++) {
        const struct found_certificate *item = &scan->items[i];

        if (!is_meant(item, word, serial))
            continue;
        if (*out != NULL)
            return error_new(ERROR_AMBIGUOUS,
                             "several certificates go by %s, or have this serial number: name a "
                             "file, or a card: URI",
                             word);
        error = found_certificate_read(item, out);
        if (error == NULL && (*place = strdup(item->place)) == NULL)
            error = error_no_memory();
    }
    return error;
}

/* As `list` prints it, or with colons in between, as openssl and browsers do. */
static bool is_serial(const char *word, char *out, size_t size)
{
    size_t used = 0;

    for (; *word != '\0' && used + 1 < size; word++)
        if (isxdigit((unsigned char)*word))
            out[used++] = *word;
        else if (*word != ':')
            return false;
    out[used] = '\0';
    return used >= 2 && *word == '\0';
}

#define SERIAL_SIZE                                                                                \
    64 /* twenty octets at most (RFC 5280, 4.1.2.2) in hexadecimal, and some room                  \
        */

static struct error *from_list(struct run *run, const char *word, X509 **out, char **place)
{
    char serial[SERIAL_SIZE];
    struct certificate_scan scan = {.count = 0};
    struct error *error = scan_all(run, &scan);

    if (!is_serial(word, serial, sizeof(serial)))
        serial[0] = '\0';
    if (error == NULL)
        error = pick(&scan, word, serial, out, place);
    certificate_scan_clear(&scan);
    return error;
}

/* ---- all of them --------------------------------------------------------------------------- */

static struct error *not_found(const char *word)
{
    return error_new(ERROR_NOT_FOUND,
                     "there is neither a file %s, nor a certificate that goes by this name, or has "
                     "this serial number, here: reissue list shows those that do",
                     word);
}

static struct error *from_word(struct run *run, const char *word, X509 **out, char **place)
{
    struct error *error;

    if (access(word, F_OK) == 0 || strchr(word, '/') != NULL) {
        error = file_absolute(word, place);
        return error != NULL ? error : from_place(run, *place, out);
    }
    error = from_name(run, word, out, place);
    if (error == NULL && *out == NULL)
        error = from_job(run, word, out, place);
    if (error == NULL && *out == NULL)
        error = from_list(run, word, out, place);
    return error == NULL && *out == NULL ? not_found(word) : error;
}

struct error *certificate_lookup(struct run *run, const char *word, X509 **out, char **place)
{
    struct error *error;

    *out = NULL;
    *place = NULL;
    if (crypto_is_card_uri(word)) {
        *place = strdup(word);
        error = *place == NULL ? error_no_memory() : from_place(run, word, out);
    } else {
        error = from_word(run, word, out, place);
    }
    if (error != NULL) {
        X509_free(*out);
        free(*place);
        *out = NULL;
        *place = NULL;
    }
    return error;
}
