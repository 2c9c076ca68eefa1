/* SPDX-License-Identifier: BSD-2-Clause */
#include "ca_identity.h"

#include "certificate_place.h"
#include "certificate_text.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

/* ---- where the predecessor's key is ------------------------------------------------------ */

static struct error *take_place(void *argument, const char *const *row)
{
    char **place = argument;

    free(*place);
    *place = row[0][0] == '\0' ? NULL : strdup(row[0]);
    return *place == NULL && row[0][0] != '\0' ? error_no_memory() : NULL;
}

static struct error *copy(const char *text, char **out)
{
    *out = strdup(text);
    return *out == NULL ? error_no_memory() : NULL;
}

/* *out is NULL where nobody knows. */
static struct error *find_key(struct run *run, const struct job *job, char **out)
{
    char fingerprint[FINGERPRINT_SIZE];
    struct error *error;

    *out = NULL;
    if (job_get(job, JOB_PREDECESSOR) == NULL)
        return NULL;
    if (job_get(job, JOB_PREDECESSOR_KEY) != NULL)
        return copy(job_get(job, JOB_PREDECESSOR_KEY), out);
    if (job_is(job, JOB_KEY_KIND, "same"))
        return copy(job_get(job, JOB_KEY_WANTED), out);
    error = certificate_pem_fingerprint(job_get(job, JOB_PREDECESSOR), fingerprint);
    if (error == NULL)
        error = state_query(run->state, "SELECT key FROM lineage WHERE fingerprint = ?1",
                            STATE_VALUES(fingerprint), take_place, out);
    if (error == NULL && *out == NULL && job_get(job, JOB_PREDECESSOR_FROM) != NULL &&
        crypto_is_card_uri(job_get(job, JOB_PREDECESSOR_FROM)))
        error = copy(job_get(job, JOB_PREDECESSOR_FROM), out);
    return error;
}

/* Who lost a key, or fears that others have it, asks for nothing with it but its end. */
static bool may_ask(const struct job *job, bool revoke)
{
    if (job_get(job, JOB_PREDECESSOR) == NULL || job_is(job, JOB_REASON, "lost-key"))
        return false;
    return revoke || !job_is(job, JOB_REASON, "compromised-key");
}

struct error *ca_identity_known(struct run *run, const struct job *job,
                                const struct config_ca *config, bool *out)
{
    char *place;
    struct error *error = find_key(run, job, &place);

    *out = (place != NULL && may_ask(job, false)) || config->client_certificate != NULL;
    free(place);
    return error;
}

/* ---- whose certificate it is ------------------------------------------------------------- */

/* Whether it leads to the CA's own, whatever the date: the CA says itself what is too old. */
static bool leads_to(const struct certificate_bundle *bundle, STACK_OF(X509) * anchors)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool good = store != NULL && context != NULL;

    for (int i = 0; good && i < sk_X509_num(anchors); i++)
        good = X509_STORE_add_cert(store, sk_X509_value(anchors, i)) == 1;
    if (good)
        good = X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) ==
                   1 &&
               X509_STORE_CTX_init(context, store, bundle->certificate, bundle->chain) == 1 &&
               X509_verify_cert(context) == 1;
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    ERR_clear_error();
    return good;
}

static bool has_expired(const X509 *certificate)
{
    return X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
}

/* ---- keys -------------------------------------------------------------------------------- */

static struct error *load_key(struct run *run, const char *place, struct ca_identity *identity)
{
    struct error *error = crypto_load_key(run->crypto, place, &identity->key);

    if (error != NULL || X509_check_private_key(identity->bundle.certificate, identity->key) == 1)
        return error;
    ERR_clear_error();
    return error_new(ERROR_OTHER_KEY,
                     "the key at %s is not the one that the certificate is for, which asks with it",
                     place);
}

static struct error *read_predecessor(const struct job *job, struct ca_identity *out)
{
    const char *pem = job_get(job, JOB_PREDECESSOR);

