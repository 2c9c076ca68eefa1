/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that make names share. */
#ifndef REISSUE_NAMES_INTERNAL_H
#define REISSUE_NAMES_INTERNAL_H

#include "names.h"

/* Longer texts than that are cut; a proper name is never that long. */
#define NAME_TEXT_MAX 400

/* Takes the name over, and frees it where it is there already; its text is NULL where there was no
 * memory for it. */
struct error *names_append(struct names *names, struct name name) MUST_CHECK;

/* As names_add(), of a type that is known; not NAME_OTHER. */
struct error *names_add_typed(struct names *names, enum name_type type,
                              const char *text) MUST_CHECK;

#endif
