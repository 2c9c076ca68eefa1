/* SPDX-License-Identifier: BSD-2-Clause */
#include "file.h"

#include "crypto.h"

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

struct error *file_write(const char *path, const void *bytes, size_t length, mode_t mode)
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

static struct error *read_all(int file, const char *path, struct buffer *out)
{
    char part[8192];
    struct error *error = NULL;
    size_t total = 0;

    while (error == NULL) {
        ssize_t got = read(file, part, sizeof(part));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed("read", path);
        if (got == 0)
            break;
        total += (size_t)got;
        error = total > FILE_SIZE_MAX
                    ? error_new(ERROR_FILE, "cannot read %s: it has more than %d bytes", path,
                                FILE_SIZE_MAX)
                    : buffer_append(out, part, (size_t)got);
    }
    OPENSSL_cleanse(part, sizeof(part));
    return error;
}

struct error *file_read(const char *path, struct buffer *out)
{
    bool standard = strcmp(path, "-") == 0;
    int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct error *error;

    if (file < 0)
        return failed("open", path);
    error = read_all(file, path, out);
    if (!standard)
        (void)close(file);
    return error;
}

struct error *file_read_text(const char *path, char **out)
{
    struct buffer bytes = {0};
    struct error *error = file_read(path, &bytes);

    *out = NULL;
    if (error == NULL && bytes.length > 0 && memchr(bytes.bytes, 0, bytes.length) != NULL)
        error = error_new(ERROR_FILE, "cannot read %s: it is no text", path);
    if (error == NULL) {
        *out = strndup(bytes.length == 0 ? "" : (const char *)bytes.bytes, bytes.length);
        error = *out == NULL ? error_no_memory() : NULL;
    }
    buffer_clear(&bytes);
    return error;
}

struct error *file_absolute(const char *path, char **out)
{
    char *directory;
    int length;

    if (path[0] == '/' || crypto_is_card_uri(path)) {
        *out = strdup(path);
        return *out == NULL ? error_no_memory() : NULL;
    }
    directory = getcwd(NULL, 0);
    if (directory == NULL)
        return failed("tell the current directory of", path);
    length = asprintf(out, "%s/%s", directory, path);
    free(directory);
    return length < 0 ? error_no_memory() : NULL;
}
