/* SPDX-License-Identifier: BSD-2-Clause */
/* Certum's Partner API as a CA: a reissue, from the request to the certificate. */
#include "ca_certum.h"

#include "certificate_file.h"
#include "certificate_text.h"
#include "certum_error.h"
#include "csr.h"
#include "describe.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Seconds between looks, after so many quick ones. */
#define PAUSE       15
#define QUICK_LOOKS 4

/* ---- the session ------------------------------------------------------------------------- */

static void close_session(void *session)
{
    struct certum_ca *ca = session;

    certum_close(ca->certum);
    free(ca);
}

struct error *certum_ca_reach(struct run *run, const struct config_ca *config,
                              struct certum_ca **out)
{
    const struct certum_options options = {
        .url = config->url,
        .user = config->user,
        .password_file = config->password_file,
        .ca_file = config->ca_file,
    };
    struct certum_ca *ca;
    struct error *error;

    *out = ca_session(run, config);
    if (*out != NULL)
        return NULL;
    ca = calloc(1, sizeof(*ca));
    if (ca == NULL)
        return error_no_memory();
    ca->config = config;
    error = certum_open(&options, &ca->certum);
    if (error != NULL) {
        close_session(ca);
        return error;
    }
    ca_session_keep(run, config, ca, close_session);
    *out = ca;
    return NULL;
}

struct error *certum_ca_open(struct run *run, const struct job *job, struct certum_ca **out)
{
    return certum_ca_reach(run, config_find_ca(run->config, job_get(job, JOB_CA)), out);
}

struct error *certum_look_later(struct certum_ca *ca, struct job *job, const char *what,
                                enum step_end *end)
{
    return ca_look_later(job, ca->looks++ < QUICK_LOOKS ? 0 : PAUSE, what, end);
}

static struct error *prepare(struct run *run, struct job *job, enum step_end *end)
{
    struct certum_ca *ca;

    (void)end;
    run_tell_step(run, job);
    return certum_ca_open(run, job, &ca);
}

/* ---- the order --------------------------------------------------------------------------- */

static struct error *serial_of_predecessor(const struct job *job, char **out)
{
    X509 *certificate = NULL;
    struct error *error = certificate_from_pem(job_get(job, JOB_PREDECESSOR), &certificate);

    *out = NULL;
    if (error == NULL)
        error = describe_serial(certificate, out);
    X509_free(certificate);
    return error;
}

struct error *certum_names_wanted(const struct job *job, struct names *out)
{
    const char *csr = job_get(job, JOB_CSR);
    X509_REQ *request;
    struct error *error = csr_parse(csr, strlen(csr), "the job's request", &request, NULL);

    *out = (struct names){0};
    if (error == NULL)
        error = names_of_request(request, out);
    X509_REQ_free(request);
    return error;
}

static struct error *names_there(const struct job *job, struct names *out)
{
    X509 *certificate = NULL;
    struct error *error = certificate_from_pem(job_get(job, JOB_PREDECESSOR), &certificate);

    *out = (struct names){0};
    if (error == NULL)
        error = names_of_certificate(certificate, out);
    X509_free(certificate);
    return error;
}

/* What is known of the order, from its answer on. */
static struct error *note_order(struct job *job, const char *id,
                                const struct certum_challenge *challenge)
{
    const struct certum_details details = {.challenge = *challenge};
    struct error *error = job_set(job, JOB_ORDER, id);

    return error != NULL ? error : certum_details_write(job, &details);
}

/* Domains are verified as the configuration says; names that are new are said to be so. */
static struct error *send(const struct job *job, struct certum_ca *ca, const struct names *wanted,
                          const struct names *there, struct certum_challenge *challenge, char *id)
{
    const struct certum_approver approver = certum_approver_of(ca->config);
    const char **new_names = calloc(wanted->count + 1, sizeof(*new_names));
    char *serial = NULL;
    struct certum_reissue wish = {.csr = job_get(job, JOB_CSR), .new_names = new_names};
    struct error *error =
        new_names == NULL ? error_no_memory() : serial_of_predecessor(job, &serial);

    for (size_t i = 0; error == NULL && i < wanted->count; i++) {
        const struct name *name = &wanted->items[i];

        if (name->type != NAME_DNS && name->type != NAME_IP)
            continue;
        wish.approver = &approver;
        if (!names_contain(there, name))
            new_names[wish.new_name_count++] = name->text;
    }
    wish.serial = serial;
    if (error == NULL)
        error = certum_reissue(ca->certum, &wish, id, challenge);
    free(new_names);
    free(serial);
    return error;
}

