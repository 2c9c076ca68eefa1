/* SPDX-License-Identifier: BSD-2-Clause */
/* What is taken back: an order, and the previous certificate. */
#include "ca_certum.h"
#include "certificate_text.h"
#include "certum_error.h"
#include "describe.h"

#include <stdlib.h>
#include <time.h>

struct error *certum_predecessor_serial(const struct job *job, char **out)
{
    X509 *certificate = NULL;
    struct error *error = certificate_from_pem(job_get(job, JOB_PREDECESSOR), &certificate);

    *out = NULL;
    if (error == NULL)
        error = describe_serial(certificate, out);
    X509_free(certificate);
    return error;
}

struct error *certum_cancel_order(struct run *run, struct job *job)
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

struct error *certum_revoke_predecessor(struct run *run, struct job *job, enum step_end *end)
{
    struct certum_ca *ca;
    char *serial = NULL;
    struct error *error = certum_ca_open(run, job, &ca);

    (void)end;
    if (error != NULL)
        return error;
    error = certum_predecessor_serial(job, &serial);
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
