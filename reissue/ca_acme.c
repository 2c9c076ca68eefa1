/* SPDX-License-Identifier: BSD-2-Clause */
/* ACME as a CA: orders, from the request to the certificate. */
#include "ca_acme.h"

#include "certificate_text.h"
#include "csr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long to wait where the server does not say, in seconds, after so many quick looks. */
#define PAUSE       3
#define QUICK_LOOKS 8

/* JOB_ORDER_DETAILS while an order may have been sent, of which no answer came. */
#define ORDER_IS_OUT "sent"

/* ---- trouble ----------------------------------------------------------------------------- */

struct error *acme_ask_again(struct run *run, struct job *job, struct error *error,
                             enum step_end *end)
{
    struct error *worse;

    if (error == NULL || error_code(error) != ERROR_ACCOUNT_UNKNOWN)
        return error;
    error_free(error);
    run_tell(run, job, "the CA does not know our account any more: making another one");
    worse = acme_ca_forget_account(run, job);
    if (worse == NULL)
        worse = job_set(job, JOB_ORDER, NULL);
    if (worse == NULL)
        worse = job_set(job, JOB_ORDER_DETAILS, NULL);
    *end = STEP_END_AGAIN;
    return worse;
}

static struct error *drop_order(struct job *job, enum step_end *end)
{
    struct error *error = job_set(job, JOB_ORDER, NULL);

    *end = STEP_END_AGAIN;
    return error != NULL ? error : job_set(job, JOB_ORDER_DETAILS, NULL);
}

/* Why an order came to nothing; it is not asked for again by itself, since a person has to mend
 * that. */
static struct error *refused(struct job *job, const struct acme_order *order)
{
    struct error *error = order->problem != NULL
                              ? acme_problem_error(order->problem, "the CA refused the order")
                              : error_new(ERROR_CA_REFUSED, "the CA has closed the order");

    job->step = STEP_CSR_READY;
    error_free(job_set(job, JOB_ORDER, NULL)); /* taking away does not fail */
    error_free(job_set(job, JOB_ORDER_DETAILS, NULL));
    return error;
}

/* As soon as the CA wants; where it does not say (-1), soon. */
static struct error *look_later(struct acme_ca *ca, struct job *job, long seconds, const char *what,
                                enum step_end *end)
{
    if (seconds < 0)
        seconds = ca->looks++ < QUICK_LOOKS ? 0 : PAUSE;
    return ca_look_later(job, seconds, what, end);
}

/* ---- the order --------------------------------------------------------------------------- */

static struct error *acme_prepare(struct run *run, struct job *job, enum step_end *end)
{
    struct acme_ca *ca;

    (void)end;
    run_tell_step(run, job);
    return acme_ca_open(run, job, &ca);
}

/* The names of the job's request, as orders have them. */
struct order_names {
    struct names names; /* to which the texts belong */
    const char **texts;
};

static void clear_names(struct order_names *names)
{
    names_clear(&names->names);
    free(names->texts);
}

static struct error *check_names(const struct names *names)
{
    if (names->count == 0)
        return error_new(ERROR_ARGUMENT, "the request has no name that can be ordered: neither a "
                                         "DNS name nor an IP address");
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].type != NAME_DNS && names->items[i].type != NAME_IP)
            return error_new(ERROR_ARGUMENT,
                             "by ACME, DNS names and IP addresses are certified, nothing else, and "
                             "the request asks for %s, too",
                             names->items[i].text);
    return NULL;
}

static struct error *read_names(const struct job *job, struct order_names *out)
{
    const char *csr = job_get(job, JOB_CSR);
    X509_REQ *request;
    struct error *error = csr_parse(csr, strlen(csr), "the job's request", &request, NULL);

