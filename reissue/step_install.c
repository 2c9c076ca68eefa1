/* SPDX-License-Identifier: BSD-2-Clause */
/* The certificate on the card, and the proof that it fits the key. */
#include "card_lock.h"
#include "certificate_text.h"
#include "run.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define NOTHING_THERE "none"

/* ---- what is there ----------------------------------------------------------------------- */

/*
 * The key in the slot that the certificate is for. Nothing is written beside another one: another
 * program was there meanwhile.
 */
static struct error *check_slot_key(struct run *run, const struct job *job,
                                    const struct card_uri *uri)
{
    struct card_key *key = NULL;
    char found[FINGERPRINT_SIZE] = "";
    const char *wanted = job_get(job, JOB_PUBLIC_KEY);
    struct error *error = card_find_key(run->crypto->cards, uri, &key);

    if (error == NULL)
        error = public_key_fingerprint(card_key_public(key), found);
    if (error == NULL && strcmp(found, wanted) != 0)
        error = error_new(ERROR_OTHER_KEY,
                          "slot %s holds another key than the certificate is for (SHA-256 of the "
                          "public keys: %s there, %s wanted): nothing was written to the card; the "
                          "certificate is kept, see reissue download %s",
                          uri->slot, found, wanted, job->id);
    card_key_free(key);
    return error;
}

static struct error *note_first(struct job *job, const struct card_certificate_list *list)
{
    const unsigned char *der = list->items[0].der;
    X509 *certificate = d2i_X509(NULL, &der, (long)list->items[0].der_length);
    char *pem = NULL;
    struct error *error;

    if (certificate == NULL) { /* it is being replaced, whatever it was */
        ERR_clear_error();
        return job_set(job, JOB_INSTALL_BEFORE, NOTHING_THERE);
    }
    error = certificate_to_pem(certificate, &pem);
    if (error == NULL)
        error = job_set(job, JOB_INSTALL_BEFORE, pem);
    free(pem);
    X509_free(certificate);
    return error;
}

/* Keeps the certificate that is about to be replaced. */
static struct error *note_present(struct run *run, struct job *job, const struct card_uri *uri)
{
    struct card_certificate_list list = {0};
    struct error *error = card_find_certificates(run->crypto->cards, uri, &list);

    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error);
        return job_set(job, JOB_INSTALL_BEFORE, NOTHING_THERE);
    }
    if (error == NULL)
        error = note_first(job, &list);
    card_certificate_list_clear(&list);
    return error;
}

struct error *step_look(struct run *run, struct job *job, enum step_end *end)
{
    struct card_uri *uri = NULL;
    struct error *error = NULL;

    (void)end;
    if (job_get(job, JOB_INSTALL) == NULL)
        return NULL;
    if (strcmp(job_get(job, JOB_INSTALL), INSTALL_BESIDE_KEY) == 0)
        error = job_set(job, JOB_INSTALL, job_get(job, JOB_KEY));
    if (error == NULL)
        error = card_uri_parse(job_get(job, JOB_INSTALL), &uri);
    if (error == NULL)
        error = check_slot_key(run, job, uri);
    if (error == NULL)
        error = note_present(run, job, uri);
    card_uri_free(uri);
    return error;
}

/* ---- writing ----------------------------------------------------------------------------- */

static struct error *write_certificate(struct run *run, const struct job *job,
                                       const struct card_uri *uri, struct card *card)
{
    struct card_admin admin = {0};
    X509 *certificate = NULL;
    unsigned char *der = NULL;
    struct error *error = certificate_from_pem(job_get(job, JOB_CERTIFICATE), &certificate);
    int length = error == NULL ? i2d_X509(certificate, &der) : 0;

    if (error == NULL && length < 0)
        error = crypto_error("cannot encode the certificate");
    if (error == NULL)
        error = run_read_admin(run, &admin);
    if (error == NULL)
        error = run_explain_admin(
            run, card_store_certificate(card, &admin, uri->slot, der, (size_t)length));
    run_clear_admin(&admin);
    OPENSSL_free(der);
    X509_free(certificate);
    return error;
}

