/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever is in the configuration file, as a file in memory. */
#include "reissue/config.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct config *config = NULL;
    int descriptor = memfd_create("config", MFD_CLOEXEC);

    if (descriptor < 0 || write(descriptor, data, size) != (ssize_t)size)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    error_free(config_open(path, &config));
    config_free(config);
    close(descriptor);
    return 0;
}
