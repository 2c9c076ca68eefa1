/* SPDX-License-Identifier: BSD-2-Clause */
#include "start.h"

#include "ca.h"
#include "certificate_lookup.h"
#include "certificate_text.h"
#include "csr.h"
#include "describe.h"
#include "file.h"
#include "job_command.h"
#include "names.h"

#include <ctype.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
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

struct error *start_check_name(const char *text)
{
    return is_name(text)
               ? NULL
               : error_new(ERROR_ARGUMENT,
                           "\"%s\" cannot be a certificate's name here: letters, digits and . - _ "
                           "@ + are allowed, at most 100",
                           text);
}

static struct error *take_text(void *argument, const char *const *row)
{
    char **out = argument;

    free(*out);
    *out = strdup(row[0]);
    return *out == NULL ? error_no_memory() : NULL;
}

/* What it is live under already; *out stays NULL where it is not, or under two names. */
static struct error *name_in_use(struct run *run, const X509 *certificate, char **out)
{
    char fingerprint[FINGERPRINT_SIZE];
    struct error *error = certificate_fingerprint(certificate, fingerprint);

    if (error != NULL)
        return error;
    return state_query(run->state,
                       "SELECT MIN(name) FROM lineage WHERE fingerprint = ?1"
                       " GROUP BY fingerprint HAVING COUNT(*) = 1",
                       STATE_VALUES(fingerprint), take_text, out);
}

/* The subject's common name, as far as it can be a name. */
static struct error *name_from_subject(const X509_NAME *subject, char **out)
{
    struct error *error = describe_common_name(subject, out);

    if (error != NULL)
        return error;
    for (char *place = *out; *place != '\0'; place++)
        if (!isalnum((unsigned char)*place) && strchr(".-_@+", *place) == NULL)
            *place = '_';
    if ((*out)[0] == '.' || (*out)[0] == '-')
        (*out)[0] = '_';
    if (strlen(*out) > 100)
        (*out)[100] = '\0';
    if (is_name(*out))
        return NULL;
    free(*out);
    *out = strdup("certificate");
    return *out == NULL ? error_no_memory() : NULL;
}

/* Of a first certificate: as its subject's text says. */
static struct error *name_from_text(const char *subject, char **out)
{
    struct csr_template template = {0};
    struct error *error = csr_template_set_subject(&template, subject);

    if (error == NULL)
        error = name_from_subject(template.subject, out);
    csr_template_clear(&template);
    return error;
}

struct error *start_usual_name(struct run *run, const X509 *predecessor, const char *subject,
                               char **out)
{
    struct error *error = NULL;

    *out = NULL;
    if (predecessor != NULL)
        error = name_in_use(run, predecessor, out);
    if (error != NULL || *out != NULL)
        return error;
    if (predecessor != NULL)
        return name_from_subject(X509_get_subject_name(predecessor), out);
    if (subject != NULL)
        return name_from_text(subject, out);
    return error_new(ERROR_ARGUMENT, "say which name the certificate goes by here, with --name");
}

static struct error *note_name(struct run *run, struct job *job, const struct start_wish *wish,
                               const X509 *predecessor)
{
    char *name = NULL;
    struct error *error = wish->name != NULL
                              ? start_check_name(wish->name)
                              : start_usual_name(run, predecessor, wish->subject, &name);

    if (error == NULL)
        error = job_set(job, JOB_NAME, wish->name != NULL ? wish->name : name);
    free(name);
    return error;
}

/* ---- the names ---------------------------------------------------------------------------- */

struct error *start_check_names(const char *text)
{
    struct names names = {0};
    struct error *error = names_add_list(&names, text);

    if (error == NULL && names.count == 0)
        error = error_new(ERROR_ARGUMENT, "there is no name in \"%s\"", text);
    names_clear(&names);
    return error;
}

struct error *start_check_subject(const char *text)
{
    struct csr_template template = {0};
    struct error *error = csr_template_set_subject(&template, text);

    csr_template_clear(&template);
    return error;
}

struct error *start_common_name(const char *subject, char **out)
{
    struct csr_template template = {0};
    struct error *error = csr_template_set_subject(&template, subject), *no_name;

    *out = NULL;
    if (error == NULL)
        error = describe_common_name(template.subject, out);
    csr_template_clear(&template);
    if (error != NULL)
        return error;
    no_name = strchr(*out, '.') != NULL ? start_check_names(*out) : NULL;
    if (no_name != NULL || strchr(*out, '.') == NULL) {
        free(*out);
        *out = NULL;
    }
    error_free(no_name); /* a person's name, say */
    return NULL;
}

/* A first certificate is for its common name, where that is the name of a machine. */
static struct error *note_common_name(struct job *job, const char *subject)
{
    char *name = NULL;
    struct error *error = start_common_name(subject, &name);

    if (error == NULL && name != NULL)
        error = job_set(job, JOB_NAMES, name);
    free(name);
    return error;
}

/* Those of the predecessor are asked for again where no others are given. */
static struct error *note_names(struct job *job, const struct start_wish *wish)
{
    bool given = wish->names != NULL || wish->subject != NULL;
    struct error *error = NULL;

