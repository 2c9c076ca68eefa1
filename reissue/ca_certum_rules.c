/* SPDX-License-Identifier: BSD-2-Clause */
/* Certum's rules for a reissue, checked and told before anything is started. */
#include "ca_certum.h"
#include "certificate_text.h"
#include "csr.h"
#include "describe.h"

#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define DAY (24L * 60 * 60) /* seconds */

/* How long after a reissue Certum revokes the previous certificate. */
#define REVOKED_AFTER (14 * DAY)

/* How long certificates may be valid that are issued from a day on (CA/Browser Forum: TLS Baseline
   Requirements, 6.3.2; Code Signing Baseline Requirements, 6.3.2). */
static const struct longest {
    uint32_t usage; /* XKU_... */
    const char *what;
    const char *from; /* YYYY-MM-DD */
    int days;
} longest[] = {
    {XKU_SSL_SERVER, "TLS", "2029-03-15", 47},
    {XKU_SSL_SERVER, "TLS", "2027-03-15", 100},
    {XKU_SSL_SERVER, "TLS", "2026-03-15", 200},
    {XKU_CODE_SIGN, "code signing", "2026-03-01", 460},
};

static void write_day(time_t time, char out[16])
{
    struct tm utc;

    (void)strftime(out, 16, "%Y-%m-%d", gmtime_r(&time, &utc));
}

static bool is_for(X509 *predecessor, uint32_t usage)
{
    return (X509_get_extension_flags(predecessor) & EXFLAG_XKUSAGE) != 0 &&
           (X509_get_extended_key_usage(predecessor) & usage) != 0;
}

static const struct longest *longest_for(X509 *predecessor, const char *today)
{
    for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++)
        if (is_for(predecessor, longest[i].usage) && strcmp(today, longest[i].from) >= 0)
            return &longest[i];
    return NULL;
}

static void tell_end(const struct run *run, const struct job *job, X509 *predecessor)
{
    char today[16], last[16];
    const struct longest *rule;

    write_day(time(NULL), today);
    rule = longest_for(predecessor, today);
    if (rule == NULL) {
        run_tell(run, job, "Certum: the new certificate ends with the product that was bought");
        return;
    }
    write_day(time(NULL) + rule->days * DAY, last);
    run_tell(run, job,
             "Certum: the new certificate ends with the product that was bought, and not after %s "
             "(%d days, for %s)",
             last, rule->days, rule->what);
}

static void tell_revocation(const struct run *run, const struct job *job)
{
    char day[16];

    write_day(time(NULL) + REVOKED_AFTER, day);
    run_tell(run, job,
             "Certum: it revokes the previous certificate by itself two weeks after the reissue: "
             "on %s, if that is today",
             day);
    run_tell(run, job, "Certum: what was signed before that, and has a timestamp, stays valid");
}

static bool is(const struct job *job, enum job_value value, const char *text)
{
    return job_get(job, value) != NULL && strcmp(job_get(job, value), text) == 0;
}

/* Code Signing Baseline Requirements, 6.1.5.2 and 6.2.7.4: 3072 bits, and hardware. */
static struct error *check_algorithm(const struct run *run, const struct job *job,
                                     X509 *predecessor)
{
    bool code = is_for(predecessor, XKU_CODE_SIGN);

    if (is(job, JOB_ALGORITHM, "Ed25519"))
        return error_new(ERROR_ARGUMENT, "Certum certifies RSA and EC keys only: --alg RSA-3072, "
                                         "P-256 ...");
    if (code && is(job, JOB_ALGORITHM, "RSA-2048"))
        return error_new(ERROR_ARGUMENT, "code signing keys have at least 3072 bits, or are on "
                                         "P-256: --alg RSA-3072, P-256 ...");
    if (code && is(job, JOB_KEY_KIND, "file"))
        run_tell(run, job,
                 "Certum: code signing keys have to be on a card, and this one will be in a file: "
                 "it may be refused");
    return NULL;
}

/* A request that was made elsewhere may be for the old key. */
static struct error *check_key(const struct job *job, X509 *predecessor)
{
    const char *csr = job_get(job, JOB_CSR);
    X509_REQ *request;
    struct error *error;
    bool same;

    if (csr == NULL)
        return NULL;
    error = csr_parse(csr, strlen(csr), "the request", &request, NULL);
    if (error != NULL)
        return error;
    same = EVP_PKEY_eq(X509_REQ_get0_pubkey(request), X509_get0_pubkey(predecessor)) == 1;
    X509_REQ_free(request);
    return same ? error_new(ERROR_UNSUPPORTED,
                            "the request is for the previous certificate's key, and Certum "
                            "certifies no key twice: make a request with a new key")
                : NULL;
}

static struct error *check_end(X509 *predecessor)
{
    time_t end;
    struct error *error = describe_seconds(X509_get0_notAfter(predecessor), &end);

    if (error == NULL && end <= time(NULL))
        error = error_new(ERROR_UNSUPPORTED,
                          "Certum reissues no certificate that has expired: order a renewal in the "
                          "web account, and take it on with the CA manual");
    return error;
}

struct error *certum_check_rules(struct run *run, const struct job *job)
{
    X509 *predecessor = NULL;
    struct error *error = certificate_from_pem(job_get(job, JOB_PREDECESSOR), &predecessor);

    if (error == NULL)
        error = check_end(predecessor);
    if (error == NULL)
        error = check_key(job, predecessor);
    if (error == NULL)
        error = check_algorithm(run, job, predecessor);
    if (error == NULL) {
        tell_end(run, job, predecessor);
        tell_revocation(run, job);
    }
    X509_free(predecessor);
    return error;
}
