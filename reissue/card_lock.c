/* SPDX-License-Identifier: BSD-2-Clause */
#include "card_lock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Everybody may write here, in Debian and by the Filesystem Hierarchy Standard 3.0 (5.9). */
#define DIRECTORY "/run/lock"

/* A serial number comes from a card: what could be a path in it is left out. */
static struct error *lock_path(const char *serial, char **out)
{
    char safe[64] = {0};
    size_t length = 0;

    for (; *serial != '\0' && length + 1 < sizeof(safe); serial++)
        if (isalnum((unsigned char)*serial))
            safe[length++] = *serial;
    if (asprintf(out, DIRECTORY "/reissue-card-%s", length > 0 ? safe : "unknown") < 0)
        return error_no_memory();
    return NULL;
}

/* The file stays: taking it away would let two processes lock two files of the same name. */
static struct error *lock_file(const char *path, const char *serial, int *out)
{
    int file = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (file < 0)
        return error_new(ERROR_BUSY, "cannot make the card's lock %s: %s", path, strerror(errno));
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
        *out = file;
        return NULL;
    }
    (void)close(file);
    return error_new(ERROR_BUSY,
                     "another reissue is changing the card %s: try again when it is done", serial);
}

struct error *card_lock(struct card *card, int *out)
{
    const char *serial;
    char *path = NULL;
    struct error *error = card_serial(card, &serial);

    *out = -1;
    if (error != NULL && error_code(error) != ERROR_NOT_FOUND)
        return error;
    if (error != NULL)
        serial = "without a serial number";
    error_free(error);
    error = lock_path(serial, &path);
    if (error == NULL)
        error = lock_file(path, serial, out);
    free(path);
    return error;
}
