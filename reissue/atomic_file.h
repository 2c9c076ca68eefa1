/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that are there whole or not at all, and that survive a power cut once they are written: a
 * temporary file in the same directory, synced, renamed, and the directory synced.
 */
#ifndef REISSUE_ATOMIC_FILE_H
#define REISSUE_ATOMIC_FILE_H

#include "card/error.h"

#include <stddef.h>
#include <sys/types.h>

enum atomic_file_policy {
    ATOMIC_FILE_REPLACE, /* a regular file that is there is replaced, and keeps owner and group */
    ATOMIC_FILE_NEW,     /* a file that is there is an error */
};

/*
 * Writes `length` bytes to `path`, in a directory that exists, with exactly that mode, whatever the
 * umask. What is there and is no regular file stays: a symbolic link is an error, never followed
 * and never replaced. ERROR_FILE, and then `path` is what it was, but for one case: the last step,
 * which makes the rename durable, failed.
 */
struct error *atomic_file_write(const char *path, enum atomic_file_policy policy, mode_t mode,
                                const void *bytes, size_t length) MUST_CHECK;

/* Makes a directory (0755) in one that exists, durably; one that is there is as well. ERROR_FILE.
 */
struct error *directory_make(const char *path) MUST_CHECK;

/* Makes what was created, renamed or removed in `directory` durable. ERROR_FILE. */
struct error *directory_sync(const char *directory) MUST_CHECK;

#endif
