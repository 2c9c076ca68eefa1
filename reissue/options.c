/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"
#include "terminal.h"

#include "command.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

#define LINE_MAX_COLUMNS 80
#define HELP_COLUMN      28
#define VALUE_FIRST      256 /* getopt_long()'s values, above every character */
#define VALUE_HELP       1000

/* ---- help -------------------------------------------------------------------------------- */

/* Words to choose from that are too long for the left column. */
static bool is_long_choice(const char *argument)
{
    return argument != NULL && strchr(argument, '|') != NULL && strlen(argument) > 12;
}

/* "--name ARGUMENT" */
static size_t print_name(FILE *out, const struct option_spec *option)
{
    const char *argument = option->argument == NULL ? "" : option->argument;
    int length =
        fprintf(out, "--%s%s%s", option->name, argument[0] == '\0' || argument[0] == '[' ? "" : " ",
                is_long_choice(argument) ? "WORD" : argument);

    return length < 0 ? 0 : (size_t)length;
}

/* "what it is for: one, two or three" */
static void print_choices(FILE *out, const struct option_spec *option)
{
    char text[400];
    size_t used = (size_t)snprintf(text, sizeof(text), "%s:", option->help);
    const char *word = option->argument;

    while (*word != '\0' && used < sizeof(text)) {
        size_t length = strcspn(word, "|");
        const char *rest = word + length;
        const char *before = *rest == '\0' ? " or " : word == option->argument ? " " : ", ";

        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s", before, (int)length, word);
        word = *rest == '|' ? rest + 1 : rest;
    }
    terminal_print_wrapped(out, text, HELP_COLUMN, HELP_COLUMN);
}

static void print_option(FILE *out, const struct option_spec *option)
{
    size_t used = (size_t)fprintf(out, "  ");

    used += print_name(out, option);
    if (used + 2 > HELP_COLUMN) {
        fputc('\n', out);
        used = 0;
    }
    fprintf(out, "%*s", (int)(HELP_COLUMN - used), "");
    if (is_long_choice(option->argument))
        print_choices(out, option);
    else
        terminal_print_wrapped(out, option->help, HELP_COLUMN, HELP_COLUMN);
}

static void print_common(FILE *out, const struct command_options *options)
{
    size_t used = (size_t)fprintf(out, "  and, as reissue(1) explains:");

    for (size_t i = 0; i < options->common_count; i++) {
        const struct option_spec *option = &options->common[i];
        size_t length = strlen(option->name) + 2 +
                        (option->argument == NULL ? 0 : strlen(option->argument) + 1);

        if (used + length + 2 >= LINE_MAX_COLUMNS)
            used = (size_t)fprintf(out, "\n   ") - 1;
        fputc(' ', out);
        used += 2 + print_name(out, option);
        fputs(i + 1 < options->common_count ? "," : "\n", out);
    }
}

static void print_help(FILE *out, const struct command_options *options)
{
    const char *description = strchr(options->usage, '\n') + 1;

    fprintf(out, "%.*s", (int)(description - options->usage), options->usage);
    terminal_print_wrapped(out, description, 0, 0);
    if (options->own_count > 0)
        fputc('\n', out);
    for (size_t i = 0; i < options->own_count; i++)
        print_option(out, &options->own[i]);
    if (options->common_count > 0)
        print_common(out, options);
}

/* ---- for completion ---------------------------------------------------------------------- */

void options_list_one(FILE *out, const char *name, const char *argument, const char *help)
{
    fprintf(out, "--%s%s\t%s\t%s\n", name, argument == NULL || argument[0] == '[' ? "" : "=", help,
            argument == NULL ? "" : argument);
}

static void list(const struct command_options *options)
{
    for (size_t i = 0; i < options->own_count; i++)
        options_list_one(stdout, options->own[i].name, options->own[i].argument,
                         options->own[i].help);
    for (size_t i = 0; i < options->common_count; i++)
        options_list_one(stdout, options->common[i].name, options->common[i].argument,
                         options->common[i].help);
    options_list_one(stdout, "help", NULL, "print what the command does, and its options");
}

/* ---- reading ----------------------------------------------------------------------------- */

static const struct option_spec *option_at(const struct command_options *options, size_t index)
{
    return index < options->own_count ? &options->own[index]
                                      : &options->common[index - options->own_count];
}

static void fill_table(const struct command_options *options, struct option *table)
{
    size_t count = options->own_count + options->common_count;

    assert(count <= OPTIONS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct option_spec *option = option_at(options, i);

        table[i] = (struct option){.name = option->name, .val = VALUE_FIRST + (int)i};
        if (option->argument != NULL)
            table[i].has_arg = option->argument[0] == '[' ? optional_argument : required_argument;
    }
    table[count] = (struct option){.name = "help", .val = VALUE_HELP};
    table[count + 1] = (struct option){0};
}

static void take(const struct option_spec *option, const char *argument)
{
    if (option->flag != NULL)
        *option->flag = true;
    if (option->text != NULL)
        *option->text = argument == NULL ? "" : argument;
}

int options_misused(const struct command_options *options)
{
    const char *end = strchr(options->usage, '\n');

    fprintf(stderr, "%.*s\n(with --help it says more)\n", (int)(end - options->usage),
            options->usage);
    return EXIT_CODE_USAGE;
}

int options_parse(const struct command_options *options, int argc, char **argv)
{
    struct option table[OPTIONS_MAX + 2];
    int value;

    if (argc == 2 && strcmp(argv[1], OPTIONS_LIST) == 0) {
        list(options);
        return EXIT_CODE_SUCCESS;
    }
    fill_table(options, table);
    argv[0] = (char *)"reissue"; /* how getopt_long() begins its messages; is only read */
    while ((value = getopt_long(argc, argv, options->words_follow ? "+" : "", table, NULL)) != -1) {
        if (value == VALUE_HELP) {
            print_help(stdout, options);
            return EXIT_CODE_SUCCESS;
        }
        if (value < VALUE_FIRST) /* getopt_long() has said what is wrong */
            return options_misused(options);
        take(option_at(options, (size_t)(value - VALUE_FIRST)), optarg);
    }
    return -1;
}
