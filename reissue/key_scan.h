/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking for private keys that were written as files, where none should have been. */
#ifndef REISSUE_KEY_SCAN_H
#define REISSUE_KEY_SCAN_H

#include <stddef.h>
#include <time.h>

/* Is told of a file with a private key in it, and which label that has. */
typedef void key_scan_found(const char *path, const char *label);

/*
 * Looks through the regular files below `directory` (not through other file systems, nor links)
 * that were changed since `since`, for PEM private keys, encrypted ones as well. Key references are
 * none. Returns how many files have one.
 */
size_t key_scan(const char *directory, const struct timespec *since, key_scan_found *found);

#endif
