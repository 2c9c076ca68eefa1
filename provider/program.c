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

/* Reads the command line: words that end in NUL, and one NUL more. Returns their length. */
static size_t read_command_line(char line[COMMAND_LINE_MAX + 2])
{
    FILE *file = fopen("/proc/self/cmdline", "re");
    size_t length = file == NULL ? 0 : fread(line, 1, COMMAND_LINE_MAX, file);

    if (file != NULL)
        fclose(file);
    line[length] = line[length + 1] = '\0';
    return length;
}

/* The word after this one; the empty one at the end. */
static const char *next_word(const char *word)
{
    return word[0] == '\0' ? word : word + strlen(word) + 1;
}

bool program_makes_keys(void)
{
    char line[COMMAND_LINE_MAX + 2];

    return read_command_line(line) > 0 && strcmp(base_name(line), "openssl") == 0 &&
           is_subcommand_that_makes_keys(next_word(line));
}

char *program_output(void)
{
    char line[COMMAND_LINE_MAX + 2];
    const char *word;

    if (read_command_line(line) == 0 || strcmp(base_name(line), "openssl") != 0)
        return NULL;
    word = next_word(line);
    if (strcmp(word, "genpkey") != 0)
        return NULL;
    while (word[0] != '\0' && strcmp(word, "-out") != 0 && strcmp(word, "--out") != 0)
        word = next_word(word);
    word = next_word(word);
    return word[0] == '\0' || strcmp(word, "-") == 0 ? NULL : strdup(word);
}
