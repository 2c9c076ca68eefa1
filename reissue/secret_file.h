/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A secret for the programs that are started from here, as a "file" that is on no disk: anonymous
 * memory that they inherit and read by a path, and that goes with the last of them.
 */
#ifndef REISSUE_SECRET_FILE_H
#define REISSUE_SECRET_FILE_H

#include "card/error.h"
#include "card/secret.h"

#include <stddef.h>

/*
 * Puts the secret into such a file. `path` (room for `size` bytes, 32 are enough) gets the name by
 * which this process's children find it. The descriptor stays open until this process ends.
 */
struct error *secret_file_new(struct secret *secret, char *path, size_t size) MUST_CHECK;

#endif
