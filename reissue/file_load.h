/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading files that may be anything: whole, and only up to a bound. */
#ifndef REISSUE_FILE_LOAD_H
#define REISSUE_FILE_LOAD_H

#include "card/buffer.h"
#include "card/error.h"

#include <stddef.h>

/*
 * Reads the regular file or pipe `path`, or what comes from the standard input where that is "-",
 * into the empty buffer `out`. Nobody waits long for a pipe: not for a writer, and ten seconds for
 * what it writes. ERROR_NOT_FOUND; ERROR_FILE where it cannot be read, is something else, or has
 * more than `max` bytes.
 */
struct error *file_load(const char *path, size_t max, struct buffer *out) MUST_CHECK;

/*
 * The same for a file with a secret in it. ERROR_FILE also where others than the owner may read it,
 * or the owner is neither root nor this user. Files below $CREDENTIALS_DIRECTORY are exempt:
 * systemd guards them by an access list, and their mode says 0440.
 */
struct error *file_load_secret(const char *path, size_t max, struct buffer *out) MUST_CHECK;

/* The same for a secret that is a text: without the end of its line, and with a NUL behind it,
   which does not count. ERROR_FILE also where there is none. */
struct error *file_load_secret_text(const char *path, size_t max, struct buffer *out) MUST_CHECK;

/* What file_load_secret() would say of the file, without reading it. */
struct error *file_check_secret(const char *path) MUST_CHECK;

#endif
