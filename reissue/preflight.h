/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be checked before a job begins, and before a CA hears of it. */
#ifndef REISSUE_PREFLIGHT_H
#define REISSUE_PREFLIGHT_H

#include "run.h"

/* Takes what a check has found, for people: `what` was looked at, `detail` is what is there. */
typedef void preflight_report(void *argument, const char *what, const char *detail);

/*
 * Looks at everything that a job which is not saved yet will need: room in the state directory,
 * hooks, the card, its slot and what it can make, the state of its PIN (which costs no try), where
 * the secrets come from, files. Nothing is changed, on cards either, and nobody is asked; the
 * job's key gets its full URI, as its first step would give it. `report` may be NULL. The error is
 * the one that the job would meet later.
 */
struct error *preflight(struct run *run, struct job *job, preflight_report *report,
                        void *argument) MUST_CHECK;

/* Whether the CA's server answers, if it has one: a request that asks for nothing. ERROR_NETWORK,
   ... */
struct error *preflight_reach_ca(struct run *run, const struct job *job, preflight_report *report,
                                 void *argument) MUST_CHECK;

#endif
