/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are read whole, and files that are written whole or not at all. */
#ifndef REISSUE_FILE_H
#define REISSUE_FILE_H

#include "card/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The whole file ("-": standard input), of at most `most` bytes; the caller frees *bytes. */
struct error *file_read(const char *path, size_t most, uint8_t **bytes, size_t *length) MUST_CHECK;

/*
 * A file that is to be written, under a name of its own until file_new_keep(). Making it first
 * shows early that it will be possible.
 */
struct file_new {
    const char *path; /* what it shall be called; belongs to the caller */
    char *temporary;
    int descriptor;
};

/* ERROR_ARGUMENT where `path` exists, or cannot be written. `mode` as for open(). */
struct error *file_new_begin(struct file_new *file, const char *path, mode_t mode) MUST_CHECK;

/* Writes the content, durably, and gives the file its name, if there is none of that name still. */
struct error *file_new_keep(struct file_new *file, const void *bytes, size_t length) MUST_CHECK;

/* Leaves nothing behind, unless the file was kept. Fine for a zeroed struct. */
void file_new_drop(struct file_new *file);

#endif
