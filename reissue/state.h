/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `reissue` remembers: an SQLite database in its state directory (WAL, synchronous=FULL: what
 * was committed survives a power cut), and the locks beside it.
 */
#ifndef REISSUE_STATE_H
#define REISSUE_STATE_H

#include "card/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

struct state {
    char *directory;
    sqlite3 *database;
};

/*
 * Opens the state in `directory`, which is made (0700) where there is none, with an empty database.
 * ERROR_STATE: it cannot be made, read or written, is of a newer version of `reissue`, or is
 * damaged. *out is for state_close().
 */
struct error *state_open(const char *directory, struct state **out) MUST_CHECK;
void state_close(struct state *state);

/* An empty state in memory, in place of the one that is not in `directory` yet: for who only looks,
   and is to leave no trace. */
struct error *state_open_empty(const char *directory, struct state **out) MUST_CHECK;

/* Whether there is a state in `directory` that can be opened: state_open() would make one. */
bool state_exists(const char *directory);

/* A transaction; state_rollback() where anything in between fails. */
struct error *state_begin(struct state *state) MUST_CHECK;
struct error *state_commit(struct state *state) MUST_CHECK;
void state_rollback(struct state *state);

/* What a statement's ?1, ?2 ... stand for: texts; NULL is NULL. */
struct state_values {
    const char *const *texts;
    size_t count;
};
#define STATE_VALUES(...)                                                                          \
    ((struct state_values){.texts = (const char *const[]){__VA_ARGS__},                            \
                           .count =                                                                \
                               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)})

/* Runs a statement that answers with no rows. */
struct error *state_run(struct state *state, const char *sql,
                        struct state_values values) MUST_CHECK;

/* Takes one row: `row[0..columns-1]` are its texts, NULL for NULL, valid during the call. */
typedef struct error *state_row(void *argument, const char *const *row);

/* Runs a statement and hands over each row, at most STATE_COLUMNS_MAX wide. */
#define STATE_COLUMNS_MAX 8
struct error *state_query(struct state *state, const char *sql, struct state_values values,
                          state_row *take, void *argument) MUST_CHECK;

/* Makes a directory (0755) below the state directory; *out is its path, for free(). ERROR_STATE. */
struct error *state_subdirectory(const struct state *state, const char *name,
                                 char **out) MUST_CHECK;

/* Makes the job's own directory, jobs/ID/, below it. ERROR_STATE. */
struct error *state_job_directory(const struct state *state, const char *id) MUST_CHECK;

/*
 * Takes the lock of that name among processes (it is given back by state_unlock(), or when the
 * process ends). ERROR_BUSY where another one has it: `what` says for whom that is.
 */
struct error *state_lock(const struct state *state, const char *name, const char *what,
                         int *out) MUST_CHECK;
void state_unlock(int lock);

/* The path of `name` (a format) below the state directory; the caller frees it. */
struct error *state_path(const struct state *state, char **out, const char *format, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));

#endif
