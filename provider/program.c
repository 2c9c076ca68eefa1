/* SPDX-License-Identifier: BSD-2-Clause */
#include "program.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define COMMAND_LINE_MAX 4096

/* The file name at the end of a path. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static bool is_subcommand_that_makes_keys(const char *word)
{
    static const char *const words[] = {"genpkey", "genrsa", "ecparam", "req"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

bool program_makes_keys(void)
{
    char line[COMMAND_LINE_MAX + 1] = "";
    FILE *file = fopen("/proc/self/cmdline", "re");
    size_t length = file == NULL ? 0 : fread(line, 1, COMMAND_LINE_MAX, file);
    size_t first = strlen(line) + 1; /* the words are separated by NUL */

    if (file != NULL)
        fclose(file);
    return length > first && strcmp(base_name(line), "openssl") == 0 &&
           is_subcommand_that_makes_keys(line + first);
}
