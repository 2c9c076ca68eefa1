/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of preflight() share. */
#ifndef REISSUE_PREFLIGHT_INTERNAL_H
#define REISSUE_PREFLIGHT_INTERNAL_H

#include "preflight.h"

#include <stdbool.h>

struct flight {
    struct run *run;
    struct job *job;
    preflight_report *report;
    void *argument;
};

/* Reports what was found. */
void preflight_say(const struct flight *flight, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether JOB_KEY_KIND is that. */
bool preflight_is_kind(const struct flight *flight, const char *kind);

/* preflight_key.c: the card at a URI, where a key is made or not; the job's key, wherever it is. */
struct error *preflight_card(struct flight *flight, const char *place, bool makes_key) MUST_CHECK;
struct error *preflight_key(struct flight *flight) MUST_CHECK;

#endif
