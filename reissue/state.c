/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"

#include "atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The version of the tables, kept as SQLite's user_version. Each one only adds tables so far. */
#define VERSION 2

/* How long another process's transaction is waited for, in milliseconds: they are all short. */
#define BUSY_MS 10000

static const char schema[] =
    /* A job, and what it knows. A value that is not there is NULL. */
    "CREATE TABLE IF NOT EXISTS job ("
    " id TEXT PRIMARY KEY, step TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS job_value ("
    " job TEXT NOT NULL REFERENCES job(id), name TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (job, name)) WITHOUT ROWID;"
    /* What happened to a job, for people. */
    "CREATE TABLE IF NOT EXISTS journal ("
    " number INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL REFERENCES job(id),"
    " time TEXT NOT NULL, step TEXT NOT NULL, note TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS journal_job ON journal(job);"
    /* What is in use under a name, and what was. */
    "CREATE TABLE IF NOT EXISTS lineage ("
    " name TEXT PRIMARY KEY, ca TEXT NOT NULL, job TEXT NOT NULL, key TEXT NOT NULL,"
    " fingerprint TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS certificate ("
    " fingerprint TEXT PRIMARY KEY, lineage TEXT NOT NULL, pem TEXT NOT NULL,"
    " not_after TEXT NOT NULL, revoked TEXT);"
    "CREATE INDEX IF NOT EXISTS certificate_lineage ON certificate(lineage);"
    /* The account that a CA has for us. */
    "CREATE TABLE IF NOT EXISTS account (ca TEXT PRIMARY KEY, url TEXT NOT NULL);"
    /* When the CA wants a certificate to be renewed, and when it wants to be asked again. */
    "CREATE TABLE IF NOT EXISTS renewal ("
    " fingerprint TEXT PRIMARY KEY, chosen TEXT NOT NULL, ask_again TEXT NOT NULL);"
    /* Digests of what cards have refused: see refusals.h. Since version 2. */
    "CREATE TABLE IF NOT EXISTS refusal ("
    " app TEXT NOT NULL, card TEXT NOT NULL, digest TEXT NOT NULL,"
    " PRIMARY KEY (app, card, digest)) WITHOUT ROWID;"
    "PRAGMA user_version = 2";

/* ---- errors ------------------------------------------------------------------------------ */

/* What to do about it: by what SQLite says, or by what the system said to it. */
static const char *advice(struct state *state)
{
    int code = sqlite3_extended_errcode(state->database) & 0xFF;
    int system = sqlite3_system_errno(state->database);
    bool called = code == SQLITE_IOERR || code == SQLITE_CANTOPEN;

    if (code == SQLITE_FULL || (called && (system == ENOSPC || system == EDQUOT)))
        return ": make room, and run it again";
    if (code == SQLITE_READONLY || (called && sqlite3_db_readonly(state->database, "main") == 1))
        return ": make the directory writable";
    return code == SQLITE_BUSY ? ": another reissue is at work; try again" : "";
}

static struct error *failed(struct state *state, const char *what)
{
    return error_new(ERROR_STATE, "cannot %s the state in %s: %s%s", what, state->directory,
                     sqlite3_errmsg(state->database), advice(state));
}

/* ---- statements -------------------------------------------------------------------------- */

static struct error *prepare(struct state *state, const char *sql, struct state_values values,
                             sqlite3_stmt **out)
{
    if (sqlite3_prepare_v2(state->database, sql, -1, out, NULL) != SQLITE_OK)
        return failed(state, "read");
    for (size_t i = 0; i < values.count; i++)
        if (sqlite3_bind_text(*out, (int)i + 1, values.texts[i], -1, SQLITE_TRANSIENT) != SQLITE_OK)
            return failed(state, "read");
    return NULL;
}

static struct error *take_row(sqlite3_stmt *statement, state_row *take, void *argument)
{
    const char *row[STATE_COLUMNS_MAX] = {NULL};
    int columns = sqlite3_column_count(statement);

