/* SPDX-License-Identifier: BSD-2-Clause */
#include "file.h"

#include "crypto.h"
#include "file_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct error *file_read_text(const char *path, char **out)
{
    struct buffer bytes = {0};
    struct error *error = file_load(path, FILE_SIZE_MAX, &bytes);

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
        return error_new(ERROR_FILE, "cannot tell the current directory: %s", strerror(errno));
    length = asprintf(out, "%s/%s", directory, path);
    free(directory);
    return length < 0 ? error_no_memory() : NULL;
}
