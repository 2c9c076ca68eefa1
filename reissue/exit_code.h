/* SPDX-License-Identifier: BSD-2-Clause */
/* How a command ends that failed. */
#ifndef REISSUE_EXIT_CODE_H
#define REISSUE_EXIT_CODE_H

#include "card/error.h"

#include <stdbool.h>

/* The documented exit code for an error. */
int exit_code_of(const struct error *error);

/* The error's kind in a word, for machines: "pin-wrong". */
const char *error_name(const struct error *error);

/* Says what went wrong on standard error (with `json`, as an object on standard output as well),
   frees the error, and returns its exit code. */
int command_fail(struct error *error, bool json);

#endif