    out->predecessor = true;
    return certificate_from_pem(pem, &out->bundle.certificate);
}

/* Where the predecessor's key is now; in a job that goes on, it may be elsewhere later. */
static struct error *load_predecessor_key(struct run *run, struct job *job, struct ca_identity *out)
{
    char *place;
    struct error *error = find_key(run, job, &place);

    if (error == NULL && place != NULL)
        error = load_key(run, place, out);
    if (error == NULL && place != NULL)
        error = job_set(job, JOB_PREDECESSOR_KEY, place);
    free(place);
    return error;
}

static struct error *is_predecessor(const struct job *job, const X509 *certificate, bool *out)
{
    X509 *predecessor = NULL;
    struct error *error = NULL;

    if (job_get(job, JOB_PREDECESSOR) != NULL)
        error = certificate_from_pem(job_get(job, JOB_PREDECESSOR), &predecessor);
    *out = predecessor != NULL && X509_cmp(predecessor, certificate) == 0;
    X509_free(predecessor);
    return error;
}

static struct error *open_client(struct run *run, const struct job *job,
                                 const struct config_ca *config, STACK_OF(X509) * anchors,
                                 struct ca_identity *out)
{
    const char *key = config->client_key != NULL ? config->client_key : config->client_certificate;
    struct error *error = certificate_load(run->crypto, config->client_certificate, &out->bundle);

    if (error == NULL)
        error = load_key(run, key, out);
    if (error == NULL)
        error = is_predecessor(job, out->bundle.certificate, &out->predecessor);
    if (error == NULL)
        out->own = anchors == NULL || leads_to(&out->bundle, anchors);
    return error;
}

/* ---- who it is --------------------------------------------------------------------------- */

/* A key that is not there any more is nobody's fault where another can ask. */
static bool is_gone(const struct error *error)
{
    switch (error_code(error)) {
    case ERROR_NOT_FOUND:
    case ERROR_NO_CARD:
    case ERROR_NO_READER:
    case ERROR_OTHER_KEY:
        return true;
    default:
        return false;
    }
}

/* The predecessor as who asks; nobody, where that cannot be and something else can. */
static struct error *open_predecessor(struct run *run, struct job *job, STACK_OF(X509) * anchors,
                                      bool other, struct ca_identity *out)
{
    struct error *error = read_predecessor(job, out);

    if (error == NULL)
        out->own = anchors == NULL || leads_to(&out->bundle, anchors);
    if (error == NULL && other && (!out->own || has_expired(out->bundle.certificate))) {
        ca_identity_clear(out);
        return NULL;
    }
    if (error == NULL)
        error = load_predecessor_key(run, job, out);
    if (error != NULL && other && is_gone(error)) {
        run_tell(run, job, "the previous certificate's key cannot ask for its successor (%s)",
                 error_message(error));
        error_free(error);
        error = NULL;
    } else if (error == NULL && out->key != NULL) {
        return NULL;
    }
    ca_identity_clear(out);
    return error;
}

struct error *ca_identity_open(struct run *run, struct job *job, const struct config_ca *config,
                               STACK_OF(X509) * anchors, bool revoke, struct ca_identity *out)
{
    bool other =
        config->client_certificate != NULL || config->secret_file != NULL || config->user != NULL;
    struct error *error = NULL;

    *out = (struct ca_identity){0};
    if (may_ask(job, revoke))
        error = open_predecessor(run, job, anchors, other, out);
    if (error == NULL && out->key == NULL && config->client_certificate != NULL)
        error = open_client(run, job, config, anchors, out);
    if (error != NULL)
        ca_identity_clear(out);
    return error;
}

void ca_identity_clear(struct ca_identity *identity)
{
    certificate_bundle_clear(&identity->bundle);
    EVP_PKEY_free(identity->key);
    *identity = (struct ca_identity){0};
}
