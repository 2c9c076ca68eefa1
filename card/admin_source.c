/* SPDX-License-Identifier: BSD-2-Clause */
/* Where management keys and admin PINs come from. */
#include "card.h"
#include "pin_source.h"

#include <string.h>

struct error *card_admin_read(const char *source, struct secret **out)
{
    *out = NULL;
    if (strcmp(source, "factory") == 0)
        return NULL;
    struct error *error = pin_source_read(source, out);
    return error == NULL
               ? NULL
               : error_wrap(error, error_code(error), "cannot get the management key or admin PIN");
}
