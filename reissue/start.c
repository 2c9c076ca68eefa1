/* SPDX-License-Identifier: BSD-2-Clause */
#include "start.h"

#include "ca.h"
#include "certificate_text.h"
#include "csr.h"
#include "describe.h"
#include "file.h"
#include "job_command.h"
#include "live.h"
#include "names.h"
#include "unattended.h"

#include <ctype.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the predecessor --------------------------------------------------------------------- */

static struct error *from_card(struct run *run, const char *text, X509 **out)
{
    struct card_certificate_list list = {0};
    struct card_uri *uri = NULL;
    struct error *error = card_uri_parse(text, &uri);

    if (error == NULL)
        error = card_find_certificates(run->crypto->cards, uri, &list);
    if (error == NULL && list.count > 1)
        error =
            error_new(ERROR_AMBIGUOUS, "%zu certificates fit %s: name the slot, as in card:slot=9a",
                      list.count, text);
    if (error == NULL) {
        const unsigned char *der = list.items[0].der;

        *out = d2i_X509(NULL, &der, (long)list.items[0].der_length);
        if (*out == NULL)
            error = crypto_error("cannot read the certificate at %s", text);
    }
    card_certificate_list_clear(&list);
    card_uri_free(uri);
    return error;
}

static struct error *from_file(const char *path, X509 **out)
{
    struct certificate_bundle bundle = {0};
    struct error *error = certificate_bundle_read(path, NULL, &bundle);

    if (error == NULL) {
        X509_up_ref(bundle.certificate);
        *out = bundle.certificate;
    } else if (error_code(error) == ERROR_CERTIFICATE)
        error = error_wrap(error, ERROR_ARGUMENT, "cannot take a certificate from %s", path);
    certificate_bundle_clear(&bundle);
    return error;
}

/* A file of that name comes first, then a lineage of ours. */
static struct error *from_name(struct run *run, const char *name, X509 **out, char **path)
{
    struct error *error;

    if (access(name, F_OK) == 0 || strchr(name, '/') != NULL) {
        *path = strdup(name);
        return *path == NULL ? error_no_memory() : from_file(name, out);
    }
    error = live_path(run->state, name, "cert.pem", path);
    if (error == NULL && access(*path, F_OK) != 0)
        error = error_new(ERROR_NOT_FOUND,
                          "there is neither a file %s, nor a certificate that goes by this name "
                          "here: reissue list shows those that do",
                          name);
    return error != NULL ? error : from_file(*path, out);
}

static struct error *note_predecessor(struct run *run, struct job *job, const char *name,
                                      X509 **out)
{
    char *path = NULL;
    char *pem = NULL;
    struct error *error;

    *out = NULL;
    error = crypto_is_card_uri(name) ? from_card(run, name, out) : from_name(run, name, out, &path);
    if (error == NULL)
        error = certificate_to_pem(*out, &pem);
    if (error == NULL)
        error = job_set(job, JOB_PREDECESSOR, pem);
    if (error == NULL)
        error = job_set(job, JOB_PREDECESSOR_FROM, path != NULL ? path : name);
    free(pem);
    free(path);
    return error;
}

/* ---- the name ---------------------------------------------------------------------------- */

/* A name becomes a directory's: what has another meaning there is left out of it. */
static bool is_name(const char *text)
{
    if (text[0] == '\0' || text[0] == '.' || text[0] == '-' || strlen(text) > 100)
        return false;
    for (; *text != '\0'; text++)
        if (!isalnum((unsigned char)*text) && strchr(".-_@+", *text) == NULL)
            return false;
    return true;
}

/* The subject's common name, as far as it can be a name. */
static struct error *name_from_subject(const X509 *certificate, char **out)
{
    struct error *error = describe_common_name(X509_get_subject_name(certificate), out);

    if (error != NULL)
        return error;
    for (char *place = *out; *place != '\0'; place++)
        if (!isalnum((unsigned char)*place) && strchr(".-_@+", *place) == NULL)
            *place = '_';
    if ((*out)[0] == '.' || (*out)[0] == '-')
        (*out)[0] = '_';
    if (strlen(*out) > 100)
        (*out)[100] = '\0';
    return NULL;
}

static struct error *note_name(struct job *job, const char *wanted, const X509 *predecessor)
{
    char *name = NULL;
    struct error *error;

    if (wanted != NULL && !is_name(wanted))
        return error_new(
            ERROR_ARGUMENT,
            "\"%s\" cannot be a certificate's name here: letters, digits and . - _ @ + "
            "are allowed, at most 100",
            wanted);
    if (wanted != NULL)
        return job_set(job, JOB_NAME, wanted);
    if (predecessor == NULL)
        return error_new(ERROR_ARGUMENT,
                         "say which name the certificate goes by here, with --name");
    error = name_from_subject(predecessor, &name);
    if (error == NULL)
        error = job_set(job, JOB_NAME, is_name(name) ? name : "certificate");
    free(name);
    return error;
}

