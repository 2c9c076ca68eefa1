/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the CA/Browser Forum's Baseline Requirements for Code Signing want beside a good request:
 * keys on hardware (6.2.7.4), shown to be there where the CA asks for that, and 460 days at most
 * (6.3.2, from 2026-03-01). Public authorities keep to them; others may, so it is told.
 */
#ifndef REISSUE_CODE_SIGNING_H
#define REISSUE_CODE_SIGNING_H

#include "run.h"

#include <openssl/x509.h>

#define CODE_SIGNING_DAYS_MAX 460

/*
 * Before a request for such a certificate goes out: tells where its key is not on hardware; and has
 * a card that states what it has made say so, in attestation.pem beside the request (the statement,
 * and the certificate of what signed it).
 */
struct error *code_signing_prepare(struct run *run, const struct job *job) MUST_CHECK;

/* Tells of a certificate for code signing that lasts longer. Of any other it tells nothing. */
void code_signing_look(const struct run *run, const struct job *job, X509 *certificate);

#endif
