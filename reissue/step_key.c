/* SPDX-License-Identifier: BSD-2-Clause */
/* The key: where it goes, and making it, once. */
#include "card_lock.h"
#include "fingerprint.h"
#include "key_file.h"
#include "run.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_EMPTY "empty"

static bool is_kind(const struct job *job, const char *kind)
{
    return strcmp(job_get(job, JOB_KEY_KIND), kind) == 0;
}

/* ---- on a card: looking ------------------------------------------------------------------ */

/* The public key that is in the slot of a full URI; *out is NULL for an empty slot. */
static struct error *look_into_slot(struct run *run, const struct card_uri *uri,
                                    struct card_key **out)
{
    struct error *error = card_find_key(run->crypto->cards, uri, out);

    if (error == NULL || error_code(error) != ERROR_NOT_FOUND)
        return error;
    error_free(error);
    return NULL;
}

/* What the slot holds, as JOB_KEY_SLOT_BEFORE has it. */
static struct error *describe_slot(const struct card_key *key, char out[FINGERPRINT_SIZE])
{
    if (key != NULL)
        return public_key_fingerprint(card_key_public(key), out);
    (void)stpcpy(out, SLOT_EMPTY);
    return NULL;
}

/* ---- on a card: choosing ----------------------------------------------------------------- */

static struct error *check_slot_is_free(const struct job *job, const struct card_uri *uri,
                                        const char *before)
{
    const char *overwrite = job_get(job, JOB_KEY_OVERWRITE);

    if (strcmp(before, SLOT_EMPTY) == 0 || overwrite != NULL)
        return NULL;
    return error_new(ERROR_ARGUMENT,
                     "slot %s holds a key already: name another, none (then a free one is taken), "
                     "or say --overwrite-key if that key is not needed any more",
                     uri->slot);
}

/* With the card known, and a slot in the URI: notes both, and what is there. */
static struct error *note_slot(struct run *run, struct job *job, const struct card_uri *uri)
{
    struct card_key *key = NULL;
    char before[FINGERPRINT_SIZE];
    char *text = NULL;
    struct error *error = look_into_slot(run, uri, &key);

    if (error == NULL)
        error = describe_slot(key, before);
    if (error == NULL)
        error = check_slot_is_free(job, uri, before);
    if (error == NULL)
        error = card_uri_format(uri, &text);
    if (error == NULL)
        error = job_set(job, JOB_KEY_WANTED, text);
    if (error == NULL)
        error = job_set(job, JOB_KEY_SLOT_BEFORE, before);
    free(text);
    card_key_free(key);
    return error;
}

/* Puts the card's serial number and a slot where the URI has none: a resumed job has to find the
   same card and the same place. `uri` owns what is put in. */
static struct error *complete_uri(struct card *card, struct card_uri *uri)
{
    const char *serial;
    struct error *error = uri->slot != NULL ? NULL : card_free_slot(card, &uri->slot);

    if (error != NULL || uri->serial != NULL)
        return error;
    error = card_serial(card, &serial);
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error);
        return NULL; /* the reader has to do */
    }
    if (error == NULL && (uri->serial = strdup(serial)) == NULL)
        error = error_no_memory();
    return error;
}

static struct error *choose_on_card(struct run *run, struct job *job)
{
    struct card_uri *uri = NULL;
    struct card *card = NULL;
    struct error *error = card_uri_parse(job_get(job, JOB_KEY_WANTED), &uri);

    if (error == NULL)
        error = card_find_for_key(run->crypto->cards, uri, &card);
    if (error == NULL)
        error = complete_uri(card, uri);
    if (error == NULL)
        error = note_slot(run, job, uri);
    card_free(card);
    card_uri_free(uri);
    return error;
}

struct error *step_choose_key(struct run *run, struct job *job, enum step_end *end)
{
    (void)end;
    if (!is_kind(job, "card"))
        return NULL; /* a file has its place; the others are there already */
    run_tell_step(run, job);
    return choose_on_card(run, job);
}

/* ---- on a card: making ------------------------------------------------------------------- */

static struct error *generate_on_card(struct run *run, const struct job *job, struct card *card,
                                      const struct card_uri *uri)
{
    const struct card_generate_options options = {
        .algorithm = job_get(job, JOB_ALGORITHM),
        .overwrite = job_get(job, JOB_KEY_OVERWRITE) != NULL,
    };
    struct card_admin admin;
    EVP_PKEY *made = NULL;
    struct error *error = run_read_admin(run, &admin);

    if (error == NULL)
        error = card_generate_key(card, &admin, uri->slot, &options, &made);
    EVP_PKEY_free(made);
    run_clear_admin(&admin);
    return run_explain_admin(run, error);
}

