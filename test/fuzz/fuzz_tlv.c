/* SPDX-License-Identifier: BSD-2-Clause */
/* Data objects, and those inside of them, from any bytes. */
#include "tlv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const uint8_t *bytes, size_t length, int depth)
{
    struct tlv_reader reader;
    struct error *error = NULL;
    tlv_reader_init(&reader, bytes, length);
    while (error == NULL && !tlv_reader_done(&reader)) {
        struct tlv object;
        error = tlv_read(&reader, &object);
        if (error != NULL)
            continue;
        if (object.value < bytes || object.length > (size_t)(bytes + length - object.value))
            abort();
        if (depth < 8)
            read_all(object.value, object.length, depth + 1);
    }
    error_free(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_all(data, size, 0);
    return 0;
}
