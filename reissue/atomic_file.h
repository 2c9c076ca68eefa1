/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are there as a whole or not at all, whatever happens while they are written. */
#ifndef REISSUE_ATOMIC_FILE_H
#define REISSUE_ATOMIC_FILE_H

#include "card/error.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * Writes a file with these permissions, replacing what has its name, durably: a temporary file
 * beside it, fsync, rename, fsync of the directory. ERROR_FILE.
 */
struct error *atomic_file_write(const char *path, const void *bytes, size_t length,
                                mode_t mode) MUST_CHECK;

/* A text file of at most ATOMIC_FILE_MAX bytes, for free(). ERROR_FILE, _NOT_FOUND. */
#define ATOMIC_FILE_MAX (1024 * 1024)
struct error *atomic_file_read(const char *path, char **out) MUST_CHECK;

#endif