    if (error == NULL)
        error = names_of_request(request, &out->names);
    X509_REQ_free(request);
    if (error == NULL)
        error = check_names(&out->names);
    if (error == NULL && (out->texts = calloc(out->names.count, sizeof(*out->texts))) == NULL)
        error = error_no_memory();
    for (size_t i = 0; error == NULL && i < out->names.count; i++)
        out->texts[i] = out->names.items[i].text;
    return error;
}

struct known {
    bool known;
};

static struct error *take_known(void *argument, const char *const *row)
{
    (void)row;
    ((struct known *)argument)->known = true;
    return NULL;
}

/* Whether another job has it: that one's is never taken. */
static struct error *is_taken(struct run *run, const struct job *job, const char *url, bool *out)
{
    struct known known = {false};
    struct error *error = state_query(
        run->state, "SELECT 1 FROM job_value WHERE name = 'order' AND value = ?1 AND job <> ?2",
        STATE_VALUES(url, job->id), take_known, &known);

    *out = known.known;
    return error;
}

static bool can_be_ours(const struct acme_order *order, const struct order_names *names)
{
    return (order->status == ACME_STATUS_PENDING || order->status == ACME_STATUS_READY) &&
           acme_order_is_for(order, names->texts, names->names.count);
}

static struct error *look_at_order(struct run *run, struct job *job, struct acme_ca *ca,
                                   const char *url, const struct order_names *names, bool *found)
{
    struct acme_order order = {0};
    bool taken = false;
    struct error *error = acme_order_get(ca->acme, url, &order);

    if (error == NULL)
        error = is_taken(run, job, url, &taken);
    if (error == NULL && !taken && can_be_ours(&order, names)) {
        *found = true;
        error = job_set(job, JOB_ORDER, url);
    }
    acme_order_clear(&order);
    return error;
}

/*
 * An order was sent, and the answer was lost: it is looked for in the account's list, where the
 * server has one. Orders that were there before it was sent are in JOB_ORDER_DETAILS, one a line.
 */
static struct error *find_lost_order(struct run *run, struct job *job, struct acme_ca *ca,
                                     const struct order_names *names)
{
    struct acme_account account = {0};
    struct acme_urls urls = {0};
    const char *before = job_get(job, JOB_ORDER_DETAILS);
    bool found = false;
    struct error *error = acme_account_get(ca->acme, &account);

    if (error == NULL && account.orders != NULL)
        error = acme_account_orders(ca->acme, account.orders, &urls);
    for (size_t i = 0; error == NULL && !found && i < urls.count; i++)
        if (strstr(before, urls.urls[i]) == NULL)
            error = look_at_order(run, job, ca, urls.urls[i], names, &found);
    if (error == NULL && found)
        run_tell(run, job, "the order had reached the CA");
    acme_urls_clear(&urls);
    acme_account_clear(&account);
    return error;
}

/* Notes which orders there are before ours, durably, and that ours is on its way. */
static struct error *note_orders_before(struct run *run, struct job *job, struct acme_ca *ca)
{
    struct acme_account account = {0};
    struct acme_urls urls = {0};
    struct buffer text = {0};
    char *details = NULL;
    struct error *error = acme_account_get(ca->acme, &account);

    if (error == NULL && account.orders != NULL)
        error = acme_account_orders(ca->acme, account.orders, &urls);
    if (error == NULL)
        error = buffer_append(&text, ORDER_IS_OUT "\n", sizeof(ORDER_IS_OUT));
    for (size_t i = 0; error == NULL && i < urls.count; i++) {
        error = buffer_append(&text, urls.urls[i], strlen(urls.urls[i]));
        if (error == NULL)
            error = buffer_append(&text, "\n", 1);
    }
    if (error == NULL && (details = strndup((const char *)text.bytes, text.length)) == NULL)
        error = error_no_memory();
    if (error == NULL)
        error = job_set(job, JOB_ORDER_DETAILS, details);
    if (error == NULL)
        error = job_save(run->state, job, "an order goes to the CA");
    free(details);
    buffer_clear(&text);
    acme_urls_clear(&urls);
    acme_account_clear(&account);
    return error;
}

