/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the CMP backend share: a conversation with a CA. */
#ifndef REISSUE_CA_CMP_H
#define REISSUE_CA_CMP_H

#include "ca.h"
#include "ca_identity.h"
#include "cmp.h"
#include "http.h"

/* A conversation, and what it needs. */
struct cmp_ca {
    const struct config_ca *config;
    struct run *run;
    struct job *job;
    struct ca_identity identity;
    struct certificate_bundle server;
    STACK_OF(X509) * trusted;
    struct buffer secret;
    struct http *http;
    struct cmp *cmp;
};

/*
 * Who asks, by what the configuration and the job say, and the client that speaks for it; `revoke`
 * as ca_identity_open() has it. For cmp_ca_close(), also after an error. ERROR_CONFIG where there
 * is nobody.
 */
struct error *cmp_ca_open(struct run *run, struct job *job, bool revoke,
                          struct cmp_ca *ca) MUST_CHECK;
void cmp_ca_close(struct cmp_ca *ca);

#endif
