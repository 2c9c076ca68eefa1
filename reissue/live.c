/* SPDX-License-Identifier: BSD-2-Clause */
#include "live.h"

#include "atomic_file.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct error *live_path(const struct state *state, const char *name, const char *file, char **out)
{
    return state_path(state, out, "live/%s/%s", name, file);
}

/* ---- directories ------------------------------------------------------------------------- */

static struct error *failed(const char *what, const char *path)
{
    return error_new(ERROR_FILE, "cannot %s %s: %s", what, path, strerror(errno));
}

/* live/, archive/ and archive/NAME/. */
static struct error *make_places(const struct state *state, const char *name)
{
    const char *const formats[] = {"live", "archive", "archive/%s"};
    struct error *error = NULL;

    for (size_t i = 0; error == NULL && i < sizeof(formats) / sizeof(formats[0]); i++) {
        char *path = NULL;

        error = i < 2 ? state_path(state, &path, "%s", formats[i])
                      : state_path(state, &path, "archive/%s", name);
        if (error == NULL)
            error = directory_make(path);
        free(path);
    }
    return error;
}

/* ---- files ------------------------------------------------------------------------------- */

static struct error *write_file(const char *directory, const char *file, const char *first,
                                const char *second, mode_t mode)
{
    char *path = NULL;
    char *text = NULL;
    struct error *error = NULL;

    if (asprintf(&path, "%s/%s", directory, file) < 0)
        return error_no_memory();
    if (asprintf(&text, "%s%s", first, second) < 0)
        error = error_no_memory();
    else
        error = atomic_file_write(path, ATOMIC_FILE_REPLACE, mode, text, strlen(text));
    free(text);
    free(path);
    return error;
}

static struct error *write_files(const char *directory, const struct live_files *files)
{
    char *full = NULL;
    struct error *error = write_file(directory, "cert.pem", files->certificate, "", 0644);

    if (error == NULL)
        error = write_file(directory, "chain.pem", files->chain, "", 0644);
    if (error == NULL)
        error = write_file(directory, "fullchain.pem", files->certificate, files->chain, 0644);
    if (error != NULL || files->key == NULL)
        return error;
    if (asprintf(&full, "%s%s", files->certificate, files->chain) < 0)
        return error_no_memory();
    error = write_file(directory, "privkey.pem", files->key, "", 0600);
    if (error == NULL)
        error = write_file(directory, "bundle.pem", files->key, full, 0600);
    free(full);
    return error;
}

/* ---- switching --------------------------------------------------------------------------- */

/* Whether the live directory is that of this change already. */
static bool is_switched(const char *live, const struct live_files *files)
{
    char *path = NULL;
    char *text = NULL;
    struct error *error;
    bool same;

    if (asprintf(&path, "%s/cert.pem", live) < 0)
        return false;
    error = file_read_text(path, &text);
    same = error == NULL && strcmp(text, files->certificate) == 0;
    error_free(error); /* there is none yet */
    free(text);
    free(path);
    return same;
}

/*
 * The exchange is one operation of the kernel (renameat2(2)); a file system that has none gets two
 * renames, between which live/NAME is missing.
 */
static struct error *exchange(const char *fresh, const char *live, const char *archived)
{
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, live, RENAME_EXCHANGE) == 0)
        return rename(fresh, archived) == 0 ? NULL : failed("keep the previous files in", archived);
    if (errno == ENOENT)
        return rename(fresh, live) == 0 ? NULL : failed("make", live);
    if (errno != EINVAL && errno != ENOSYS)
        return failed("switch", live);
    if (rename(live, archived) != 0 || rename(fresh, live) != 0)
        return failed("switch", live);
    return NULL;
}

static struct error *switch_to(const char *fresh, const char *live, const char *archived,
                               const struct live_files *files)
{
    struct error *error;

    if (is_switched(live, files)) { /* and what is left at `fresh` is what was there before */
        if (rename(fresh, archived) != 0 && errno != ENOENT)
            return failed("keep the previous files in", archived);
        return NULL;
    }
    error = directory_make(fresh);
    if (error == NULL)
        error = write_files(fresh, files);
    if (error == NULL)
        error = directory_sync(fresh);
    return error != NULL ? error : exchange(fresh, live, archived);
}

struct error *live_switch(const struct state *state, const char *name, const char *id,
                          const struct live_files *files)
{
    char *live = NULL;
    char *fresh = NULL;
    char *archived = NULL;
    char *parent = NULL;
    char *archive = NULL;
    struct error *error = make_places(state, name);

    if (error == NULL)
        error = state_path(state, &parent, "live");
    if (error == NULL)
        error = state_path(state, &archive, "archive/%s", name);
    if (error == NULL)
        error = state_path(state, &live, "live/%s", name);
    if (error == NULL)
        error = state_path(state, &fresh, "live/.%s.%s", name, id);
    if (error == NULL)
        error = state_path(state, &archived, "archive/%s/until-%s", name, id);
    if (error == NULL)
        error = switch_to(fresh, live, archived, files);
    if (error == NULL)
        error = directory_sync(archive);
    if (error == NULL)
        error = directory_sync(parent);
    free(archived);
    free(fresh);
    free(live);
    free(parent);
    free(archive);
    return error;
}
