/* SPDX-License-Identifier: BSD-2-Clause */
#include "ca.h"

#include "certificate_text.h"
#include "code_signing.h"
#include "csr.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct ca *const ca_types[] = {&manual_ca, &acme_ca, &certum_ca, &cmp_ca, &est_ca, NULL};

/* ---- which one --------------------------------------------------------------------------- */

struct error *ca_find_name(const struct config *config, const char *name, const struct ca **out)
{
    const struct config_ca *section = config_find_ca(config, name);
    const char *type = section != NULL ? section->type : name;

    for (size_t i = 0; ca_types[i] != NULL; i++)
        if (strcmp(ca_types[i]->type, type) == 0 &&
            (section != NULL || ca_types[i] == &manual_ca)) {
            *out = ca_types[i];
            return NULL;
        }
    return error_new(ERROR_CONFIG,
                     "there is no CA called %s: the configuration (%s) has no section [ca %s], and "
                     "by itself there is \"manual\" only",
                     name, config->path != NULL ? config->path : "there is none", name);
}

struct error *ca_find(const struct run *run, const struct job *job, const struct ca **out)
{
    return ca_find_name(run->config, job_get(job, JOB_CA), out);
}

/* ---- whether it can be asked ------------------------------------------------------------- */

/* What the job wants and the CA does not offer, or NULL. */
static const char *not_offered(const struct ca *ca, const struct job *job)
{
    bool revokes = job_get(job, JOB_REVOKE) != NULL && !job_is(job, JOB_REVOKE, "no");

    if ((ca->offers & CA_FIRST) == 0 && job_get(job, JOB_PREDECESSOR) == NULL)
        return "issue a certificate that has no predecessor: name the one to be succeeded";
    if ((ca->offers & CA_SAME_KEY) == 0 && job_is(job, JOB_KEY_KIND, "same"))
        return "certify a key that was certified before: ask for a new one, with --new-key";
    if ((ca->offers & CA_GIVEN_REQUEST) == 0 && job_is(job, JOB_KEY_KIND, "csr"))
        return "take a request that was made elsewhere: let reissue make it, with --new-key or "
               "--key";
    if (ca->revoke == NULL && revokes)
        return "be asked to revoke: leave out --revoke, and revoke the previous certificate with "
               "it yourself";
    return NULL;
}

struct error *ca_check(struct run *run, const struct job *job)
{
    const struct ca *ca;
    const char *missing;
    struct error *error = ca_find(run, job, &ca);

    if (error != NULL)
        return error;
    missing = not_offered(ca, job);
    if (missing != NULL)
        return error_new(ERROR_UNSUPPORTED, "the CA %s cannot %s", job_get(job, JOB_CA), missing);
    return ca->check == NULL ? NULL : ca->check(run, job);
}

/* ---- for the CAs themselves -------------------------------------------------------------- */

static struct error *names_of_csr(const char *csr, struct names *out)
{
    X509_REQ *request;
    struct error *error = csr_parse(csr, strlen(csr), "the job's request", &request, NULL);

    if (error == NULL)
        error = names_of_request(request, out);
    X509_REQ_free(request);
    return error;
}

static struct error *names_before(const char *pem, struct names *out)
{
    X509 *predecessor;
    struct error *error = certificate_from_pem(pem, &predecessor);

    if (error == NULL)
        error = names_of_certificate(predecessor, out);
    X509_free(predecessor);
    return error;
}

struct error *ca_names_wanted(const struct job *job, struct names *out)
{
    *out = (struct names){0};
    if (job_get(job, JOB_CSR) != NULL)
        return names_of_csr(job_get(job, JOB_CSR), out);
    if (job_get(job, JOB_NAMES) != NULL)
        return names_add_list(out, job_get(job, JOB_NAMES));
    if (job_get(job, JOB_PREDECESSOR) != NULL)
        return names_before(job_get(job, JOB_PREDECESSOR), out);
    return NULL;
}

int ca_revocation_reason(const struct job *job)
{
    static const struct {
        const char *name;
        int code;
    } reasons[] = {
        {"compromised-key", 1}, {"affiliation-changed", 3}, {"cessation", 5}, {"unspecified", 0}};

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (job_is(job, JOB_REASON, reasons[i].name))
            return reasons[i].code;
    return 4; /* whatever has a successor is superseded */
}

struct error *ca_note_bundle(struct run *run, struct job *job,
                             const struct certificate_bundle *bundle)
{
    char *certificate = NULL;
    char *chain = NULL;
    struct error *error = certificate_bundle_pem(bundle, CERTIFICATE_PART_LEAF, &certificate);

    if (bundle->note != NULL)
        run_tell(run, job, "%s", bundle->note);
    code_signing_look(run, job, bundle->certificate);
    if (error == NULL)
        error = certificate_bundle_pem(bundle, CERTIFICATE_PART_CHAIN, &chain);
    if (error == NULL)
        error = job_set(job, JOB_CERTIFICATE, certificate);
    if (error == NULL)
        error = job_set(job, JOB_CHAIN, chain);
    free(certificate);
    free(chain);
    return error;
}

struct error *ca_look_later(struct job *job, long seconds, const char *what, enum step_end *end)
{
    struct error *error = job_set(job, JOB_WAITS_FOR, what);

    *end = STEP_END_WAIT;
    return error != NULL ? error
                         : job_set_number(job, JOB_WAITS_UNTIL, (long long)time(NULL) + seconds);
}

void ca_order_list_clear(struct ca_order_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].id);
        free(list->items[i].name);
        free(list->items[i].serial);
        free(list->items[i].next);
    }
    free(list->items);
    *list = (struct ca_order_list){0};
}

void *ca_session(const struct run *run, const struct config_ca *config)
{
    return run->session.config == config ? run->session.own : NULL;
}

static void end_session(const struct ca_session_kind *kind, void *session)
{
    kind->close(session);
    free(session);
}

struct error *ca_session_open(struct run *run, const struct config_ca *config,
                              const struct ca_session_kind *kind, void **out)
{
    void *session;
    struct error *error;

    *out = ca_session(run, config);
    if (*out != NULL)
        return NULL;
    session = calloc(1, kind->size);
    if (session == NULL)
        return error_no_memory();
    error = kind->open(run, config, session);
    if (error != NULL) {
        end_session(kind, session);
        return error;
    }
    ca_session_close(run);
    run->session = (struct run_session){.config = config, .own = session, .kind = kind};
    *out = session;
    return NULL;
}

void ca_session_close(struct run *run)
{
    if (run->session.own != NULL)
        end_session(run->session.kind, run->session.own);
    run->session = (struct run_session){0};
}