    if (!given && wish->certificate == NULL && wish->csr == NULL)
        return error_new(ERROR_ARGUMENT,
                         "say which certificate is to have a successor: a file, a card: URI, or a "
                         "name that reissue list shows; or, for a first one, --subject or --names");
    if (given && wish->csr != NULL)
        return error_new(ERROR_ARGUMENT, "the request that is given says which names are asked "
                                         "for: others cannot be");
    if (wish->subject != NULL)
        error = start_check_subject(wish->subject);
    if (error == NULL && wish->subject != NULL)
        error = job_set(job, JOB_SUBJECT, wish->subject);
    if (error == NULL && wish->names != NULL)
        error = start_check_names(wish->names);
    if (error == NULL && wish->names != NULL)
        return job_set(job, JOB_NAMES, wish->names);
    return error != NULL || wish->subject == NULL || wish->certificate != NULL
               ? error
               : note_common_name(job, wish->subject);
}

/* ---- the key ----------------------------------------------------------------------------- */

/* As the predecessor's, where that is still good enough. */
const char *start_usual_algorithm(const X509 *predecessor)
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
    const char *algorithm =
        wish->algorithm != NULL ? wish->algorithm : start_usual_algorithm(predecessor);
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

const struct start_reason start_reasons[] = {
    {"next-period", "it ends, and the next one is wanted", true, false},
    {"lost-key", "its key is lost", false, false},
    {"compromised-key", "somebody else may have its key", false, true},
    {"new-algorithm", "another kind of key is wanted", false, false},
    {"mismatch", "something in it is wrong", true, false},
    {"server-change", "it moves to another machine", true, false},
    {NULL, NULL, false, false},
};

const struct start_reason *start_find_reason(const char *name)
{
    for (const struct start_reason *reason = start_reasons; reason->name != NULL; reason++)
        if (strcmp(reason->name, name) == 0)
            return reason;
    return NULL;
}

static struct error *note_reason(struct job *job, const struct start_wish *wish)
{
    const char *name = wish->reason == NULL ? start_reasons[0].name : wish->reason;
    const struct start_reason *reason = start_find_reason(name);

    if (reason == NULL)
        return error_new(ERROR_ARGUMENT,
                         "\"%s\" is no reason: there are next-period, lost-key, compromised-key, "
                         "new-algorithm, mismatch and server-change",
                         name);
    if (wish->key != NULL && !reason->keeps_key)
        return error_new(ERROR_ARGUMENT,
                         "for the reason %s (%s) the key cannot be kept: ask for a new one, with "
                         "--new-key",
                         name, reason->meaning);
    return job_set(job, JOB_REASON, name);
}

/* Unless somebody says otherwise: nothing is revoked, but what somebody else may have the key of,
   where the CA can be asked to. */
static struct error *usual_revocation(const struct run *run, const struct job *job,
                                      const char **out)
{
    const struct ca *ca;
    struct error *error = ca_find(run, job, &ca);

    *out = "no";
    if (error != NULL || !start_find_reason(job_get(job, JOB_REASON))->revokes_now)
        return error;
    if (ca->revoke != NULL && job_get(job, JOB_PREDECESSOR) != NULL)
        *out = "now";
    else if (job_get(job, JOB_PREDECESSOR) != NULL)
        run_tell(run, job,
                 "the CA cannot be asked to revoke the previous certificate, whose key "
                 "is compromised: have it revoked yourself");
    return NULL;
}

static struct error *note_revocation(struct run *run, struct job *job,
                                     const struct start_wish *wish)
{
    long seconds;
    const char *usual;
    struct error *error;

    if (wish->revoke != NULL && strcmp(wish->revoke, "now") != 0 && strcmp(wish->revoke, "no") != 0)
        return error_new(ERROR_ARGUMENT, "--revoke is \"now\" or \"no\"; --revoke-after takes a "
                                         "duration, such as 14d");
    if (wish->revoke != NULL && wish->revoke_after != NULL)
        return error_new(ERROR_ARGUMENT, "--revoke and --revoke-after contradict each other");
    if (wish->revoke != NULL)
        return job_set(job, JOB_REVOKE, wish->revoke);
    if (wish->revoke_after == NULL) {
        error = usual_revocation(run, job, &usual);
        return error != NULL ? error : job_set(job, JOB_REVOKE, usual);
    }
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

static struct error *fill_in(struct run *run, struct job *job, const struct start_wish *wish)
{
    X509 *predecessor = NULL;
    struct error *error = NULL;

    if (wish->certificate != NULL)
        error = note_predecessor(run, job, wish->certificate, &predecessor);
    if (error == NULL)
        error = note_names(job, wish);
    if (error == NULL)
        error = note_name(run, job, wish, predecessor);
    if (error == NULL)
        error = job_set(job, JOB_CA, wish->ca == NULL ? "manual" : wish->ca);
    if (error == NULL)
        error = note_key(run, job, wish, predecessor);
    if (error == NULL)
        error = note_reason(job, wish);
    if (error == NULL)
        error = note_revocation(run, job, wish);
    if (error == NULL)
        error = note_install(job, wish);
    if (error == NULL && wish->profile != NULL)
        error = job_set(job, JOB_PROFILE, wish->profile);
    if (error == NULL && wish->preferred_chain != NULL)
        error = job_set(job, JOB_PREFERRED_CHAIN, wish->preferred_chain);
    if (error == NULL)
        error = ca_check(run, job);
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
        error = note_name(run, *out, &(struct start_wish){0}, predecessor);
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
