/* SPDX-License-Identifier: BSD-2-Clause */
/* Files: read whole, written as a whole or not at all, whatever happens meanwhile. */
#ifndef REISSUE_FILE_H
#define REISSUE_FILE_H

#include "card/buffer.h"
#include "card/error.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * Writes a file with these permissions, replacing what has its name, durably: a temporary file
 * beside it, fsync, rename, fsync of the directory. ERROR_FILE.
 */
struct error *file_write(const char *path, const void *bytes, size_t length,
                         mode_t mode) MUST_CHECK;

/* All bytes of a file of at most FILE_SIZE_MAX, appended to `out`; "-" is the standard input. */
struct error *file_read(const char *path, struct buffer *out) MUST_CHECK;

/* A text file of at most FILE_SIZE_MAX bytes, for free(). ERROR_FILE, _NOT_FOUND. */
#define FILE_SIZE_MAX (1024 * 1024)
struct error *file_read_text(const char *path, char **out) MUST_CHECK;

/* The same file by a name that is good in every directory, for free(); URIs stay as they are. */
struct error *file_absolute(const char *path, char **out) MUST_CHECK;

#endif
