/* SPDX-License-Identifier: BSD-2-Clause */
#include "start.h"

#include "ca.h"
#include "certificate_lookup.h"
#include "certificate_text.h"
#include "csr.h"
#include "file.h"
#include "key_algorithm.h"
#include "public_key.h"
#include "start_internal.h"
#include "unattended.h"
#include "validation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the predecessor --------------------------------------------------------------------- */

static struct error *note_predecessor(struct run *run, struct job *job, const char *word,
                                      X509 **out)
{
    char *place = NULL;
    char *pem = NULL;
    struct error *error = certificate_lookup(run, word, out, &place);

    if (error == NULL)
        error = certificate_to_pem(*out, &pem);
    if (error == NULL)
        error = job_set(job, JOB_PREDECESSOR, pem);
    if (error == NULL)
        error = job_set(job, JOB_PREDECESSOR_FROM, place);
    free(pem);
    free(place);
    return error;
}

/* ---- the key ----------------------------------------------------------------------------- */

/* As the predecessor's, where that is still good enough. */
const char *start_usual_algorithm(const X509 *predecessor)
{
    const EVP_PKEY *key = predecessor == NULL ? NULL : X509_get0_pubkey(predecessor);
    const struct key_algorithm *same;
    char name[64];

    if (key == NULL)
        return "P-256";
    if (public_key_is_rsa(key))
        return EVP_PKEY_get_bits(key) > 3072 ? "RSA-4096" : "RSA-3072";
    public_key_name(key, name, sizeof(name));
    same = key_algorithm_find(name);
    return same != NULL ? same->name : "P-256";
}

/* A renewal makes a new file each time: the old key stays until the new one is in use. */
static struct error *key_place(const struct job *job, const struct start_wish *wish, char **out)
{
    char *path = NULL;
    struct error *error;

    if (!wish->numbered_file || crypto_is_card_uri(wish->new_key))
        return file_absolute(wish->new_key, out);
    if (asprintf(&path, "%s.%s", wish->new_key, job->id) < 0)
        return error_no_memory();
    error = file_absolute(path, out);
    free(path);
    return error;
}

static struct error *note_new_key(struct run *run, struct job *job, const struct start_wish *wish,
                                  const X509 *predecessor)
{
    const char *algorithm =
        wish->algorithm != NULL ? wish->algorithm : start_usual_algorithm(predecessor);
    char *place = NULL;
    struct error *error = NULL;

    if (key_algorithm_find(algorithm) == NULL)
        return error_new(ERROR_ARGUMENT,
                         "no keys of the kind \"%s\" are made: there are " KEY_ALGORITHM_NAMES
                         ", as far as the card has them",
                         algorithm);
    error = job_set(job, JOB_ALGORITHM, algorithm);
    if (error == NULL && wish->overwrite_key)
        error = job_set(job, JOB_KEY_OVERWRITE, "yes");
    if (error == NULL)
        error = job_set(job, JOB_KEY_KIND, crypto_is_card_uri(wish->new_key) ? "card" : "file");
    if (error == NULL)
        error = key_place(job, wish, &place);
    if (error == NULL && !crypto_is_card_uri(place) && access(place, F_OK) == 0)
        error = error_new(ERROR_ARGUMENT,
                          "there is a file %s already: a new key goes into a new file", place);
    if (error == NULL)
        error = job_set(job, JOB_KEY_WANTED, place);
    (void)run;
    free(place);
    return error;
}

static struct error *note_old_key(struct job *job, const char *key)
{
    char *place = NULL;
    struct error *error = job_set(job, JOB_KEY_KIND, "same");

    if (error == NULL)
        error = file_absolute(key, &place);
    if (error == NULL)
        error = job_set(job, JOB_KEY_WANTED, place);
    free(place);
    return error;
}

/* The request alone, whatever else is in its file. */
static struct error *note_csr(struct job *job, const char *path)
{
    struct csr_remains remains;
    X509_REQ *request;
    char *text = NULL;
    struct error *error = csr_read(path, &request, &remains);

    if (error != NULL && error_code(error) == ERROR_CERTIFICATE)
        error = error_wrap(error, ERROR_ARGUMENT, "cannot take a request from %s", path);
    if (error == NULL && remains.private_key)
        error = error_new(ERROR_ARGUMENT,
                          "%s has a private key in it: a request goes to strangers, so keep them "
                          "in files of their own",
                          path);
    if (error == NULL)
        error = job_set(job, JOB_KEY_KIND, "csr");
    if (error == NULL)
        error = csr_pem(request, &text);
    if (error == NULL)
        error = job_set(job, JOB_CSR, text);
    free(text);
    X509_REQ_free(request);
    return error;
}

static struct error *note_key(struct run *run, struct job *job, const struct start_wish *wish,
                              const X509 *predecessor)
{
    int given = (wish->csr != NULL) + (wish->key != NULL) + (wish->new_key != NULL);

    if (given != 1)
        return error_new(
            ERROR_ARGUMENT,
            "say which key the new certificate is for, in one way: --new-key card: "
            "(made on the card), --new-key FILE, --key URI|FILE (the one there is), or "
            "--csr FILE");
    if (wish->csr != NULL)
        return note_csr(job, wish->csr);
    if (wish->key != NULL)
        return note_old_key(job, wish->key);
    return note_new_key(run, job, wish, predecessor);
}

