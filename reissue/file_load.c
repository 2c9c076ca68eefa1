/* SPDX-License-Identifier: BSD-2-Clause */
#include "file_load.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK        16384
#define PIPE_WAIT_MS 10000

static struct error *cannot_read(const char *path)
{
    return error_new(errno == ENOENT ? ERROR_NOT_FOUND : ERROR_FILE, "cannot read %s: %s", path,
                     strerror(errno));
}

/* A shell's <(command) is a pipe whose writer may need a moment. */
static bool wait_for_writer(int descriptor)
{
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};

    return errno == EAGAIN && poll(&wanted, 1, PIPE_WAIT_MS) > 0;
}

static struct error *read_all(int descriptor, const char *path, size_t max, struct buffer *out)
{
    uint8_t block[BLOCK];
    struct error *error = NULL;

    while (error == NULL) {
        ssize_t length = read(descriptor, block, sizeof(block));

        if (length < 0 && (errno == EINTR || wait_for_writer(descriptor)))
            continue;
        if (length < 0)
            error = cannot_read(path);
        if (length <= 0)
            break;
        if (out->length + (size_t)length > max)
            error = error_new(ERROR_FILE, "%s is longer than %zu bytes", path, max);
        else
            error = buffer_append(out, block, (size_t)length);
    }
    explicit_bzero(block, sizeof(block));
    if (error != NULL)
        buffer_clear(out);
    return error;
}

/* Whether the file is below the directory in which systemd hands out credentials. */
static bool is_credential(const char *path)
{
    const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");
    char *below = directory == NULL ? NULL : realpath(directory, NULL);
    char *real = below == NULL ? NULL : realpath(path, NULL);
    size_t length = below == NULL ? 0 : strlen(below);
    bool inside =
        real != NULL && length > 1 && strncmp(real, below, length) == 0 && real[length] == '/';

    free(below);
    free(real);
    return inside;
}

static struct error *check_owner(const char *path, const struct stat *status)
{
    if (is_credential(path))
        return NULL;
    if (status->st_uid != 0 && status->st_uid != geteuid())
        return error_new(ERROR_FILE,
                         "%s belongs to user %ld, who could change this secret: chown root %s",
                         path, (long)status->st_uid, path);
    if ((status->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return error_new(ERROR_FILE, "others can read or write %s (mode %04o): chmod 600 %s", path,
                         (unsigned)(status->st_mode & 07777), path);
    return NULL;
}

static struct error *open_file(const char *path, bool secret, int *out)
{
    struct stat status;
    struct error *error = NULL;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (descriptor < 0 || fstat(descriptor, &status) != 0)
        error = cannot_read(path);
    else if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
        error = error_new(ERROR_FILE, "%s is not a regular file", path);
    else if (secret)
        error = check_owner(path, &status);
    if (error != NULL && descriptor >= 0)
        (void)close(descriptor); /* was only read */
    *out = error == NULL ? descriptor : -1;
    return error;
}

static struct error *read_path(const char *path, bool secret, size_t max, struct buffer *out)
{
    int descriptor;
    struct error *error = open_file(path, secret, &descriptor);

    if (error == NULL) {
        error = read_all(descriptor, path, max, out);
        (void)close(descriptor);
    }
    return error;
}

struct error *file_load(const char *path, size_t max, struct buffer *out)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "the standard input", max, out);
    return read_path(path, false, max, out);
}

struct error *file_load_secret(const char *path, size_t max, struct buffer *out)
{
    return read_path(path, true, max, out);
}

struct error *file_load_secret_text(const char *path, size_t max, struct buffer *out)
{
    struct error *error = file_load_secret(path, max, out);

    while (error == NULL && out->length > 0 &&
           (out->bytes[out->length - 1] == '\n' || out->bytes[out->length - 1] == '\r'))
        out->length--;
    if (error == NULL && out->length == 0)
        error = error_new(ERROR_FILE, "there is nothing in %s", path);
    if (error == NULL)
        error = buffer_append(out, "", 1);
    if (error == NULL)
        out->length--;
    return error;
}

struct error *file_check_secret(const char *path)
{
    int descriptor;
    struct error *error = open_file(path, true, &descriptor);

    if (error == NULL)
        (void)close(descriptor);
    return error;
}
