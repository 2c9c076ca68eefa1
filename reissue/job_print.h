/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs as people and machines read them. */
#ifndef REISSUE_JOB_PRINT_H
#define REISSUE_JOB_PRINT_H

#include "json_write.h"
#include "run.h"

/* What has become of a job that was run: what is where, or what it waits for. */
struct error *job_print_outcome(const struct job *job, const struct run *run, bool json) MUST_CHECK;

/* The job as an object without name. */
void job_write_json(struct json_writer *writer, const struct job *job);

/* A line for a list of jobs. */
void job_print_line(const struct job *job);

/* Unix time as "2026-11-24 14:05", in the local zone. */
#define TIME_TEXT_SIZE 32
void time_text(time_t time, char out[TIME_TEXT_SIZE]);

#endif
