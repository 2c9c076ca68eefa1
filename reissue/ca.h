/* SPDX-License-Identifier: BSD-2-Clause */
/* Certification authorities, as tables of functions: the work of the steps that need one. */
#ifndef REISSUE_CA_H
#define REISSUE_CA_H

#include "run.h"

struct ca {
    const char *type; /* as in the configuration: "manual", "acme" */

    /*
     * The steps from STEP_CSR_READY to STEP_ISSUED; NULL where there is nothing to do. finalize()
     * ends with JOB_CERTIFICATE and JOB_CHAIN set, which are checked afterwards.
     */
    step_function *prepare; /* what has to be in place before an order, such as an account */
    step_function *order;
    step_function *publish;
    step_function *validate;
    step_function *await;
    step_function *finalize;

    /* Takes back what publish() did, after the validation, however that ended. What it cannot, it
       tells. */
    void (*clean_up)(struct run *run, struct job *job);

    /* Revokes JOB_PREDECESSOR; that it is revoked already is no error. NULL: it cannot be asked to.
     */
    step_function *revoke;
};

extern const struct ca manual_ca;
extern const struct ca acme_ca;

/* The table for the job's CA. ERROR_CONFIG where there is none of that name. */
struct error *ca_find(const struct run *run, const struct job *job,
                      const struct ca **out) MUST_CHECK;

#endif
