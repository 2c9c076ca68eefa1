/* SPDX-License-Identifier: BSD-2-Clause */
/* What uri.c and uri_format.c share. */
#ifndef CARD_URI_INTERNAL_H
#define CARD_URI_INTERNAL_H

#include "uri.h"

/* The words for enum card_object_type; NULL for CARD_OBJECT_ANY. */
extern const char *const uri_type_names[];

#endif
