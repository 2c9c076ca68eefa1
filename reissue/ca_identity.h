/* SPDX-License-Identifier: BSD-2-Clause */
/* Who asks a CA that knows its customers by their certificates: by TLS (EST) or by signed messages
 * (CMP). */
#ifndef REISSUE_CA_IDENTITY_H
#define REISSUE_CA_IDENTITY_H

#include "certificate_file.h"
#include "config.h"
#include "run.h"

#include <stdbool.h>

/* A zeroed one is nobody. */
struct ca_identity {
    struct certificate_bundle bundle;
    EVP_PKEY *key;
    bool predecessor; /* it is the certificate that is to be succeeded, or revoked */
    bool own;         /* it is a certificate of this CA's */
};

/*
 * Who the job asks as: the predecessor, where its key can be found and the CA certified it; else
 * the CA's client-certificate; else, and if there is a predecessor that nothing else can stand in
 * for, that one of another CA's; else nobody. A key that is lost or compromised asks for nothing
 * (`revoke`: other than its own revocation). `anchors` are the CA's own top certificates (NULL: not
 * known, then every predecessor is taken for its own). Notes in the job where the predecessor's key
 * is, since that place will have the successor's. *out is for ca_identity_clear().
 */
struct error *ca_identity_open(struct run *run, struct job *job, const struct config_ca *config,
                               STACK_OF(X509) * anchors, bool revoke,
                               struct ca_identity *out) MUST_CHECK;

void ca_identity_clear(struct ca_identity *identity);

/*
 * Whether there can be somebody, without touching a card: that the predecessor's key has a place,
 * or there is a client-certificate. ERROR_STATE.
 */
struct error *ca_identity_known(struct run *run, const struct job *job,
                                const struct config_ca *config, bool *out) MUST_CHECK;

#endif
