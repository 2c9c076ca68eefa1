/* SPDX-License-Identifier: BSD-2-Clause */
/* What `reissue list` and `reissue show` find certificates by, and how they print them. */
#ifndef REISSUE_COMMAND_LIST_H
#define REISSUE_COMMAND_LIST_H

#include "certificate_scan.h"
#include "json_write.h"
#include "run.h"

struct list_options {
    const char *config_path;     /* --config, or NULL */
    const char *state_directory; /* --state, or NULL */
};

/* Adds those that go by a name here, from the state that there is, if any. ERROR_STATE, _CONFIG. */
struct error *list_live(struct certificate_scan *scan,
                        const struct list_options *options) MUST_CHECK;

/* The same from a state that is open. */
struct error *list_state(struct certificate_scan *scan, struct state *state,
                         const struct config *config) MUST_CHECK;

/*
 * The certificate that `word` stands for (certificate_lookup()), with what else is known of it here
 * and on the cards: *item belongs to `scan`, which is empty before. With `word` NULL everything
 * that goes by a name here or is on a card, and *item is NULL. Sends no PIN.
 */
struct error *list_find(struct run *run, const char *word, struct certificate_scan *scan,
                        const struct found_certificate **item) MUST_CHECK;

/* Whole days that are left, rounded down; negative when it has ended. */
long list_days_left(const struct found_certificate *item, time_t now);

/* A time as "2026-12-24T12:00:00Z". */
#define ISO_TIME_SIZE 32
void list_iso_time(time_t time, char out[ISO_TIME_SIZE]);

/* The certificate as an object without name. */
void list_write_json(struct json_writer *json, const struct found_certificate *item, time_t now);

/* Prints those that are wanted (NULL: all) as a table, fit for the width of the terminal; *count is
   how many those are. */
struct error *list_print_table(const struct certificate_scan *scan, const bool *wanted, time_t now,
                               size_t *count) MUST_CHECK;

#endif
