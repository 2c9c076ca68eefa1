/* SPDX-License-Identifier: BSD-2-Clause */
/* The certificate, once it is issued. */
#include "ca_certum.h"
#include "certificate_file.h"
#include "certum_error.h"
#include "csr.h"

#include <string.h>

/* How often it is looked for that Certum says is issued, and does not hand out. */
#define LOOKS 4

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
        ca->looks >= LOOKS)
        return error;
    error_free(error); /* it was issued just now */
    return certum_look_later(ca, job, "Certum to hand out the certificate", end);
}

struct error *certum_take_certificate(struct run *run, struct job *job, enum step_end *end)
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
