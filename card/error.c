/* SPDX-License-Identifier: BSD-2-Clause */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct error {
    enum error_code code;
    char *message;
    struct error *cause;
};

/* What is returned when there is no memory for an error. It is never freed and never changed. */
static struct error no_memory = {ERROR_NO_MEMORY, (char *)"out of memory", NULL};

static struct error *error_make(struct error *cause, enum error_code code, const char *format,
                                va_list arguments) __attribute__((format(printf, 3, 0)));

static struct error *error_make(struct error *cause, enum error_code code, const char *format,
                                va_list arguments)
{
    struct error *error = calloc(1, sizeof(*error));
    if (error == NULL || vasprintf(&error->message, format, arguments) < 0) {
        free(error);
        error_free(cause);
        return &no_memory;
    }
    error->code = code;
    error->cause = cause;
    return error;
}

struct error *error_new(enum error_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct error *error = error_make(NULL, code, format, arguments);
    va_end(arguments);
    return error;
}

struct error *error_wrap(struct error *cause, enum error_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct error *error = error_make(cause, code, format, arguments);
    va_end(arguments);
    return error;
}

struct error *error_no_memory(void)
{
    return &no_memory;
}

enum error_code error_code(const struct error *error)
{
    return error->code;
}

const char *error_message(const struct error *error)
{
    return error->message;
}

const struct error *error_cause(const struct error *error)
{
    return error->cause;
}

char *error_describe(const struct error *error)
{
    size_t size = 1;
    for (const struct error *e = error; e != NULL; e = e->cause)
        size += strlen(e->message) + 2;
    char *text = malloc(size);
    if (text == NULL)
        return NULL;
    char *end = text;
    *end = '\0';
    for (const struct error *e = error; e != NULL; e = e->cause) {
        end = stpcpy(end, e->message);
        if (e->cause != NULL)
            end = stpcpy(end, ": ");
    }
    return text;
}

void error_free(struct error *error)
{
    while (error != NULL && error != &no_memory) {
        struct error *cause = error->cause;
        free(error->message);
        free(error);
        error = cause;
    }
}
