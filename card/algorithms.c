/* SPDX-License-Identifier: BSD-2-Clause */
#include "algorithms.h"

#include <stdio.h>
#include <strings.h>

void card_algorithms_add(struct card_algorithms *set, const char *name)
{
    if (set->count < CARD_ALGORITHMS_MAX && !card_algorithms_have(set, name))
        set->names[set->count++] = name;
}

bool card_algorithms_have(const struct card_algorithms *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcasecmp(set->names[i], name) == 0)
            return true;
    return false;
}

void card_algorithms_text(const struct card_algorithms *set, char out[CARD_ALGORITHMS_TEXT_MAX])
{
    size_t used = (size_t)snprintf(out, CARD_ALGORITHMS_TEXT_MAX, "%s",
                                   set->count == 0 ? "none" : set->names[0]);
    for (size_t i = 1; i < set->count && used < CARD_ALGORITHMS_TEXT_MAX; i++)
        used +=
            (size_t)snprintf(out + used, CARD_ALGORITHMS_TEXT_MAX - used, ", %s", set->names[i]);
}