/* A refusal that was read says that there is no order. Of all else, certum_find_lost() has to tell.
 */
static bool is_refusal(const struct error *error)
{
    return error_code(error) == ERROR_CA_REFUSED || error_code(error) == ERROR_UNSUPPORTED ||
           error_code(error) == ERROR_SERVER_IDENTITY || error_code(error) == ERROR_RATE_LIMITED;
}

static struct error *send_order(struct run *run, struct job *job, struct certum_ca *ca, bool again)
{
    struct certum_challenge challenge = {0};
    char id[CERTUM_ID_SIZE];
    struct names wanted, there;
    struct error *error = certum_names_wanted(job, &wanted);

    if (error != NULL)
        return error;
    error = names_there(job, &there);
    if (error == NULL && !again) /* what was there before the first time is what counts */
        error = certum_note_before(run, job, ca);
    if (error == NULL) {
        error = send(job, ca, &wanted, &there, &challenge, id);
        if (error == NULL)
            error = note_order(job, id, &challenge);
        else if (is_refusal(error) && !(again && certum_last_code(ca->certum) == CERTUM_KEY_USED))
            error_free(job_set(job, JOB_ORDER_DETAILS, NULL)); /* taking away does not fail */
    }
    certum_challenge_clear(&challenge);
    names_clear(&wanted);
    names_clear(&there);
    return error;
}

/* What is sent again had not been found: that the key is known says that it is there after all. */
static struct error *explain_known_key(const struct job *job, struct certum_ca *ca,
                                       struct error *error)
{
    if (error == NULL || certum_last_code(ca->certum) != CERTUM_KEY_USED)
        return error;
    return error_wrap(error, ERROR_CA_TROUBLE,
                      "Certum has this key, and shows no order for it yet: try again later, with "
                      "reissue resume %s",
                      job->id);
}

static struct error *order(struct run *run, struct job *job, enum step_end *end)
{
    const struct certum_details known = {0};
    struct certum_ca *ca;
    bool again = job_get(job, JOB_ORDER_DETAILS) != NULL;
    struct error *error;

    run_tell_step(run, job);
    if (job_get(job, JOB_ORDER) != NULL)
        return NULL;
    error = certum_ca_open(run, job, &ca);
    if (error == NULL && again)
        error = certum_find_lost(run, job, ca, end);
    if (error != NULL || *end != STEP_END_NEXT)
        return error;
    if (job_get(job, JOB_ORDER) != NULL) /* its code is asked for when it is needed */
        return certum_details_write(job, &known);
    error = send_order(run, job, ca, again);
    return again ? explain_known_key(job, ca, error) : error;
}

/* ---- the certificate --------------------------------------------------------------------- */

static struct error *note_certificates(struct run *run, struct job *job,
                                       STACK_OF(X509) * certificates, const EVP_PKEY *key)
{
    struct certificate_bundle bundle;
    struct error *error = certificate_bundle_make(certificates, key, &bundle);

    if (error == NULL)
        error = ca_note_bundle(run, job, &bundle);
    certificate_bundle_clear(&bundle);
    return error;
}

/* After a reissue one number may stand for several certificates: ours is the one for our key. */
static struct error *find_serial(struct certum_ca *ca, const char *id, const EVP_PKEY *key,
                                 char serial[CERTUM_SERIAL_SIZE])
{
    struct certum_orders orders;
    struct error *error = certum_order_get(ca->certum, id, &orders);

    serial[0] = '\0';
    for (size_t i = 0; error == NULL && i < orders.count; i++)
        if (orders.items[i].certificate != NULL &&
            EVP_PKEY_eq(X509_get0_pubkey(orders.items[i].certificate), key) == 1)
            memcpy(serial, orders.items[i].serial, CERTUM_SERIAL_SIZE);
    certum_orders_clear(&orders);
    return error;
}

static struct error *download(struct run *run, struct job *job, struct certum_ca *ca,
                              const EVP_PKEY *key)
{
    const char *id = job_get(job, JOB_ORDER);
    char serial[CERTUM_SERIAL_SIZE];
    STACK_OF(X509) *certificates = NULL;
    struct error *error = find_serial(ca, id, key, serial);

    if (error == NULL)
        error = serial[0] != '\0' ? certum_certificate(ca->certum, NULL, serial, &certificates)
                                  : certum_certificate(ca->certum, id, NULL, &certificates);
    if (error == NULL)
        error = note_certificates(run, job, certificates, key);
    sk_X509_pop_free(certificates, X509_free);
    return error;
}

