/* SPDX-License-Identifier: BSD-2-Clause */
#include "hooks.h"

#include "job_command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct error *split(const struct config_hook *config, struct configured_hook *out)
{
    size_t count = 0;
    char *rest;

    out->text = strdup(config->command);
    if (out->text == NULL)
        return error_no_memory();
    for (char *word = strtok_r(out->text, " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest)) {
        if (count == HOOK_WORDS_MAX)
            return error_new(ERROR_CONFIG,
                             "[hook %s] has more than %d words: put them into a script",
                             config->name, HOOK_WORDS_MAX);
        out->words[count++] = word;
    }
    out->hook.path = out->words[0];
    out->hook.arguments = out->words + 1;
    out->hook.argument_count = count - 1;
    return NULL;
}

static struct error *set_timeout(const struct config_hook *config, struct hook *hook)
{
    long seconds;
    struct error *error;

    if (config->timeout == NULL)
        return NULL;
    error = duration_parse(config->timeout, &seconds);
    if (error == NULL)
        hook->timeout = (unsigned)seconds;
    return error;
}

struct error *hook_open(const struct run *run, const struct job *job, const char *name,
                        struct configured_hook *out)
{
    const struct config_hook *config = config_find_hook(run->config, name);
    struct error *error;

    *out = (struct configured_hook){0};
    if (config == NULL || config->command == NULL)
        return error_new(ERROR_CONFIG, "%s: there is no [hook %s] with a command",
                         run->config->path, name);
    out->hook.job = job->id;
    error = split(config, out);
    if (error == NULL && access(out->hook.path, X_OK) != 0)
        error = error_new(ERROR_CONFIG, "[hook %s]: %s cannot be run", name, out->hook.path);
    if (error == NULL)
        error = set_timeout(config, &out->hook);
    if (error != NULL)
        hook_close(out);
    return error;
}

void hook_close(struct configured_hook *hook)
{
    free(hook->text);
    *hook = (struct configured_hook){0};
}
