/* SPDX-License-Identifier: BSD-2-Clause */
/* A new key for an account (RFC 8555, 7.3.5), so that whatever interrupts that, the key that is
 * valid is on disk. */
#include "atomic_file.h"
#include "ca_acme.h"
#include "key_file.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the key is, and where the next one waits; both NULL for a key on a card. */
struct places {
    char *present, *next;
};

static void clear_places(struct places *places)
{
    free(places->present);
    free(places->next);
}

static struct error *find_places(struct run *run, const struct acme_ca *ca, struct places *out)
{
    char *path = NULL;
    struct error *error = acme_ca_key_path(run, ca->config, &path);

    *out = (struct places){0};
    if (error != NULL || crypto_is_card_uri(path)) {
        free(path);
        return error;
    }
    out->present = path;
    if (asprintf(&out->next, "%s.next", path) >= 0)
        return NULL;
    out->next = NULL;
    return error_no_memory();
}

/* The next key becomes the present one, which is of no use to anybody any more. */
static struct error *take_next(const struct places *places)
{
    char *copy;
    struct error *error;

    if (rename(places->next, places->present) != 0)
        return error_new(ERROR_FILE, "cannot rename %s to %s: %s", places->next, places->present,
                         strerror(errno));
    copy = strdup(places->present);
    error = copy == NULL ? error_no_memory() : directory_sync(dirname(copy));
    free(copy);
    return error;
}

static void use_key(struct acme_ca *ca, EVP_PKEY *key)
{
    EVP_PKEY_up_ref(key);
    EVP_PKEY_free(ca->account_key);
    ca->account_key = key;
}

/* Asks which of both the CA knows; the session signs with that one from here on. */
static struct error *ask_which(struct acme_ca *ca, EVP_PKEY *next, const struct places *places,
                               bool *is_next)
{
    EVP_PKEY *const keys[] = {next, ca->account_key};
    size_t which = 0;
    struct error *error = acme_account_find_key(ca->acme, keys, 2, &which);

    *is_next = error == NULL && which == 0;
    if (!*is_next)
        return error;
    use_key(ca, next);
    return take_next(places);
}

struct error *acme_ca_settle_key(struct run *run, struct acme_ca *ca, bool *changed)
{
    struct places places;
    EVP_PKEY *next = NULL;
    struct error *error = find_places(run, ca, &places);

    *changed = false;
    if (error == NULL && places.next != NULL && access(places.next, F_OK) == 0) {
        error = crypto_load_key(run->crypto, places.next, &next);
        if (error == NULL)
            error = ask_which(ca, next, &places, changed);
    }
    EVP_PKEY_free(next);
    clear_places(&places);
    return error;
}

static struct error *change(struct run *run, struct acme_ca *ca, const struct places *places)
{
    EVP_PKEY *next = NULL;
    bool done = false;
    struct error *error = key_file_make(run->crypto, places->next, ACME_ACCOUNT_ALGORITHM);

    if (error == NULL)
        error = crypto_load_key(run->crypto, places->next, &next);
    if (error != NULL)
        return error;
    error = acme_key_change(ca->acme, next);
    if (error == NULL) {
        use_key(ca, next);
        error = take_next(places);
    } else if (error_code(error) == ERROR_NETWORK) {
        struct error *lost = ask_which(ca, next, places, &done);

        if (lost == NULL && done) { /* only the answer was lost */
            error_free(error);
            error = NULL;
        }
        error_free(lost); /* the first one says what was tried */
    }
    EVP_PKEY_free(next);
    return error;
}

struct error *acme_ca_change_key(struct run *run, struct acme_ca *ca)
{
    struct places places;
    struct error *error = find_places(run, ca, &places);

    if (error == NULL && places.present == NULL)
        error = error_new(ERROR_UNSUPPORTED,
                          "the account's key is on a card (%s): reissue changes keys in files only",
                          ca->config->account_key);
    if (error == NULL)
        error = change(run, ca, &places);
    clear_places(&places);
    return error;
}
