/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EST as a CA. There are no orders: the same request is sent until a certificate comes back, also
 * after an answer that was lost. The CA's own certificates are kept in the state: they say whose
 * server it is, where the configuration names the first of them by its fingerprint, and whose
 * certificates are taken.
 */
#include "ca_est.h"

#include "csr.h"
#include "file_load.h"

#include <stdlib.h>
#include <string.h>

/* JOB_ORDER: the request may have reached the CA; or it has said that it has it. */
#define REQUEST_IS_OUT   "sent"
#define REQUEST_IS_TAKEN "taken"

#define PASSWORD_MAX 1024

/* ---- opening and closing ----------------------------------------------------------------- */

/* The server is one that the configuration's file vouches for; or the CA's own certificates do,
   where the first is known by its fingerprint; or the system's CAs. */
static const char *trust_of(const struct est_ca *ca)
{
    if (ca->config->ca_file != NULL)
        return ca->config->ca_file;
    return ca->config->ca_fingerprint != NULL ? ca->anchors_file : NULL;
}

static struct error *open_http(struct est_ca *ca)
{
    const struct http_options options = {
        .ca_file = trust_of(ca),
        .client_key = ca->identity.key,
        .client_certificate = ca->identity.bundle.certificate,
        .client_chain = ca->identity.bundle.chain,
    };

    ca->est.url = ca->config->url;
    ca->est.label = ca->config->label;
    ca->est.user = ca->config->user;
    ca->est.password = ca->config->user != NULL ? (const char *)ca->password.bytes : NULL;
    return http_open(&options, &ca->est.http);
}

static void close_all(struct est_ca *ca)
{
    http_close(ca->est.http);
    ca_identity_clear(&ca->identity);
    buffer_clear(&ca->password);
    certificates_free(ca->anchors);
    free(ca->anchors_file);
}

static struct error *nobody(const struct config_ca *config)
{
    return error_new(
        ERROR_CONFIG,
        "the CA %s is asked by who has a certificate of its, or a password: the key of "
        "the previous certificate is not known here, and the configuration has "
        "neither a client-certificate nor a user",
        config->name);
}

/* For close_all(), also after an error. */
static struct error *open_all(struct run *run, struct job *job, struct est_ca *ca)
{
    struct error *error;

    *ca = (struct est_ca){.config = config_find_ca(run->config, job_get(job, JOB_CA)), .run = run};
    error = est_anchors_open(ca);
    if (error == NULL && ca->config->password_file != NULL)
        error = file_load_secret_text(ca->config->password_file, PASSWORD_MAX, &ca->password);
    if (error == NULL)
        error = ca_identity_open(run, job, ca->config, ca->anchors, false, &ca->identity);
    if (error == NULL && ca->identity.key == NULL && ca->config->user == NULL)
        error = nobody(ca->config);
    return error != NULL ? error : open_http(ca);
}

/* ---- before the request is sent ---------------------------------------------------------- */

static struct error *check(struct run *run, const struct job *job)
{
    const struct config_ca *config = config_find_ca(run->config, job_get(job, JOB_CA));
    bool known = config->user != NULL;
    struct error *error = known ? NULL : ca_identity_known(run, job, config, &known);

    return error != NULL || known ? error : nobody(config);
}

static struct error *read_request(const struct job *job, X509_REQ **out)
{
    const char *csr = job_get(job, JOB_CSR);

    return csr_parse(csr, strlen(csr), "the job's request", out, NULL);
}

static struct error *look_at_wishes(struct est_ca *ca, const struct job *job)
{
    struct buffer attributes = {0};
    X509_REQ *request = NULL;
    char *missing = NULL;
    struct error *error = est_csrattrs(&ca->est, &attributes);

    if (error == NULL)
        error = read_request(job, &request);
    if (error == NULL)
        error = est_csrattrs_check(&attributes, request, &missing);
    if (error == NULL && missing != NULL)
        run_tell(ca->run, job, "the CA would like in requests what this one does not have: %s",
                 missing);
    free(missing);
    X509_REQ_free(request);
    buffer_clear(&attributes);
    return error;
}

static struct error *prepare(struct run *run, struct job *job, enum step_end *end)
{
    struct est_ca ca;
    struct error *error;

