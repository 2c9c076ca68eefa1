/* SPDX-License-Identifier: BSD-2-Clause */
/* What came back from a CA is looked at before it is used. */
#ifndef REISSUE_ISSUED_CHECK_H
#define REISSUE_ISSUED_CHECK_H

#include "run.h"

/*
 * Whether JOB_CERTIFICATE is what JOB_CSR asked for: the same key, all the names that were asked
 * for, valid now, and signed by what JOB_CHAIN says. ERROR_OTHER_KEY, ERROR_CA_REFUSED.
 */
struct error *issued_check(struct run *run, const struct job *job) MUST_CHECK;

#endif
