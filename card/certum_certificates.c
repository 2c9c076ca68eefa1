/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certum: certificates, and which of them is whose. The card does not say. jsign goes by labels,
 * which are equal for a key and its certificate; a public key that the card shows says more.
 */
#include "certificate.h"
#include "certum.h"
#include "public_key.h"

#include <string.h>

/* jsign: two bytes of length, then the certificate. */
#define LENGTH_AT 0x84
#define DER_AT    0x86

#define KIND_MAX 64

void certum_certificate_clear(struct certum_certificate *certificate)
{
    buffer_clear(&certificate->file);
    EVP_PKEY_free(certificate->public_key);
    *certificate = (struct certum_certificate){0};
}

static struct error *take_certificate(struct certum *certum, struct certum_certificate *out)
{
    const struct buffer *file = &out->file;
    if (file->length < DER_AT)
        return error_new(ERROR_CARD_ANSWER, "the card's file for a certificate is cut short");
    out->der = file->bytes + DER_AT;
    out->length = (size_t)file->bytes[LENGTH_AT] << 8 | file->bytes[LENGTH_AT + 1];
    if (out->length > file->length - DER_AT)
        return error_new(ERROR_CARD_ANSWER, "the card's certificate is longer than its file");
    struct error *error =
        certificate_public_key(certum->libctx, out->der, out->length, &out->public_key);
    if (error == NULL)
        error = certificate_not_before(certum->libctx, out->der, out->length, &out->not_before);
    return error;
}

static struct error *read_certificate(struct apdu_channel *channel, struct certum *certum,
                                      uint8_t index, struct certum_certificate *out)
{
    *out = (struct certum_certificate){0};
    struct error *error =
        certum_read_file(channel, CERTUM_FILE_CERTIFICATE + index, CERTUM_FILE_WHOLE, &out->file);
    if (error == NULL)
        error = take_certificate(certum, out);
    if (error != NULL)
        certum_certificate_clear(out);
    return error;
}

/* ---- whose it is --------------------------------------------------------------------------- */

struct choice {
    const char *kind;                /* of the key */
    struct buffer key_file;          /* its beginning; empty where it was not needed */
    const EVP_PKEY *public_key;      /* or NULL: not known */
    struct certum_certificate best;  /* that is the key's */
    struct certum_certificate other; /* that can be the key's, by its kind */
    bool several;                    /* others are for different keys */
};

/* Keeps the newer one in `kept`, and clears the other. */
static void keep_newer(struct certum_certificate *kept, struct certum_certificate *next)
{
    if (kept->public_key != NULL && kept->not_before > next->not_before) {
        certum_certificate_clear(next);
        return;
    }
    certum_certificate_clear(kept);
    *kept = *next;
    *next = (struct certum_certificate){0};
}

static bool has_label(const struct choice *choice, const struct certum_certificate *certificate)
{
    struct certum_label one = certum_label_of(&choice->key_file);
    struct certum_label other = certum_label_of(&certificate->file);
    return one.length > 0 && one.length == other.length &&
           memcmp(one.text, other.text, one.length) == 0;
}

static bool has_kind(const struct choice *choice, const struct certum_certificate *certificate)
{
    char kind[KIND_MAX];
    public_key_name(certificate->public_key, kind, sizeof(kind));
    return strcmp(kind, choice->kind) == 0;
}

/* Owns the certificate from here on. */
static void consider(struct choice *choice, struct certum_certificate *next)
{
    bool fits = choice->public_key == NULL ? has_kind(choice, next)
                                           : public_key_equal(choice->public_key, next->public_key);
    if (!fits) {
        certum_certificate_clear(next);
    } else if (choice->public_key != NULL || has_label(choice, next)) {
        keep_newer(&choice->best, next);
    } else {
        choice->several =
            choice->several || (choice->other.public_key != NULL &&
                                !public_key_equal(choice->other.public_key, next->public_key));
        keep_newer(&choice->other, next);
    }
}

/* One that cannot be read may be another key's: it counts where none is found. */
static struct error *consider_all(struct apdu_channel *channel, struct certum *certum,
                                  const struct certum_directory *directory, struct choice *choice)
{
    struct error *first = NULL;
    for (size_t i = 0; i < directory->count; i++) {
        struct certum_certificate next;
        if (directory->entries[i].type != CERTUM_CERTIFICATE)
            continue;
        struct error *error = read_certificate(channel, certum, directory->entries[i].index, &next);
        if (error == NULL) {
            consider(choice, &next);
            continue;
        }
        bool skip = error_code(error) == ERROR_CARD_ANSWER || error_code(error) == ERROR_NOT_FOUND;
        if (!skip || first == NULL) {
            error_free(first);
            first = error;
        } else
            error_free(error);
        if (!skip)
            return first;
    }
    if (choice->best.public_key == NULL && choice->other.public_key == NULL)
        return first;
    error_free(first);
    return NULL;
}

static size_t count_kind(const struct certum_directory *directory, const char *kind)
{
    size_t count = 0;
    for (size_t i = 0; i < directory->count; i++) {
        const char *other = certum_kind(&directory->entries[i]);
        count += other != NULL && strcmp(other, kind) == 0;
    }
    return count;
}

static struct error *choose(struct choice *choice, bool only_key, struct certum_certificate *out)
{
    struct certum_certificate *chosen = NULL;
    if (choice->best.public_key != NULL)
        chosen = &choice->best;
    else if (choice->other.public_key != NULL && only_key && !choice->several)
        chosen = &choice->other;
    if (chosen == NULL)
        return error_new(ERROR_NOT_FOUND, choice->other.public_key == NULL
                                              ? "the card has no certificate for such a key"
                                              : "it cannot be told which of the card's "
                                                "certificates is the key's: none has its label");
    *out = *chosen;
    *chosen = (struct certum_certificate){0};
    return NULL;
}

struct error *certum_find_certificate(struct apdu_channel *channel, struct certum *certum,
                                      const struct certum_directory *directory,
                                      const struct certum_entry *key, const EVP_PKEY *public_key,
                                      struct certum_certificate *out)
{
    struct choice choice = {.kind = certum_kind(key), .public_key = public_key};
    struct error *error = NULL;
    *out = (struct certum_certificate){0};
    if (public_key == NULL)
        error = certum_read_file(channel, CERTUM_FILE_KEY + certum_key_reference(key),
                                 CERTUM_FILE_LABEL, &choice.key_file);
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) { /* a key without label */
        error_free(error);
        error = NULL;
    }
    if (error == NULL)
        error = consider_all(channel, certum, directory, &choice);
    if (error == NULL)
        error = choose(&choice, count_kind(directory, choice.kind) == 1, out);
    buffer_clear(&choice.key_file);
    certum_certificate_clear(&choice.best);
    certum_certificate_clear(&choice.other);
    return error;
}
