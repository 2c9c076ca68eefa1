/* SPDX-License-Identifier: BSD-2-Clause */
#include "secret_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct error *secret_file_new(struct secret *secret, char *path, size_t size)
{
    int descriptor = memfd_create("reissue", 0); /* without CLOEXEC, so that it is inherited */
    const uint8_t *bytes = secret_bytes(secret);
    size_t left = secret_length(secret);

    while (descriptor >= 0 && left > 0) {
        ssize_t written = write(descriptor, bytes, left);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            break;
        bytes += written;
        left -= (size_t)written;
    }
    if (descriptor >= 0 && left == 0) {
        (void)snprintf(path, size, "/proc/self/fd/%d", descriptor);
        return NULL;
    }
    return error_new(ERROR_INTERNAL, "cannot keep the PIN in memory: %s", strerror(errno));
}