    for (int i = 0; i < columns && i < STATE_COLUMNS_MAX; i++)
        row[i] = (const char *)sqlite3_column_text(statement, i);
    return take(argument, row);
}

static struct error *no_row_expected(void *argument, const char *const *row)
{
    (void)argument;
    (void)row;
    return NULL;
}

struct error *state_query(struct state *state, const char *sql, struct state_values values,
                          state_row *take, void *argument)
{
    sqlite3_stmt *statement = NULL;
    struct error *error = prepare(state, sql, values, &statement);
    int result = SQLITE_DONE;

    while (error == NULL && (result = sqlite3_step(statement)) == SQLITE_ROW)
        error = take_row(statement, take, argument);
    if (error == NULL && result != SQLITE_DONE)
        error = failed(state, sqlite3_stmt_readonly(statement) ? "read" : "write");
    sqlite3_finalize(statement);
    return error;
}

struct error *state_run(struct state *state, const char *sql, struct state_values values)
{
    return state_query(state, sql, values, no_row_expected, NULL);
}

#define NO_VALUES ((struct state_values){0})

struct error *state_begin(struct state *state)
{
    return state_run(state, "BEGIN IMMEDIATE", NO_VALUES);
}

struct error *state_commit(struct state *state)
{
    return state_run(state, "COMMIT", NO_VALUES);
}

