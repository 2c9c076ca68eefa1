/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file that a new key's reference goes to, where the program does not make sure of it itself:
 * see program_output().
 */
#ifndef PROVIDER_OUTPUT_H
#define PROVIDER_OUTPUT_H

#include "card/card.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a file can be written there, before there is a key; ERROR_ARGUMENT says why not. */
struct error *output_check(const char *path) MUST_CHECK;

/* Whether the file holds those bytes; true as well for what is no file, such as a terminal. */
bool output_holds(const char *path, const uint8_t *bytes, size_t length);

/*
 * Says, on standard error, what became of a key whose reference was lost: there is nobody to return
 * it to any more. Appended to the file `report` as well, where there is one. Frees the error.
 */
void output_report_loss(const char *report, struct error *error);

#endif