/* ---- the names ---------------------------------------------------------------------------- */

/* Those of the predecessor are asked for again where no others are given. */
static struct error *note_names(struct job *job, const struct start_wish *wish)
{
    struct names names = {0};
    struct error *error;

    if (wish->names == NULL && wish->certificate == NULL && wish->csr == NULL)
        return error_new(ERROR_ARGUMENT, "say which certificate is to have a successor: a file, a "
                                         "card: URI, or a name that reissue list shows");
    if (wish->names == NULL)
        return NULL;
    if (wish->csr != NULL)
        return error_new(ERROR_ARGUMENT, "the request that is given says which names are asked "
                                         "for: others cannot be");
    error = names_add_list(&names, wish->names);
    if (error == NULL)
        error = job_set(job, JOB_NAMES, wish->names);
    names_clear(&names);
    return error;
}

/* ---- the key ----------------------------------------------------------------------------- */

/* As the predecessor's, where that is still good enough. */
static const char *algorithm_like(const X509 *predecessor)
{
    const EVP_PKEY *key = predecessor == NULL ? NULL : X509_get0_pubkey(predecessor);

    if (key == NULL || EVP_PKEY_is_a(key, "EC"))
        return key != NULL && EVP_PKEY_get_bits(key) > 256 ? "P-384" : "P-256";
    if (EVP_PKEY_is_a(key, "ED25519"))
        return "Ed25519";
    return EVP_PKEY_get_bits(key) > 3072 ? "RSA-4096" : "RSA-3072";
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
    const char *algorithm = wish->algorithm != NULL ? wish->algorithm : algorithm_like(predecessor);
    char *place = NULL;
    struct error *error = job_set(job, JOB_ALGORITHM, algorithm);

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

/* ---- reason and revocation --------------------------------------------------------------- */

static const char *const reasons[] = {"next-period",   "lost-key", "compromised-key",
                                      "new-algorithm", "mismatch", "server-change"};

static struct error *note_reason(struct job *job, const struct start_wish *wish)
{
    const char *reason = wish->reason == NULL ? "next-period" : wish->reason;
    bool known = false;

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        known = known || strcmp(reasons[i], reason) == 0;
    if (!known)
        return error_new(ERROR_ARGUMENT,
                         "\"%s\" is no reason: there are next-period, lost-key, compromised-key, "
                         "new-algorithm, mismatch and server-change",
                         reason);
    if (wish->key != NULL &&
        (strcmp(reason, "lost-key") == 0 || strcmp(reason, "compromised-key") == 0))
        return error_new(
            ERROR_ARGUMENT,
            "a key that is lost or compromised cannot be kept: ask for a new one, with "
            "--new-key");
    return job_set(job, JOB_REASON, reason);
}

static struct error *note_revocation(struct job *job, const struct start_wish *wish)
{
    long seconds;
    struct error *error;

    if (wish->revoke != NULL && strcmp(wish->revoke, "now") != 0 && strcmp(wish->revoke, "no") != 0)
        return error_new(ERROR_ARGUMENT, "--revoke is \"now\" or \"no\"; --revoke-after takes a "
                                         "duration, such as 14d");
    if (wish->revoke_after == NULL)
        return job_set(job, JOB_REVOKE, wish->revoke == NULL ? "no" : wish->revoke);
    error = duration_parse(wish->revoke_after, &seconds);
    return error != NULL ? error : job_set_number(job, JOB_REVOKE, seconds);
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

static struct error *fill_in(struct run *run, struct job *job, const struct start_wish *wish)
{
    X509 *predecessor = NULL;
    struct error *error = check_places(wish);

    if (error == NULL && wish->certificate != NULL)
        error = note_predecessor(run, job, wish->certificate, &predecessor);
    if (error == NULL)
        error = note_name(job, wish->name, predecessor);
    if (error == NULL)
        error = job_set(job, JOB_CA, wish->ca == NULL ? "manual" : wish->ca);
    if (error == NULL)
        error = note_key(run, job, wish, predecessor);
    if (error == NULL)
        error = note_names(job, wish);
    if (error == NULL)
        error = note_reason(job, wish);
    if (error == NULL)
        error = note_revocation(job, wish);
    if (error == NULL)
        error = note_install(job, wish);
    if (error == NULL && wish->profile != NULL)
        error = job_set(job, JOB_PROFILE, wish->profile);
    if (error == NULL)
        error = ca_check(run, job);
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
        error = note_name(*out, NULL, predecessor);
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