/* The predecessor's identifier, where the server knows what to do with it (RFC 9773, 5). */
static struct error *name_predecessor(const struct job *job, struct acme_ca *ca, char **out)
{
    const struct acme_directory *directory;
    const char *pem = job_get(job, JOB_PREDECESSOR);
    X509 *certificate = NULL;
    struct error *error = acme_directory(ca->acme, &directory);

    *out = NULL;
    if (error != NULL || directory->renewal_info == NULL || pem == NULL)
        return error;
    error = certificate_from_pem(pem, &certificate);
    if (error == NULL)
        error = acme_certificate_id(certificate, out);
    if (error != NULL && error_code(error) == ERROR_UNSUPPORTED) {
        error_free(error); /* such a certificate has no identifier */
        error = NULL;
    }
    X509_free(certificate);
    return error;
}

/* Whether the CA turned the order down, as it may do for the predecessor alone: that may be another
   CA's, have been replaced before, or be one that the CA stumbles over. */
static bool is_turned_down(const struct acme_ca *ca, const struct error *error)
{
    const struct acme_problem *problem = acme_last_problem(ca->acme);

    return error_code(error) == ERROR_ALREADY_REPLACED || error_code(error) == ERROR_CA_REFUSED ||
           (problem != NULL && problem->type == ACME_PROBLEM_SERVER_INTERNAL);
}

/* Without `replaces` where the CA does not want it. */
static struct error *send_order(struct run *run, const struct job *job, struct acme_ca *ca,
                                const struct order_names *names, struct acme_order *out)
{
    char *replaces = NULL;
    const char *profile = job_get(job, JOB_PROFILE);
    struct acme_order_request request = {
        .names = names->texts,
        .name_count = names->names.count,
        .profile = profile != NULL ? profile : ca->config->profile,
    };
    struct error *error = name_predecessor(job, ca, &replaces);

    if (error != NULL)
        return error;
    request.replaces = replaces;
    error = acme_order_new(ca->acme, &request, out);
    if (error != NULL && replaces != NULL && is_turned_down(ca, error)) {
        run_tell(run, job, "ordering without naming the predecessor: %s", error_message(error));
        error_free(error);
        request.replaces = NULL;
        error = acme_order_new(ca->acme, &request, out);
    }
    free(replaces);
    return error;
}

static struct error *make_order(struct run *run, struct job *job, struct acme_ca *ca,
                                const struct order_names *names)
{
    struct acme_order order = {0};
    struct error *error = NULL;

    if (job_get(job, JOB_ORDER_DETAILS) != NULL)
        error = find_lost_order(run, job, ca, names);
    if (error != NULL || job_get(job, JOB_ORDER) != NULL)
        return error;
    error = note_orders_before(run, job, ca);
    if (error == NULL)
        error = send_order(run, job, ca, names, &order);
    if (error == NULL)
        error = job_set(job, JOB_ORDER, order.url);
    acme_order_clear(&order);
    return error;
}

static struct error *acme_order(struct run *run, struct job *job, enum step_end *end)
{
    struct order_names names = {0};
    struct acme_ca *ca;
    struct error *error;

    run_tell_step(run, job);
    if (job_get(job, JOB_ORDER) != NULL)
        return NULL;
    error = acme_ca_open(run, job, &ca);
    if (error == NULL)
        error = read_names(job, &names);
    if (error == NULL)
        error = make_order(run, job, ca, &names);
    if (error == NULL)
        error = job_set(job, JOB_ORDER_DETAILS, NULL);
    clear_names(&names);
    return acme_ask_again(run, job, error, end);
}

/* ---- waiting for the validation ---------------------------------------------------------- */

