/* SPDX-License-Identifier: BSD-2-Clause */
#include "atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error *failed(const char *what, const char *path)
{
    return error_new(errno == ENOENT ? ERROR_NOT_FOUND : ERROR_FILE, "cannot %s %s: %s", what, path,
                     strerror(errno));
}

/* ---- writing ----------------------------------------------------------------------------- */

static bool write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, bytes, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

/* Each rename is made durable by its directory. */
static bool sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    int directory = parent == NULL ? -1 : open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = directory >= 0 && fsync(directory) == 0;

    if (directory >= 0)
        (void)close(directory);
    free(parent);
    return good;
}

static bool fill_file(int file, const void *bytes, size_t length, mode_t mode)
{
    bool good = fchmod(file, mode) == 0 && write_all(file, bytes, length) && fsync(file) == 0;

    return close(file) == 0 && good;
}

struct error *atomic_file_write(const char *path, const void *bytes, size_t length, mode_t mode)
{
    struct error *error = NULL;
    char *temporary;
    int file;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return error_no_memory();
    file = mkostemp(temporary, O_CLOEXEC);
    if (file < 0) {
        error = failed("write", path);
    } else if (!fill_file(file, bytes, length, mode) || rename(temporary, path) != 0) {
        error = failed("write", path);
        (void)unlink(temporary);
    } else if (!sync_parent(path)) {
        error = failed("write the directory of", path);
    }
    free(temporary);
    return error;
}

/* ---- reading ----------------------------------------------------------------------------- */

static struct error *read_all(int file, const char *path, char *text)
{
    size_t length = 0;

    while (length <= ATOMIC_FILE_MAX) {
        ssize_t got = read(file, text + length, ATOMIC_FILE_MAX + 1 - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed("read", path);
        if (got == 0)
            break;
        length += (size_t)got;
    }
    if (length > ATOMIC_FILE_MAX)
        return error_new(ERROR_FILE, "cannot read %s: it has more than %d bytes", path,
                         ATOMIC_FILE_MAX);
    if (memchr(text, '\0', length) != NULL)
        return error_new(ERROR_FILE, "cannot read %s: it is no text", path);
    text[length] = '\0';
    return NULL;
}

struct error *atomic_file_read(const char *path, char **out)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char *text = file < 0 ? NULL : malloc(ATOMIC_FILE_MAX + 2);
    struct error *error = NULL;

    *out = NULL;
    if (file < 0)
        return failed("open", path);
    error = text == NULL ? error_no_memory() : read_all(file, path, text);
    (void)close(file);
    if (error != NULL) {
        free(text);
        return error;
    }
    *out = realloc(text, strlen(text) + 1);
    if (*out == NULL)
        *out = text;
    return NULL;
}
