/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking for certificates, and for the keys that go with them: in files, below directories, on
 * cards. */
#ifndef REISSUE_CERTIFICATE_SCAN_H
#define REISSUE_CERTIFICATE_SCAN_H

#include "card/card.h"
#include "card/error.h"
#include "fingerprint.h"
#include "names.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Bounds below one directory. */
#define SCAN_DEPTH_MAX 16
#define SCAN_FILES_MAX 200000

/*
 * A certificate that was found; texts are safe to print. There may be many thousands: what
 * libcrypto makes of one takes several times as much room as its encoding.
 */
struct found_certificate {
    unsigned char *der;
    size_t der_length;
    char *place;   /* a path, or a card: URI */
    size_t places; /* how many have it; `place` is the first */
    char *key;     /* where its private key is: a path or a card: URI; NULL: not seen */
    char *note;    /* what is under way, by whoever added it; or NULL */
    char *lineage; /* the name that it goes by here, and its CA; NULL: it is none of ours */
    char *ca;
    time_t renew_at, revoke_at; /* when it will be renewed, and its predecessor revoked; 0: not */
    char *name;                 /* its first name, else its common name, else its subject */
    char *subject, *serial;
    char fingerprint[FINGERPRINT_SIZE]; /* of the certificate */
    char public_key[FINGERPRINT_SIZE];  /* of its key; empty where that is not understood */
    struct names names;
    time_t begins, ends;
};

/* A private key that was seen: on a card, in a file, or by a key reference. */
struct found_key {
    char fingerprint[FINGERPRINT_SIZE]; /* of its public half */
    char *place;
};

/* A zeroed one is empty. */
struct certificate_scan {
    struct found_certificate *items;
    size_t count;
    struct found_key *keys;
    size_t key_count;
    size_t links;      /* symbolic links that were not followed */
    size_t unreadable; /* files and directories that could not be read */
    bool truncated;    /* a bound was met */
};

/* The certificate itself, for X509_free(). */
struct error *found_certificate_read(const struct found_certificate *item, X509 **out) MUST_CHECK;

/*
 * Adds a certificate that is known from elsewhere, with its place, and its key's place and a note
 * (both may be NULL). All are copied.
 */
struct error *certificate_scan_add(struct certificate_scan *scan, X509 *certificate,
                                   const char *place, const char *key, const char *note) MUST_CHECK;

/* What is known of a certificate that goes by a name here. */
struct found_lineage {
    const char *name, *ca;
    time_t renew_at, revoke_at;
};

/* Adds that to the certificate that was added last; the texts are copied. */
struct error *certificate_scan_add_lineage(struct certificate_scan *scan,
                                           const struct found_lineage *lineage) MUST_CHECK;

/* Adds a key; the place is copied. */
struct error *certificate_scan_add_key(struct certificate_scan *scan, const EVP_PKEY *key,
                                       const char *place) MUST_CHECK;

/*
 * Looks into a file, or below a directory: end entities' certificates, and keys. Symbolic links are
 * followed for `path` itself only. What cannot be read below a directory is counted; a file that is
 * named has to have a certificate in it: ERROR_FILE, ERROR_CERTIFICATE.
 */
struct error *certificate_scan_path(struct certificate_scan *scan, const char *path) MUST_CHECK;

/* Looks at the cards that fit `uri`. That there is no reader, no card or nothing on it is fine. */
struct error *certificate_scan_cards(struct certificate_scan *scan, struct card_context *context,
                                     const struct card_uri *uri) MUST_CHECK;

/* Joins what was found in several places, finds each one's key, and sorts: the newest first. */
struct error *certificate_scan_finish(struct certificate_scan *scan) MUST_CHECK;

void certificate_scan_clear(struct certificate_scan *scan);

#endif