/* Reads it back: what the card has now is what the CA gave. */
static struct error *compare_installed(struct run *run, const struct job *job,
                                       const struct card_uri *uri)
{
    struct card_certificate_list list = {0};
    char wanted[FINGERPRINT_SIZE];
    char found[FINGERPRINT_SIZE];
    struct error *error = card_find_certificates(run->crypto->cards, uri, &list);

    if (error == NULL)
        error = certificate_pem_fingerprint(job_get(job, JOB_CERTIFICATE), wanted);
    if (error == NULL)
        error = bytes_fingerprint(list.items[0].der, list.items[0].der_length, found);
    if (error == NULL && strcmp(found, wanted) != 0)
        error = error_new(ERROR_CARD_ANSWER,
                          "the card does not give back the certificate that was written to slot %s",
                          uri->slot);
    card_certificate_list_clear(&list);
    return error;
}

static struct error *install_on_card(struct run *run, const struct job *job, const char *place)
{
    struct card_uri *uri = NULL;
    struct card *card = NULL;
    int lock = -1;
    struct error *error = card_uri_parse(place, &uri);

    if (error == NULL)
        error = card_find(run->crypto->cards, uri, &card);
    if (error == NULL)
        error = card_lock(card, &lock);
    if (error == NULL)
        error = check_slot_key(run, job, uri);
    if (error == NULL)
        error = write_certificate(run, job, uri, card);
    if (error == NULL)
        error = compare_installed(run, job, uri);
    state_unlock(lock);
    card_free(card);
    card_uri_free(uri);
    return error;
}

/* ---- the proof --------------------------------------------------------------------------- */

static bool sign_and_verify(EVP_PKEY *key, EVP_PKEY *public_key, OSSL_LIB_CTX *libctx)
{
    unsigned char message[32];
    unsigned char *signature = NULL;
    size_t length = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_MD_CTX *checking = EVP_MD_CTX_new();
    const char *digest = EVP_PKEY_is_a(key, "ED25519") ? NULL : "SHA256";
    bool good =
        context != NULL && checking != NULL && RAND_bytes(message, sizeof(message)) == 1 &&
        EVP_DigestSignInit_ex(context, NULL, digest, libctx, NULL, key, NULL) == 1 &&
        EVP_DigestSign(context, NULL, &length, message, sizeof(message)) == 1 &&
        (signature = OPENSSL_malloc(length)) != NULL &&
        EVP_DigestSign(context, signature, &length, message, sizeof(message)) == 1 &&
        EVP_DigestVerifyInit_ex(checking, NULL, digest, libctx, NULL, public_key, NULL) == 1 &&
        EVP_DigestVerify(checking, signature, length, message, sizeof(message)) == 1;

    OPENSSL_free(signature);
    EVP_MD_CTX_free(checking);
    EVP_MD_CTX_free(context);
    return good;
}

/* A signature by the key, checked with the certificate's public half: both are what they should be,
   and work. X25519 keys sign nothing; their public halves are compared. */
static struct error *prove(struct run *run, const struct job *job)
{
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;
    EVP_PKEY *public_key;
    struct error *error = crypto_load_key(run->crypto, job_get(job, JOB_KEY), &key);

    if (error == NULL)
        error = certificate_from_pem(job_get(job, JOB_CERTIFICATE), &certificate);
    if (error == NULL) {
        public_key = X509_get0_pubkey(certificate);
        if (public_key == NULL || EVP_PKEY_eq(key, public_key) != 1 ||
            (!EVP_PKEY_is_a(key, "X25519") &&
             !sign_and_verify(key, public_key, run->crypto->libctx)))
            error = crypto_error("the key %s and the certificate do not work together",
                                 job_get(job, JOB_KEY));
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return error;
}

struct error *step_install(struct run *run, struct job *job, enum step_end *end)
{
    const char *place = job_get(job, JOB_INSTALL);
    struct error *error = NULL;

    (void)end;
    if (job_get(job, JOB_KEY) == NULL)
        return NULL; /* somebody else's: there is nothing to install it beside, or to try it with */
    run_tell_step(run, job);
    if (place != NULL)
        error = install_on_card(run, job, place);
    return error != NULL ? error : prove(run, job);
}
