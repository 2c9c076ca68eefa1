/* SPDX-License-Identifier: BSD-2-Clause */
#include "secret.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct secret {
    uint8_t *pages;
    size_t size;   /* of the pages */
    size_t length; /* of what is in them */
};

static size_t round_to_pages(size_t length)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return length == 0 ? page : (length + page - 1) / page * page;
}

static uint8_t *pages_new(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    /* Best effort, both: RLIMIT_MEMLOCK may be small, and a PIN that can be swapped out still
       signs. MADV_WIPEONFORK would be wrong: a forked worker goes on with its parent's PIN. */
    (void)mlock(pages, size);
    (void)madvise(pages, size, MADV_DONTDUMP);
    return pages;
}

struct error *secret_new_area(size_t length, struct secret **out)
{
    *out = NULL;
    struct secret *secret = calloc(1, sizeof(*secret));
    if (secret == NULL)
        return error_no_memory();
    secret->size = round_to_pages(length);
    secret->length = length;
    secret->pages = pages_new(secret->size);
    if (secret->pages == NULL) {
        free(secret);
        return error_no_memory();
    }
    *out = secret;
    return NULL;
}

struct error *secret_new(const void *bytes, size_t length, struct secret **out)
{
    *out = NULL;
    if (length > SECRET_MAX)
        return error_new(ERROR_ARGUMENT, "a secret of %zu bytes is too long: %d at most", length,
                         SECRET_MAX);
    struct error *error = secret_new_area(length, out);
    if (error == NULL && bytes != NULL && length > 0)
        memcpy((*out)->pages, bytes, length);
    return error;
}

uint8_t *secret_bytes(struct secret *secret)
{
    return secret->pages;
}

size_t secret_length(const struct secret *secret)
{
    return secret->length;
}

void secret_truncate(struct secret *secret, size_t length)
{
    if (length >= secret->length)
        return;
    OPENSSL_cleanse(secret->pages + length, secret->length - length);
    secret->length = length;
}

void secret_free(struct secret *secret)
{
    if (secret == NULL)
        return;
    OPENSSL_cleanse(secret->pages, secret->size);
    (void)munmap(secret->pages, secret->size);
    free(secret);
}
