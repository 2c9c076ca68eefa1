/* SPDX-License-Identifier: BSD-2-Clause */
#include "question.h"

#include "options.h"
#include "terminal.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANSWER_MAX 2000
#define SHOWN_MAX  20 /* what fits on a screen */

/* ---- choices ------------------------------------------------------------------------------ */

static const struct choice *find_value(const struct choices *choices, const char *value)
{
    for (size_t i = 0; i < choices->count; i++)
        if (strcmp(choices->items[i].value, value) == 0)
            return &choices->items[i];
    return NULL;
}

/* By its number, or in the words that the option would have. */
static const struct choice *find_answer(const struct choices *choices, const char *answer)
{
    char *end;
    unsigned long number = strtoul(answer, &end, 10);

    if (answer[0] >= '0' && answer[0] <= '9' && *end == '\0' && number >= 1 &&
        number <= choices->count)
        return &choices->items[number - 1];
    return find_value(choices, answer);
}

/* ---- the terminal ------------------------------------------------------------------------- */

struct talk {
    FILE *in, *out;
};

static void close_talk(struct talk *talk)
{
    if (talk->in != NULL)
        (void)fclose(talk->in);
    if (talk->out != NULL)
        (void)fclose(talk->out);
}

static struct error *open_talk(struct talk *talk)
{
    talk->in = fopen("/dev/tty", "re");
    talk->out = fopen("/dev/tty", "we");
    if (talk->in != NULL && talk->out != NULL)
        return NULL;
    close_talk(talk);
    return error_new(ERROR_ARGUMENT, "there is no terminal to ask");
}

static void print_choices(FILE *out, const struct choices *choices)
{
    size_t width = terminal_width(out);

    for (size_t i = 0; i < choices->count; i++) {
        if (choices->count > SHOWN_MAX && i == SHOWN_MAX - 1) { /* the last one is shown again */
            fprintf(out, "  ... and %zu more, which can be typed\n", choices->count - i - 1);
            i = choices->count - 1;
        }
        fprintf(out, "  %2zu  ", i + 1);
        terminal_print_cut(out, choices->items[i].label, width > 8 ? width - 7 : 0);
        fputc('\n', out);
    }
}

/* "[1] > ", "[www.example.org] > ", "> " */
static void print_prompt(FILE *out, const struct question *question)
{
    const char *text = question->hint != NULL ? question->hint : question->preset;
    const struct choice *preset = question->choices == NULL || question->preset == NULL
                                      ? NULL
                                      : find_value(question->choices, question->preset);

    if (preset != NULL)
        fprintf(out, "[%zu] ", (size_t)(preset - question->choices->items) + 1);
    else if (text != NULL) {
        fputc('[', out);
        terminal_print(out, text);
        fputs("] ", out);
    }
    fputs("> ", out);
    (void)fflush(out);
}

/* A line, without blanks around it, for free(); an error at the end of file. */
static struct error *read_line(const struct talk *talk, char **out)
{
    char *line = NULL, *begin;
    size_t size = 0;
    ssize_t length = getline(&line, &size, talk->in);

    *out = NULL;
    if (length < 0) {
        free(line);
        fputc('\n', talk->out);
        return error_new(ERROR_ARGUMENT, "called off: nothing was done");
    }
    while (length > 0 && strchr(" \t\r\n", line[length - 1]) != NULL)
        line[--length] = '\0';
    begin = line + strspn(line, " \t");
    *out = strdup(begin);
    free(line);
    return *out == NULL ? error_no_memory() : NULL;
}

/* ---- answers ------------------------------------------------------------------------------ */

/* Keys that were pressed by mistake, and what is not UTF-8, are no answer. */
static bool is_clean(const char *text)
{
    char *clean = NULL;
    struct error *error = text_clean(text, ANSWER_MAX, &clean);
    bool same = error == NULL && strcmp(text, clean) == 0;

    error_free(error);
    free(clean);
    return same;
}

static struct error *judge(const struct question *question, const char *answer, char **out)
{
    const struct choice *choice;
    struct error *error;

    if (answer[0] == '\0' && question->preset == NULL)
        return error_new(ERROR_ARGUMENT, "there is no default for this");
    if (answer[0] == '\0')
        answer = question->preset;
    else if (!is_clean(answer))
        return error_new(ERROR_ARGUMENT, "that is too long, or no text");
    if (question->choices != NULL) {
        choice = find_answer(question->choices, answer);
        if (choice == NULL)
            return error_new(ERROR_ARGUMENT, "please type a number from 1 to %zu",
                             question->choices->count);
        answer = choice->value;
    }
    error = question->check == NULL ? NULL : question->check(question->argument, answer);
    if (error != NULL)
        return error;
    *out = strdup(answer);
    return *out == NULL ? error_no_memory() : NULL;
}

static void print_help(FILE *out, const struct question *question)
{
    fputs("  ", out);
    terminal_print_wrapped(out, question->help, 2, 2);
    if (question->choices != NULL)
        print_choices(out, question->choices);
}

/* One round: *out stays NULL where it has to be asked again. */
static struct error *ask_once(const struct talk *talk, const struct question *question, char **out)
{
    char *answer;
    struct error *error, *objection;

    print_prompt(talk->out, question);
    error = read_line(talk, &answer);
    if (error != NULL)
        return error;
    if (strcmp(answer, "?") == 0) {
        print_help(talk->out, question);
    } else {
        objection = judge(question, answer, out);
        if (objection != NULL) {
            fputs("  ", talk->out);
            terminal_print(talk->out, error_message(objection));
            fputs(" (? explains)\n", talk->out);
        }
        error_free(objection);
    }
    free(answer);
    return NULL;
}

struct error *question_ask(const struct question *question, char **out)
{
    struct talk talk;
    struct error *error = open_talk(&talk);

    *out = NULL;
    if (error != NULL)
        return error;
    fprintf(talk.out, "\n%s\n", question->title);
    if (question->choices != NULL)
        print_choices(talk.out, question->choices);
    while (error == NULL && *out == NULL)
        error = ask_once(&talk, question, out);
    close_talk(&talk);
    return error;
}

static struct error *check_yes_or_no(void *argument, const char *text)
{
    static const char *const words[] = {"y", "yes", "n", "no"};

    (void)argument;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(text, words[i]) == 0)
            return NULL;
    return error_new(ERROR_ARGUMENT, "please type y or n");
}

struct error *question_confirm(const char *title, const char *help, bool preset, bool *out)
{
    const struct question question = {.title = title,
                                      .help = help,
                                      .preset = preset ? "y" : "n",
                                      .hint = preset ? "Y/n" : "y/N",
                                      .check = check_yes_or_no};
    char *answer = NULL;
    struct error *error = question_ask(&question, &answer);

    *out = error == NULL && (answer[0] == 'y' || answer[0] == 'Y');
    free(answer);
    return error;
}