void state_rollback(struct state *state)
{
    (void)sqlite3_exec(state->database, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- opening ----------------------------------------------------------------------------- */

static struct error *make_directory(const char *path)
{
    struct error *error = directory_make(path);

    return error == NULL ? NULL
                         : error_wrap(error, ERROR_STATE, "the state needs the directory %s", path);
}

/* With those above it that are missing. */
static struct error *make_directories(const char *path)
{
    char *partial = strdup(path);
    struct error *error = partial == NULL ? error_no_memory() : NULL;

    for (char *slash = partial; error == NULL && (slash = strchr(slash + 1, '/')) != NULL;) {
        *slash = '\0';
        error = make_directory(partial);
        *slash = '/';
    }
    if (error == NULL)
        error = make_directory(path);
    free(partial);
    return error;
}

static struct error *take_number(void *argument, const char *const *row)
{
    *(long *)argument = row[0] == NULL ? 0 : strtol(row[0], NULL, 10);
    return NULL;
}

static struct error *make_tables(struct state *state)
{
    struct error *error = state_begin(state);
    long version = 0;

    if (error != NULL)
        return error;
    error = state_query(state, "PRAGMA user_version", NO_VALUES, take_number, &version);
    if (error == NULL && version > VERSION)
        error = error_new(ERROR_STATE,
                          "the state in %s was written by a newer version of reissue (%ld; this "
                          "one knows %d): use that one",
                          state->directory, version, VERSION);
    if (error == NULL && version < VERSION &&
        sqlite3_exec(state->database, schema, NULL, NULL, NULL) != SQLITE_OK)
        error = failed(state, "make");
    if (error == NULL)
        return state_commit(state);
    state_rollback(state);
    return error;
}

/* WAL with FULL is what makes a commit durable (see docs/architecture.md). */
static struct error *open_at(struct state *state, const char *path)
{
    struct error *error;

    if (sqlite3_open_v2(path, &state->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
        SQLITE_OK)
        return state->database == NULL ? error_no_memory() : failed(state, "open");
    (void)sqlite3_busy_timeout(state->database, BUSY_MS);
    error = state_run(state, "PRAGMA journal_mode = WAL", NO_VALUES);
    if (error == NULL)
        error = state_run(state, "PRAGMA synchronous = FULL", NO_VALUES);
    if (error == NULL)
        error = state_run(state, "PRAGMA foreign_keys = ON", NO_VALUES);
    return error != NULL ? error : make_tables(state);
}

static struct error *open_database(struct state *state)
{
    char *path;
    struct error *error = state_path(state, &path, "state.db");

    if (error == NULL)
        error = open_at(state, path);
    free(path);
    return error;
}

/* The directory's own name: jobs remember paths below it, and run in any directory. */
static struct error *resolve(struct state *state)
{
    char *path = realpath(state->directory, NULL);

    if (path == NULL)
        return error_new(ERROR_STATE, "cannot find the state directory %s: %s", state->directory,
                         strerror(errno));
    free(state->directory);
    state->directory = path;
    return NULL;
}

static struct error *make_state(const char *directory, struct state **out)
{
    *out = calloc(1, sizeof(**out));
    if (*out != NULL && ((*out)->directory = strdup(directory)) != NULL)
        return NULL;
    free(*out);
    *out = NULL;
    return error_no_memory();
}

/* Hands the state out, or the error and none. */
static struct error *finish(struct state *state, struct error *error, struct state **out)
{
    *out = error == NULL ? state : NULL;
    if (error != NULL)
        state_close(state);
    return error;
}

struct error *state_open(const char *directory, struct state **out)
{
    struct state *state;
    struct error *error = make_state(directory, &state);
    mode_t mask;

    *out = NULL;
    if (error != NULL)
        return error;
    mask = umask(0022);
    error = make_directories(directory);
    if (error == NULL)
        error = resolve(state);
    (void)umask(0077); /* the database is nobody else's to read */
    if (error == NULL)
        error = open_database(state);
    umask(mask);
    return finish(state, error, out);
}

struct error *state_open_empty(const char *directory, struct state **out)
{
    struct state *state;
    struct error *error = make_state(directory, &state);

    *out = NULL;
    return error != NULL ? error : finish(state, open_at(state, ":memory:"), out);
}

void state_close(struct state *state)
{
    if (state == NULL)
        return;
    (void)sqlite3_close(state->database);
    free(state->directory);
    free(state);
}

bool state_exists(const char *directory)
{
    char *path = NULL;
    bool there = asprintf(&path, "%s/state.db", directory) >= 0 && access(path, R_OK | W_OK) == 0;

    free(path);
    return there;
}

/* ---- paths and locks --------------------------------------------------------------------- */

struct error *state_path(const struct state *state, char **out, const char *format, ...)
{
    char *name = NULL;
    va_list arguments;
    int length;

    *out = NULL;
    va_start(arguments, format);
    length = vasprintf(&name, format, arguments);
    va_end(arguments);
    if (length < 0)
        return error_no_memory();
    length = asprintf(out, "%s/%s", state->directory, name);
    free(name);
    if (length >= 0)
        return NULL;
    *out = NULL;
    return error_no_memory();
}

struct error *state_subdirectory(const struct state *state, const char *name, char **out)
{
    struct error *error = state_path(state, out, "%s", name);

    return error != NULL ? error : make_directories(*out);
}

struct error *state_job_directory(const struct state *state, const char *id)
{
    char *path;
    struct error *error = state_path(state, &path, "jobs/%s", id);

    if (error == NULL)
        error = make_directories(path);
    free(path);
    return error;
}

static struct error *lock_file(const char *path, const char *what, int *out)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (file < 0)
        return error_new(ERROR_STATE, "cannot make the lock %s: %s", path, strerror(errno));
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
        *out = file;
        return NULL;
    }
    (void)close(file);
    return error_new(ERROR_BUSY, "another reissue is at work on %s: try again when it is done",
                     what);
}

struct error *state_lock(const struct state *state, const char *name, const char *what, int *out)
{
    char *directory;
    char *path = NULL;
    struct error *error = state_path(state, &directory, "locks");

    *out = -1;
    if (error == NULL)
        error = make_directory(directory);
    if (error == NULL)
        error = state_path(state, &path, "locks/%s", name);
    if (error == NULL)
        error = lock_file(path, what, out);
    free(directory);
    free(path);
    return error;
}

void state_unlock(int lock)
{
    if (lock >= 0)
        (void)close(lock);
}
