/* SPDX-License-Identifier: BSD-2-Clause */
#include "ca.h"

#include <string.h>

static const struct ca *const cas[] = {&manual_ca};

struct error *ca_find(const struct run *run, const struct job *job, const struct ca **out)
{
    const char *name = job_get(job, JOB_CA);

    (void)run;
    for (size_t i = 0; i < sizeof(cas) / sizeof(cas[0]); i++)
        if (strcmp(cas[i]->type, name) == 0) {
            *out = cas[i];
            return NULL;
        }
    return error_new(ERROR_ARGUMENT, "there is no CA called %s", name);
}