static struct error *take_certificate(struct run *run, struct job *job, struct certum_ca *ca,
                                      enum step_end *end)
{
    const char *csr = job_get(job, JOB_CSR);
    X509_REQ *request;
    struct error *error = csr_parse(csr, strlen(csr), "the job's request", &request, NULL);

    if (error != NULL)
        return error;
    error = download(run, job, ca, X509_REQ_get0_pubkey(request));
    X509_REQ_free(request);
    if (error == NULL || certum_last_code(ca->certum) != CERTUM_NO_CERTIFICATE ||
        ca->looks >= QUICK_LOOKS)
        return error;
    error_free(error); /* it was issued just now */
    return certum_look_later(ca, job, "Certum to hand out the certificate", end);
}

static struct error *finalize(struct run *run, struct job *job, enum step_end *end)
{
    struct certum_progress progress;
    struct certum_ca *ca;
    struct error *error;

    run_tell_step(run, job);
    error = certum_ca_open(run, job, &ca);
    if (error == NULL)
        error = certum_order_progress(ca->certum, job_get(job, JOB_ORDER), &progress);
    if (error != NULL)
        return error;
    if (progress.state == CERTUM_REJECTED)
        return certum_rejected(ca, job, &progress);
    if (progress.state != CERTUM_ENROLLED)
        return certum_look_later(ca, job, "Certum to issue", end);
    return take_certificate(run, job, ca, end);
}

/* ---- taking back ------------------------------------------------------------------------- */

static struct error *cancel(struct run *run, struct job *job)
{
    enum step_end end = STEP_END_NEXT;
    struct certum_ca *ca;
    struct error *error = certum_ca_open(run, job, &ca);

    if (error == NULL && job_get(job, JOB_ORDER) == NULL)
        error = certum_find_lost(run, job, ca, &end);
    if (error != NULL || job_get(job, JOB_ORDER) == NULL)
        return error;
    error = certum_order_cancel(ca->certum, job_get(job, JOB_ORDER), "cancelled by reissue");
    if (error == NULL || certum_last_code(ca->certum) != CERTUM_ALREADY_CANCELLED)
        return error;
    error_free(error);
    return NULL;
}

static const char *reason_word(int reason)
{
    switch (reason) {
    case 1:
        return "KEYCOMPROMISE";
    case 3:
        return "AFFILIATIONCHANGED";
    case 4:
        return "SUPERSEDED";
    case 5:
        return "CESSATIONOFOPERATION";
    default:
        return "UNSPECIFIED";
    }
}

/* Older versions of the service know no SUPERSEDED. */
static struct error *revoke_for(struct certum_ca *ca, const struct job *job, const char *serial)
{
    int reason = ca_revocation_reason(job);
    struct certum_revocation wish = {.serial = serial,
                                     .reason = reason_word(reason),
                                     .compromised = reason == 1 ? time(NULL) : 0,
                                     .note = "asked for by reissue"};
    struct error *error = certum_revoke(ca->certum, &wish);

    if (reason != 4 || certum_last_code(ca->certum) != CERTUM_BAD_REASON)
        return error;
    error_free(error);
    wish.reason = reason_word(0);
    return certum_revoke(ca->certum, &wish);
}

static struct error *revoke(struct run *run, struct job *job, enum step_end *end)
{
    struct certum_ca *ca;
    char *serial = NULL;
    struct error *error = certum_ca_open(run, job, &ca);

    (void)end;
    if (error != NULL)
        return error;
    error = serial_of_predecessor(job, &serial);
    if (error == NULL)
        error = revoke_for(ca, job, serial);
    free(serial);
    if (error == NULL)
        return NULL;
    if (error_code(error) == ERROR_ALREADY_REVOKED ||
        certum_last_code(ca->certum) == CERTUM_EXPIRED) {
        run_tell(run, job, "%s", error_message(error));
        error_free(error);
        return NULL;
    }
    return error_wrap(error, error_code(error), "the previous certificate is not revoked");
}

const struct ca certum_ca = {
    .type = "certum",
    .title = "Certum's Partner API (experimental)",
    .offers = CA_GIVEN_REQUEST | CA_UNATTENDED,
    .check = certum_check_rules,
    .prepare = prepare,
    .order = order,
    .publish = certum_publish,
    .validate = certum_validate,
    .await = certum_await,
    .finalize = finalize,
    .clean_up = certum_clean_up,
    .cancel = cancel,
    .revoke = revoke,
    .resend_mail = certum_resend_mail,
    .orders = certum_list_orders,
    .download = certum_download,
};
