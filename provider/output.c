/* SPDX-License-Identifier: BSD-2-Clause */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The most that is looked at: a reference is the first thing in its file. */
#define FILE_MAX 65536

/* Whether the directory of `path` can be written to. */
static bool is_directory_writable(const char *path)
{
    char *copy = strdup(path);
    char *slash = copy == NULL ? NULL : strrchr(copy, '/');
    bool writable;

    if (slash != NULL)
        slash[slash == copy ? 1 : 0] = '\0';
    writable = faccessat(AT_FDCWD, slash == NULL ? "." : copy, W_OK | X_OK, AT_EACCESS) == 0;
    free(copy);
    return writable;
}

struct error *output_check(const char *path)
{
    bool writable = faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 ||
                    (errno == ENOENT && is_directory_writable(path));

    if (writable)
        return NULL;
    return error_new(ERROR_ARGUMENT,
                     "%s cannot be written (%s), and no key was made: name another file", path,
                     strerror(errno));
}

static bool is_in(int file, const uint8_t *bytes, size_t length)
{
    uint8_t *content = malloc(FILE_MAX);
    ssize_t count = content == NULL ? -1 : read(file, content, FILE_MAX);
    bool found =
        content == NULL || (count > 0 && memmem(content, (size_t)count, bytes, length) != NULL);

    free(content);
    return found;
}

bool output_holds(const char *path, const uint8_t *bytes, size_t length)
{
    struct stat status;
    int file;
    bool found;

    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return true;
    file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    found = file >= 0 && is_in(file, bytes, length);
    if (file >= 0)
        close(file);
    return found;
}

void output_report_loss(const char *report, struct error *error)
{
    char *text = error_describe(error);
    const char *what = text != NULL ? text : error_message(error);
    FILE *file = report == NULL ? NULL : fopen(report, "ae");

    fprintf(stderr, "card: %s\n", what);
    if (file != NULL) {
        fprintf(file, "%s\n", what);
        fclose(file);
    }
    free(text);
    error_free(error);
}
