/* SPDX-License-Identifier: BSD-2-Clause */
/* Files as texts, and their names. */
#ifndef REISSUE_FILE_H
#define REISSUE_FILE_H

#include "card/error.h"

/* A text file of at most FILE_SIZE_MAX bytes, for free(). ERROR_FILE, _NOT_FOUND. */
#define FILE_SIZE_MAX (1024 * 1024)
struct error *file_read_text(const char *path, char **out) MUST_CHECK;

/* The same file by a name that is good in every directory, for free(); URIs stay as they are. */
struct error *file_absolute(const char *path, char **out) MUST_CHECK;

#endif