/* A key that has its certificate beside it is somebody's, and not the one that this job began. */
static struct error *check_not_certified(struct run *run, const struct card_uri *uri,
                                         const struct card_key *key, const char *fingerprint)
{
    struct card_certificate_list list = {0};
    struct error *error = card_find_certificates(run->crypto->cards, uri, &list);
    bool certified = false;

    for (size_t i = 0; error == NULL && i < list.count; i++) {
        const unsigned char *der = list.items[i].der;
        X509 *certificate = d2i_X509(NULL, &der, (long)list.items[i].der_length);
        const EVP_PKEY *own = certificate == NULL ? NULL : X509_get0_pubkey(certificate);

        certified = certified || (own != NULL && EVP_PKEY_eq(own, card_key_public(key)) == 1);
        X509_free(certificate);
    }
    ERR_clear_error();
    card_certificate_list_clear(&list);
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error);
        error = NULL;
    }
    if (error == NULL && certified)
        error = error_new(ERROR_OTHER_KEY,
                          "slot %s has got a key and its certificate since this job began (SHA-256 "
                          "of the public key: %s): another program was there, nothing was written",
                          uri->slot, fingerprint);
    return error;
}

/*
 * Whether an earlier run has made the key already: the slot does not hold what it held then. That
 * it was this job, and not another program, cannot be seen; but such a key is as good as a new one,
 * as long as it was not certified.
 */
static struct error *look_whether_made(struct run *run, const struct job *job,
                                       const struct card_uri *uri, bool *made)
{
    struct card_key *key = NULL;
    char now[FINGERPRINT_SIZE];
    struct error *error = look_into_slot(run, uri, &key);

    if (error == NULL)
        error = describe_slot(key, now);
    if (error == NULL)
        *made = strcmp(now, job_get(job, JOB_KEY_SLOT_BEFORE)) != 0;
    if (error == NULL && *made && key != NULL)
        error = check_not_certified(run, uri, key, now);
    card_key_free(key);
    return error;
}

static struct error *make_on_card(struct run *run, struct job *job)
{
    struct card_uri *uri = NULL;
    struct card *card = NULL;
    int lock = -1;
    bool made = false;
    struct error *error = card_uri_parse(job_get(job, JOB_KEY_WANTED), &uri);

    if (error == NULL)
        error = card_find_for_key(run->crypto->cards, uri, &card);
    if (error == NULL)
        error = card_lock(card, &lock);
    if (error == NULL)
        error = look_whether_made(run, job, uri, &made);
    if (error == NULL && !made) {
        run_tell(run, job, "the card is making a key (%s) in slot %s, which may take minutes",
                 job_get(job, JOB_ALGORITHM), uri->slot);
        error = generate_on_card(run, job, card, uri);
    }
    if (error == NULL)
        error = job_set(job, JOB_KEY, job_get(job, JOB_KEY_WANTED));
    state_unlock(lock);
    card_free(card);
    card_uri_free(uri);
    return error;
}

/* ---- the key is there -------------------------------------------------------------------- */

/* Notes which key it is, and for one on a card the reference by which programs use it. */
static struct error *note_key(struct run *run, struct job *job)
{
    const char *name = job_get(job, JOB_KEY);
    char fingerprint[FINGERPRINT_SIZE];
    char *pem = NULL;
    EVP_PKEY *key = NULL;
    struct error *error = crypto_load_key(run->crypto, name, &key);

    if (error == NULL)
        error = public_key_fingerprint(key, fingerprint);
    if (error == NULL)
        error = job_set(job, JOB_PUBLIC_KEY, fingerprint);
    if (error == NULL && crypto_is_card_uri(name))
        error = key_file_reference(key, &pem);
    if (error == NULL && pem != NULL)
        error = job_set(job, JOB_KEY_PEM, pem);
    free(pem);
    EVP_PKEY_free(key);
    return error;
}

struct error *step_make_key(struct run *run, struct job *job, enum step_end *end)
{
    struct error *error = NULL;

    (void)end;
    if (is_kind(job, "csr"))
        return NULL;
    run_tell_step(run, job);
    if (is_kind(job, "card"))
        error = make_on_card(run, job);
    else if (is_kind(job, "file"))
        error =
            key_file_make(run->crypto, job_get(job, JOB_KEY_WANTED), job_get(job, JOB_ALGORITHM));
    if (error == NULL && !is_kind(job, "card"))
        error = job_set(job, JOB_KEY, job_get(job, JOB_KEY_WANTED));
    return error != NULL ? error : note_key(run, job);
}
