/* SPDX-License-Identifier: BSD-2-Clause */
#include "ca.h"

#include "config.h"

#include <string.h>

static const struct ca *const cas[] = {&manual_ca, &acme_ca};

struct error *ca_find(const struct run *run, const struct job *job, const struct ca **out)
{
    const char *name = job_get(job, JOB_CA);
    const struct config_ca *section = config_find_ca(run->config, name);
    const char *type = section != NULL && section->type != NULL ? section->type
                       : section != NULL                        ? "acme"
                                                                : name;

    for (size_t i = 0; i < sizeof(cas) / sizeof(cas[0]); i++)
        if (strcmp(cas[i]->type, type) == 0 && (section != NULL || cas[i] == &manual_ca)) {
            *out = cas[i];
            return NULL;
        }
    return error_new(ERROR_CONFIG,
                     "there is no CA called %s: the configuration (%s) has no section [ca %s], and "
                     "by itself there is \"manual\" only",
                     name, run->config->path, name);
}
