/* SPDX-License-Identifier: BSD-2-Clause */
#include "code_signing.h"

#include "atomic_file.h"
#include "card/manage.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* ---- attestation ------------------------------------------------------------------------- */

static bool write_statement(BIO *out, const struct card_attestation *attestation)
{
    return PEM_write_bio(out, PEM_STRING_X509, "", attestation->statement,
                         (long)attestation->statement_length) > 0 &&
           PEM_write_bio(out, PEM_STRING_X509, "", attestation->issuer,
                         (long)attestation->issuer_length) > 0;
}

static struct error *keep(struct run *run, const struct job *job,
                          const struct card_attestation *attestation)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *path = NULL;
    char *bytes = NULL;
    struct error *error = NULL;

    if (text == NULL || !write_statement(text, attestation))
        error = error_no_memory();
    if (error == NULL)
        error = state_path(run->state, &path, "jobs/%s/attestation.pem", job->id);
    if (error == NULL)
        error = state_job_directory(run->state, job->id);
    if (error == NULL) {
        long length = BIO_get_mem_data(text, &bytes);

        error = atomic_file_write(path, ATOMIC_FILE_REPLACE, 0644, bytes, (size_t)length);
    }
    if (error == NULL)
        run_tell(run, job,
                 "the card's statement that it made the key is in %s: the CA may ask for it", path);
    free(path);
    BIO_free(text);
    return error;
}

/* Cards that state nothing are no error: there are CAs that are shown a key's origin otherwise. */
static struct error *attest(struct run *run, const struct job *job)
{
    struct card_attestation attestation = {0};
    struct card_uri *uri = NULL;
    struct card *card = NULL;
    struct error *error = card_uri_parse(job_get(job, JOB_KEY), &uri);

    if (error == NULL)
        error = card_find_for_key(run->crypto->cards, uri, &card);
    if (error == NULL)
        error = card_attest(card, uri->slot, &attestation);
    if (error == NULL)
        error = keep(run, job, &attestation);
    else if (error_code(error) == ERROR_UNSUPPORTED) {
        run_tell(run, job, "the card cannot state that it made the key (%s)", error_message(error));
        error_free(error);
        error = NULL;
    }
    card_attestation_clear(&attestation);
    card_free(card);
    card_uri_free(uri);
    return error;
}

struct error *code_signing_prepare(struct run *run, const struct job *job)
{
    const char *key = job_get(job, JOB_KEY);

    if (key == NULL) /* the request was made elsewhere, by whoever knows */
        return NULL;
    if (!crypto_is_card_uri(key)) {
        run_tell(run, job,
                 "public authorities refuse this: a key for code signing has to be on hardware "
                 "(--new-key card:), and this one is in the file %s",
                 key);
        return NULL;
    }
    return attest(run, job);
}

/* ---- how long it lasts ------------------------------------------------------------------- */

static bool is_for_code(X509 *certificate)
{
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    bool found = false;

    for (int i = 0; !found && i < sk_ASN1_OBJECT_num(usages); i++)
        found = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i)) == NID_code_sign;
    EXTENDED_KEY_USAGE_free(usages);
    ERR_clear_error();
    return found;
}

void code_signing_look(const struct run *run, const struct job *job, X509 *certificate)
{
    int days = 0;
    int seconds = 0;

    if (is_for_code(certificate) &&
        ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate),
                       X509_get0_notAfter(certificate)) == 1 &&
        days + (seconds > 0 ? 1 : 0) > CODE_SIGNING_DAYS_MAX)
        run_tell(run, job,
                 "the certificate for code signing lasts %d days; from public authorities it is %d "
                 "at most",
                 days, CODE_SIGNING_DAYS_MAX);
}
