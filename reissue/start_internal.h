/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of start_make_job() share: each puts a part of the wish into the job. */
#ifndef REISSUE_START_INTERNAL_H
#define REISSUE_START_INTERNAL_H

#include "start.h"

#include <openssl/x509.h>

/* start_names.c */
struct error *start_note_name(struct run *run, struct job *job, const struct start_wish *wish,
                              const X509 *predecessor) MUST_CHECK;
struct error *start_note_names(struct job *job, const struct start_wish *wish) MUST_CHECK;

/* start_reason.c; the revocation after the reason */
struct error *start_note_reason(struct job *job, const struct start_wish *wish) MUST_CHECK;
struct error *start_note_revocation(struct run *run, struct job *job,
                                    const struct start_wish *wish) MUST_CHECK;

#endif