static struct error *await_order(struct acme_ca *ca, struct job *job,
                                 const struct acme_order *order, enum step_end *end)
{
    switch (order->status) {
    case ACME_STATUS_READY:
    case ACME_STATUS_PROCESSING:
    case ACME_STATUS_VALID:
        return NULL;
    case ACME_STATUS_PENDING:
        return look_later(ca, job, order->retry_after, "the CA's validation", end);
    default: /* what an earlier process asked for may have failed because that process had ended */
        return ca->asked ? refused(job, order) : drop_order(job, end);
    }
}

/* The order as it is now; *gone where the server has forgotten it. */
static struct error *get_order(struct run *run, const struct job *job, struct acme_ca **ca,
                               struct acme_order *out, bool *gone)
{
    const struct acme_problem *problem;
    struct error *error = acme_ca_open(run, job, ca);

    *gone = false;
    if (error != NULL)
        return error;
    error = acme_order_get((*ca)->acme, job_get(job, JOB_ORDER), out);
    problem = acme_last_problem((*ca)->acme);
    if (error != NULL && problem != NULL && problem->status == 404) {
        error_free(error);
        error = NULL;
        *gone = true;
    }
    return error;
}

static struct error *acme_await(struct run *run, struct job *job, enum step_end *end)
{
    struct acme_order order = {0};
    struct acme_ca *ca;
    bool gone;
    struct error *error = acme_ensure_published(run, job);

    if (error == NULL)
        error = get_order(run, job, &ca, &order, &gone);
    if (error == NULL)
        error = gone ? drop_order(job, end) : await_order(ca, job, &order, end);
    acme_order_clear(&order);
    return acme_ask_again(run, job, error, end);
}

/* ---- the certificate --------------------------------------------------------------------- */

static struct error *note_chain(struct run *run, struct job *job, const struct acme_chain *chain)
{
    struct certificate_bundle bundle = {.chain = sk_X509_dup(chain->certificates)};
    struct error *error;

    if (bundle.chain == NULL)
        return error_no_memory();
    bundle.certificate = sk_X509_shift(bundle.chain);
    error = ca_note_bundle(run, job, &bundle);
    sk_X509_free(bundle.chain); /* the certificates are the chain's */
    return error;
}

/* Whether some certificate of the chain was issued by who has that common name. */
static bool is_preferred(const struct acme_chain *chain, const char *name)
{
    char issuer[256];

    for (int i = 0; i < sk_X509_num(chain->certificates); i++) {
        const X509 *certificate = sk_X509_value(chain->certificates, i);

        if (X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_commonName, issuer,
                                      sizeof(issuer)) > 0 &&
            strcmp(issuer, name) == 0)
            return true;
    }
    return false;
}

/* What the job says comes before what the configuration says; NULL: the CA's own choice. */
static const char *wanted_chain(const struct job *job, const struct acme_ca *ca)
{
    const char *given = job_get(job, JOB_PREFERRED_CHAIN);

    return given != NULL ? given : ca->config->preferred_chain;
}

/* Another chain for the same certificate, if that is the one that is preferred. */
static struct error *try_alternate(struct run *run, struct job *job, struct acme_ca *ca,
                                   const char *url, bool *done)
{
    struct acme_chain chain = {0};
    struct error *error = acme_certificate_get(ca->acme, url, &chain);

    if (error == NULL && is_preferred(&chain, wanted_chain(job, ca))) {
        *done = true;
        error = note_chain(run, job, &chain);
    }
    acme_chain_clear(&chain);
    return error;
}

static struct error *download(struct run *run, struct job *job, struct acme_ca *ca, const char *url)
{
    struct acme_chain chain = {0};
    const char *wanted = wanted_chain(job, ca);
    bool done = wanted == NULL;
    struct error *error = acme_certificate_get(ca->acme, url, &chain);

    if (error == NULL)
        error = note_chain(run, job, &chain);
    done = done || (error == NULL && is_preferred(&chain, wanted));
    for (size_t i = 0; error == NULL && !done && i < chain.alternates.count; i++)
        error = try_alternate(run, job, ca, chain.alternates.urls[i], &done);
    if (error == NULL && !done)
        run_tell(run, job, "the CA has no chain from \"%s\": its own choice is taken", wanted);
    acme_chain_clear(&chain);
    return error;
}

