/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions with a default and with choices, to a person at the terminal (ask.h): asked again until
 * the answer will do; "?" explains; the terminal's end of file (^D) calls everything off.
 */
#ifndef REISSUE_QUESTION_H
#define REISSUE_QUESTION_H

#include "card/error.h"

#include <stdbool.h>
#include <stddef.h>

/* What can be chosen: what the answer then is, and what people read. A zeroed one is empty. */
struct choices {
    struct choice {
        char *value, *label;
    } * items;
    size_t count;
};

/* Adds one; both are copied. */
struct error *choices_add(struct choices *choices, const char *value, const char *format, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));
void choices_clear(struct choices *choices);

/* Why a text will not do; NULL if it does. */
typedef struct error *question_check(void *argument, const char *text);

struct question {
    const char *title;
    const char *help;              /* what "?" says */
    const struct choices *choices; /* shown with numbers; NULL: any text that `check` lets pass */
    const char *preset;            /* what an empty line stands for; NULL: nothing */
    const char *hint;              /* shown in place of the preset; or NULL */
    question_check *check;         /* or NULL */
    void *argument;
};

/* Asks. *out is for free(). ERROR_ARGUMENT where it was called off, or nobody is there. */
struct error *question_ask(const struct question *question, char **out) MUST_CHECK;

/* Asks for yes or no; `preset` is what an empty line stands for. Errors as above. */
struct error *question_confirm(const char *title, const char *help, bool preset,
                               bool *out) MUST_CHECK;

#endif
