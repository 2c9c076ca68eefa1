/* SPDX-License-Identifier: BSD-2-Clause */
#include "atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file on its way. */
struct atomic_file {
    const char *path; /* for messages */
    char *copy;       /* which `name` points into */
    const char *name; /* in `directory` */
    int directory;
    int descriptor;
    char temporary[40]; /* its name in `directory`, or "" */
};

static struct error *failed(const struct atomic_file *file, const char *step)
{
    return error_new(ERROR_FILE, "cannot write %s: %s: %s", file->path, step, strerror(errno));
}

static struct error *open_directory(struct atomic_file *file)
{
    char *parent = strdup(file->path);

    file->copy = strdup(file->path);
    if (parent == NULL || file->copy == NULL) {
        free(parent);
        return error_no_memory();
    }
    file->name = basename(file->copy);
    file->directory = open(dirname(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(parent);
    return file->directory < 0 ? failed(file, "its directory") : NULL;
}

/* Looks at what is there: `status->st_nlink` is 0 where there is nothing. */
static struct error *look(const struct atomic_file *file, enum atomic_file_policy policy,
                          struct stat *status)
{
    memset(status, 0, sizeof(*status));
    if (fstatat(file->directory, file->name, status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            return failed(file, "looking for it");
        memset(status, 0, sizeof(*status));
        return NULL;
    }
    if (policy == ATOMIC_FILE_NEW)
        return error_new(ERROR_FILE, "%s exists already, and is not overwritten", file->path);
    if (S_ISLNK(status->st_mode))
        return error_new(ERROR_FILE,
                         "%s is a symbolic link, which is neither followed nor replaced: name the "
                         "file itself, or remove the link",
                         file->path);
    if (!S_ISREG(status->st_mode))
        return error_new(ERROR_FILE, "%s is not a regular file", file->path);
    return NULL;
}

static struct error *create(struct atomic_file *file)
{
    uint64_t number;

    for (int tries = 0; tries < 100; tries++) {
        if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
            return failed(file, "random bytes for a temporary name");
        (void)snprintf(file->temporary, sizeof(file->temporary), ".reissue-%016" PRIx64 ".tmp",
                       number);
        file->descriptor = openat(file->directory, file->temporary,
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file->descriptor >= 0)
            return NULL;
        if (errno != EEXIST)
            break;
    }
    file->temporary[0] = '\0';
    return failed(file, "creating a temporary file beside it");
}

/* Before there is anything in it. */
static struct error *set_owner(const struct atomic_file *file, const struct stat *old, mode_t mode)
{
    struct stat status;

    if (fstat(file->descriptor, &status) != 0)
        return failed(file, "looking at the temporary file");
    if (old->st_nlink > 0 && (old->st_uid != status.st_uid || old->st_gid != status.st_gid) &&
        fchown(file->descriptor, old->st_uid, old->st_gid) != 0)
        return failed(file, "giving it the owner and the group that it has");
    return fchmod(file->descriptor, mode) != 0 ? failed(file, "setting its mode") : NULL;
}

static struct error *fill(struct atomic_file *file, const uint8_t *bytes, size_t length)
{
    int descriptor = file->descriptor;

    while (length > 0) {
        ssize_t written = write(descriptor, bytes, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return failed(file, "writing");
        bytes += written;
        length -= (size_t)written;
    }
    if (fsync(descriptor) != 0)
        return failed(file, "syncing");
    file->descriptor = -1;
    return close(descriptor) != 0 ? failed(file, "closing") : NULL;
}

static struct error *move(struct atomic_file *file, enum atomic_file_policy policy)
{
    unsigned flags = policy == ATOMIC_FILE_NEW ? RENAME_NOREPLACE : 0;

    if (renameat2(file->directory, file->temporary, file->directory, file->name, flags) != 0)
        return failed(file, "renaming the temporary file");
    file->temporary[0] = '\0';
    return fsync(file->directory) != 0 ? failed(file, "syncing its directory") : NULL;
}

static void finish(struct atomic_file *file)
{
    if (file->descriptor >= 0)
        (void)close(file->descriptor); /* the file goes anyway */
    if (file->temporary[0] != '\0')
        (void)unlinkat(file->directory, file->temporary, 0);
    if (file->directory >= 0)
        (void)close(file->directory);
    free(file->copy);
}

struct error *atomic_file_write(const char *path, enum atomic_file_policy policy, mode_t mode,
                                const void *bytes, size_t length)
{
    struct atomic_file file = {.path = path, .directory = -1, .descriptor = -1};
    struct stat old;
    struct error *error = open_directory(&file);

    if (error == NULL)
        error = look(&file, policy, &old);
    if (error == NULL)
        error = create(&file);
    if (error == NULL)
        error = set_owner(&file, &old, mode);
    if (error == NULL)
        error = fill(&file, bytes, length);
    if (error == NULL)
        error = move(&file, policy);
    finish(&file);
    return error;
}

struct error *directory_sync(const char *directory)
{
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct error *error = NULL;

    if (descriptor < 0 || fsync(descriptor) != 0)
        error =
            error_new(ERROR_FILE, "cannot sync the directory %s: %s", directory, strerror(errno));
    if (descriptor >= 0)
        (void)close(descriptor);
    return error;
}

struct error *directory_make(const char *path)
{
    char *copy;
    struct error *error;

    if (mkdir(path, 0755) != 0)
        return errno == EEXIST ? NULL
                               : error_new(ERROR_FILE, "cannot make the directory %s: %s", path,
                                           strerror(errno));
    copy = strdup(path);
    error = copy == NULL ? error_no_memory() : directory_sync(dirname(copy));
    free(copy);
    return error;
}
