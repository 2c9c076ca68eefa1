/* SPDX-License-Identifier: BSD-2-Clause */
#include "buffer.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static struct error *buffer_reserve(struct buffer *buffer, size_t more)
{
    if (more > SIZE_MAX / 2 - buffer->length)
        return error_no_memory();
    size_t wanted = buffer->length + more;
    if (wanted <= buffer->capacity)
        return NULL;
    size_t capacity = wanted < 64 ? 64 : wanted * 2;
    uint8_t *bytes = malloc(capacity); /* not realloc(), which leaves a copy behind */
    if (bytes == NULL)
        return error_no_memory();
    if (buffer->length > 0)
        memcpy(bytes, buffer->bytes, buffer->length);
    size_t length = buffer->length;
    buffer_clear(buffer);
    *buffer = (struct buffer){bytes, length, capacity};
    return NULL;
}

struct error *buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    if (length == 0)
        return NULL;
    struct error *error = buffer_reserve(buffer, length);
    if (error != NULL)
        return error;
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    return NULL;
}

void buffer_clear(struct buffer *buffer)
{
    if (buffer->bytes != NULL)
        OPENSSL_cleanse(buffer->bytes, buffer->length);
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}
