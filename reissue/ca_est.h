/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the EST backend share: a conversation with a CA, and its own certificates. */
#ifndef REISSUE_CA_EST_H
#define REISSUE_CA_EST_H

#include "ca.h"
#include "ca_identity.h"
#include "est.h"

struct est_ca {
    const struct config_ca *config;
    struct run *run;
    char *anchors_file;       /* with the CA's own certificates ... */
    STACK_OF(X509) * anchors; /* ... which are these */
    struct buffer password;
    struct ca_identity identity;
    struct est est;
};

/*
 * The CA's own certificates, as the state has them; fetched where it has none yet: where the
 * configuration knows one by its fingerprint, that one alone. ERROR_SERVER_IDENTITY.
 */
struct error *est_anchors_open(struct est_ca *ca) MUST_CHECK;

/* Fetches them anew, over a connection that was verified: CAs change them now and then. */
struct error *est_anchors_fetch(struct est_ca *ca) MUST_CHECK;

#endif
