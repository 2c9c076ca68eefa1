/* SPDX-License-Identifier: BSD-2-Clause */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error *unreadable(const char *path, const char *why)
{
    return error_new(ERROR_ARGUMENT, "cannot read %s: %s", path, why);
}

static struct error *read_all(int descriptor, const char *path, size_t most, uint8_t *bytes,
                              size_t *length)
{
    *length = 0;
    for (;;) {
        ssize_t count = read(descriptor, bytes + *length, most + 1 - *length);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return unreadable(path, strerror(errno));
        if (count == 0)
            return *length > 0 ? NULL : unreadable(path, "it is empty");
        *length += (size_t)count;
        if (*length > most)
            return unreadable(path, "it is too long for what it should hold");
    }
}

struct error *file_read(const char *path, size_t most, uint8_t **bytes, size_t *length)
{
    bool standard = strcmp(path, "-") == 0;
    int descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct error *error = NULL;

    *bytes = NULL;
    if (descriptor < 0)
        return unreadable(path, strerror(errno));
    *bytes = malloc(most + 1);
    error = *bytes == NULL ? error_no_memory() : read_all(descriptor, path, most, *bytes, length);
    if (!standard)
        (void)close(descriptor);
    if (error != NULL) {
        free(*bytes);
        *bytes = NULL;
    }
    return error;
}

/* ---- writing ----------------------------------------------------------------------------- */

static struct error *unwritable(const char *path)
{
    return error_new(ERROR_ARGUMENT, "cannot write %s: %s", path, strerror(errno));
}

struct error *file_new_begin(struct file_new *file, const char *path, mode_t mode)
{
    struct stat status;

    *file = (struct file_new){.path = path, .descriptor = -1};
    if (lstat(path, &status) == 0)
        return error_new(ERROR_ARGUMENT, "%s exists, and is not overwritten: name another file",
                         path);
    if (asprintf(&file->temporary, "%s.XXXXXX", path) < 0) {
        file->temporary = NULL;
        return error_no_memory();
    }
    file->descriptor = mkostemp(file->temporary, O_CLOEXEC);
    if (file->descriptor >= 0 && fchmod(file->descriptor, mode) == 0)
        return NULL;
    struct error *error = unwritable(path);
    file_new_drop(file);
    return error;
}

static bool write_all(int descriptor, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = write(descriptor, bytes, length);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        bytes += count;
        length -= (size_t)count;
    }
    return fsync(descriptor) == 0;
}

static bool sync_directory(const char *path)
{
    char *copy = strdup(path);
    int directory = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = directory >= 0 && fsync(directory) == 0;

    free(copy);
    if (directory >= 0)
        (void)close(directory);
    return good;
}

/* link() refuses a name that is taken, which rename() would replace. */
struct error *file_new_keep(struct file_new *file, const void *bytes, size_t length)
{
    if (!write_all(file->descriptor, bytes, length) || link(file->temporary, file->path) != 0 ||
        !sync_directory(file->path))
        return unwritable(file->path);
    file_new_drop(file);
    return NULL;
}

void file_new_drop(struct file_new *file)
{
    if (file->temporary == NULL)
        return;
    if (file->descriptor >= 0) {
        (void)close(file->descriptor);
        (void)unlink(file->temporary);
    }
    free(file->temporary);
    file->temporary = NULL;
    file->descriptor = -1;
}