    (void)end;
    run_tell_step(run, job);
    error = open_all(run, job, &ca);
    if (error == NULL)
        error = est_anchors_fetch(&ca);
    if (error == NULL)
        error = look_at_wishes(&ca, job);
    close_all(&ca);
    return error;
}

/* ---- the certificate --------------------------------------------------------------------- */

/* The answer has the certificate, and perhaps its issuers; so have the CA's own. What was taken is
   durable before anything else happens: it cannot be had again. */
static struct error *take(struct est_ca *ca, struct job *job, STACK_OF(X509) * answer)
{
    struct error *error = NULL;

    if (X509_add_certs(answer, ca->anchors, X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP) != 1)
        error = error_no_memory();
    if (error == NULL)
        error = ca_take_certificates(ca->run, job, &est_ca, answer, ca->anchors_file);
    return error != NULL ? error
                         : job_save(ca->run->state, job, "the CA has issued the certificate");
}

/* A reenrollment is for the same names (RFC 7030, 4.2.2). */
static bool asks_again(const struct est_ca *ca, const struct job *job)
{
    return ca->identity.predecessor && ca->identity.own && job_get(job, JOB_NAMES) == NULL &&
           !job_is(job, JOB_KEY_KIND, "csr");
}

static struct error *note_sending(struct est_ca *ca, struct job *job)
{
    struct error *error;

    if (job_is(job, JOB_ORDER, REQUEST_IS_OUT))
        run_tell(ca->run, job,
                 "no answer came to this request before: it is sent again. If the CA had issued a "
                 "certificate, there is one more now, for the same key, which nobody uses");
    if (job_get(job, JOB_ORDER) != NULL)
        return NULL;
    error = job_set(job, JOB_ORDER, REQUEST_IS_OUT);
    return error != NULL ? error : job_save(ca->run->state, job, "the request goes to the CA");
}

/* What was refused is not out any more. */
static struct error *act_on_error(struct job *job, struct error *error)
{
    if (error != NULL && error_code(error) != ERROR_NETWORK &&
        error_code(error) != ERROR_SERVER_ANSWER)
        error_free(job_set(job, JOB_ORDER, NULL)); /* taking away does not fail */
    return error;
}

static struct error *ask(struct est_ca *ca, struct job *job, X509_REQ *request, enum step_end *end)
{
    bool again = asks_again(ca, job);
    STACK_OF(X509) *answer = NULL;
    long seconds = 0;
    struct error *error = note_sending(ca, job);

    if (error == NULL && !job_is(job, JOB_ORDER, REQUEST_IS_TAKEN))
        run_tell(ca->run, job, "asking for %s",
                 again ? "the previous certificate's successor (simplereenroll)"
                       : "a certificate (simpleenroll)");
    if (error == NULL)
        error = act_on_error(job, est_enroll(&ca->est, again, request, &answer, &seconds));
    if (error == NULL && answer != NULL)
        error = act_on_error(job, take(ca, job, answer));
    else if (error == NULL) {
        error = job_set(job, JOB_ORDER, REQUEST_IS_TAKEN);
        if (error == NULL)
            error =
                ca_look_later(job, seconds < 1 ? 1 : seconds, "the CA, which has the request", end);
    }
    certificates_free(answer);
    return error;
}

static struct error *finalize(struct run *run, struct job *job, enum step_end *end)
{
    struct est_ca ca;
    X509_REQ *request = NULL;
    struct error *error;

    if (job_get(job, JOB_CERTIFICATE) != NULL)
        return NULL; /* an earlier process got it */
    error = open_all(run, job, &ca);
    if (error == NULL && !job_is(job, JOB_ORDER, REQUEST_IS_TAKEN))
        run_tell_step(run, job);
    if (error == NULL)
        error = read_request(job, &request);
    if (error == NULL)
        error = ask(&ca, job, request, end);
    X509_REQ_free(request);
    close_all(&ca);
    return error;
}

const struct ca est_ca = {
    .type = "est",
    .title = "EST (RFC 7030), which cannot revoke",
    .offers = CA_FIRST | CA_SAME_KEY | CA_GIVEN_REQUEST | CA_UNATTENDED,
    .check = check,
    .prepare = prepare,
    .finalize = finalize,
};