static struct error *send_csr(const struct job *job, struct acme_ca *ca, struct acme_order *order)
{
    const char *csr = job_get(job, JOB_CSR);
    struct acme_order answer = {0};
    unsigned char *der = NULL;
    size_t length = 0;
    X509_REQ *request;
    struct error *error = csr_parse(csr, strlen(csr), "the job's request", &request, NULL);

    if (error == NULL)
        error = csr_der(request, &der, &length);
    if (error == NULL)
        error = acme_order_finalize(ca->acme, order, der, length, &answer);
    if (error == NULL) {
        acme_order_clear(order);
        *order = answer;
        if (order->url == NULL && (order->url = strdup(job_get(job, JOB_ORDER))) == NULL)
            error = error_no_memory();
    }
    free(der);
    X509_REQ_free(request);
    return error;
}

static struct error *act_on_order(struct run *run, struct job *job, struct acme_ca *ca,
                                  struct acme_order *order, enum step_end *end)
{
    switch (order->status) {
    case ACME_STATUS_VALID:
        return download(run, job, ca, order->certificate);
    case ACME_STATUS_READY: /* just sent, and not taken yet */
    case ACME_STATUS_PROCESSING:
        return look_later(ca, job, order->retry_after, "the CA to issue", end);
    case ACME_STATUS_PENDING: /* a validation has expired meanwhile */
        return drop_order(job, end);
    default:
        return refused(job, order);
    }
}

/* The request may have been sent already: the order tells. */
static struct error *acme_finalize(struct run *run, struct job *job, enum step_end *end)
{
    struct acme_order order = {0};
    struct acme_ca *ca;
    bool gone;
    struct error *error;

    run_tell_step(run, job);
    error = get_order(run, job, &ca, &order, &gone);
    if (error == NULL && gone)
        error = drop_order(job, end);
    else if (error == NULL && order.status == ACME_STATUS_READY)
        error = send_csr(job, ca, &order);
    if (error == NULL && !gone)
        error = act_on_order(run, job, ca, &order, end);
    else if (error != NULL && error_code(error) == ERROR_ORDER_NOT_READY) {
        error_free(error);
        error = look_later(ca, job, -1, "the CA to issue", end);
    }
    acme_order_clear(&order);
    return acme_ask_again(run, job, error, end);
}

/* ---- revocation -------------------------------------------------------------------------- */

static struct error *acme_revoke_predecessor(struct run *run, struct job *job, enum step_end *end)
{
    X509 *certificate = NULL;
    struct acme_ca *ca;
    struct error *error = acme_ca_open(run, job, &ca);

    (void)end;
    if (error == NULL)
        error = certificate_from_pem(job_get(job, JOB_PREDECESSOR), &certificate);
    if (error == NULL)
        error = acme_revoke(ca->acme, certificate, ca_revocation_reason(job), NULL);
    X509_free(certificate);
    if (error == NULL)
        return NULL;
    if (error_code(error) == ERROR_ALREADY_REVOKED) {
        error_free(error);
        return NULL;
    }
    return error_wrap(error, error_code(error),
                      "the previous certificate is not revoked (the new one is in use): if it is "
                      "another CA's, ask that one, and end the job with reissue cancel %s",
                      job->id);
}

const struct ca acme_ca = {
    .type = "acme",
    .title = "ACME (RFC 8555)",
    .offers = CA_FIRST | CA_SAME_KEY | CA_GIVEN_REQUEST | CA_UNATTENDED,
    .prepare = acme_prepare,
    .order = acme_order,
    .publish = acme_publish,
    .validate = acme_validate,
    .await = acme_await,
    .finalize = acme_finalize,
    .clean_up = acme_clean_up,
    .revoke = acme_revoke_predecessor,
};