/* ---- where it goes ----------------------------------------------------------------------- */

/* A certificate for a key on a card goes beside it, unless somebody wants otherwise. Where exactly
   a new key is will be known later: see step_look(). */
static struct error *note_install(struct job *job, const struct start_wish *wish)
{
    const char *key = job_get(job, JOB_KEY_WANTED);

    if (wish->install != NULL)
        return strcmp(wish->install, "none") == 0 ? NULL : job_set(job, JOB_INSTALL, wish->install);
    return key != NULL && crypto_is_card_uri(key) ? job_set(job, JOB_INSTALL, INSTALL_BESIDE_KEY)
                                                  : NULL;
}

/* Whatever names a key is kept, and shown: a PIN in it would be, too. */
static struct error *check_no_pin(const char *place)
{
    struct card_uri *uri = NULL;
    struct error *error;

    if (place == NULL || !crypto_is_card_uri(place))
        return NULL;
    error = card_uri_parse(place, &uri);
    if (error == NULL && uri->pin_value != NULL)
        error = error_new(ERROR_ARGUMENT, "a PIN in the URI would be kept and shown: say where it "
                                          "is, with --pin-source");
    card_uri_free(uri);
    return error;
}

static struct error *check_places(const struct start_wish *wish)
{
    struct error *error = check_no_pin(wish->certificate);

    if (error == NULL)
        error = check_no_pin(wish->key);
    if (error == NULL)
        error = check_no_pin(wish->new_key);
    return error != NULL ? error : check_no_pin(wish->install);
}

/* ---- how the CA is asked ----------------------------------------------------------------- */

/* Where the CA's section lists several, the job keeps to one, whatever becomes of the list. */
static struct error *note_validation(struct run *run, struct job *job,
                                     const struct start_wish *wish)
{
    const struct config_ca *config = config_find_ca(run->config, job_get(job, JOB_CA));
    const char *name = wish->validation;
    struct names names;
    struct error *error = ca_names_wanted(job, &names);

    if (error == NULL)
        error = validation_check(config, name, &names);
    if (error == NULL && name == NULL && config != NULL && validation_count(config) > 1)
        name = validation_usual(config, &names)->name;
    names_clear(&names);
    return error != NULL || name == NULL ? error : job_set(job, JOB_VALIDATION, name);
}

static struct error *note_ca(struct run *run, struct job *job, const struct start_wish *wish)
{
    struct error *error = note_validation(run, job, wish);

    if (error == NULL && wish->profile != NULL)
        error = job_set(job, JOB_PROFILE, wish->profile);
    if (error == NULL && wish->preferred_chain != NULL)
        error = job_set(job, JOB_PREFERRED_CHAIN, wish->preferred_chain);
    return error != NULL ? error : ca_check(run, job);
}

static struct error *fill_in(struct run *run, struct job *job, const struct start_wish *wish)
{
    X509 *predecessor = NULL;
    struct error *error = check_places(wish);

    if (error == NULL && wish->certificate != NULL)
        error = note_predecessor(run, job, wish->certificate, &predecessor);
    if (error == NULL)
        error = start_note_names(job, wish);
    if (error == NULL)
        error = start_note_name(run, job, wish, predecessor);
    if (error == NULL)
        error = job_set(job, JOB_CA, wish->ca == NULL ? "manual" : wish->ca);
    if (error == NULL)
        error = note_key(run, job, wish, predecessor);
    if (error == NULL)
        error = start_note_reason(job, wish);
    if (error == NULL)
        error = start_note_revocation(run, job, wish);
    if (error == NULL)
        error = note_install(job, wish);
    if (error == NULL)
        error = note_ca(run, job, wish);
    if (error == NULL)
        error = unattended_check(run, job);
    X509_free(predecessor);
    return error;
}

struct error *start_make_job(struct run *run, const struct start_wish *wish, struct job **out)
{
    struct job *job;
    struct error *error = job_new(&job);

    *out = NULL;
    if (error != NULL)
        return error;
    error = fill_in(run, job, wish);
    if (error != NULL) {
        job_free(job);
        return error;
    }
    *out = job;
    return NULL;
}

struct error *start_make_revocation(struct run *run, const char *certificate, const char *ca,
                                    struct job **out)
{
    X509 *predecessor = NULL;
    struct error *error = job_new(out);

    if (error != NULL)
        return error;
    error = note_predecessor(run, *out, certificate, &predecessor);
    if (error == NULL)
        error = start_note_name(run, *out, &(struct start_wish){0}, predecessor);
    if (error == NULL)
        error = job_set(*out, JOB_CA, ca);
    (*out)->step = STEP_REVOCATION_SENT;
    X509_free(predecessor);
    if (error != NULL) {
        job_free(*out);
        *out = NULL;
    }
    return error;
}
