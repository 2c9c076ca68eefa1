/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing JSON. The first failure is kept, and json_write_end() returns it; so nothing needs to be
 * checked in between. Inside an object every value has a name, inside an array it is NULL.
 */
#ifndef REISSUE_JSON_WRITE_H
#define REISSUE_JSON_WRITE_H

#include "card/buffer.h"
#include "card/error.h"

#include <stdbool.h>

#define JSON_WRITE_DEPTH_MAX 16

/* A zeroed one is ready for use. */
struct json_writer {
    struct buffer text;
    struct error *error;
    bool comma;                      /* before the next value */
    char open[JSON_WRITE_DEPTH_MAX]; /* the brackets that close what is open */
    size_t depth;
};

void json_write_object(struct json_writer *writer, const char *name);
void json_write_object_end(struct json_writer *writer);
void json_write_array(struct json_writer *writer, const char *name);
void json_write_array_end(struct json_writer *writer);

/* Closes objects and arrays until so many are open still: what was begun before a failure. */
void json_write_close(struct json_writer *writer, size_t depth);

/* `text` in UTF-8. */
void json_write_string(struct json_writer *writer, const char *name, const char *text);
void json_write_integer(struct json_writer *writer, const char *name, long value);
void json_write_boolean(struct json_writer *writer, const char *name, bool value);
void json_write_null(struct json_writer *writer, const char *name);

/* `json` is a value that is JSON already. */
void json_write_raw(struct json_writer *writer, const char *name, const char *json);

/*
 * Gives the text, for free(), and empties the writer. ERROR_NO_MEMORY; ERROR_ARGUMENT where a
 * string was not UTF-8.
 */
struct error *json_write_end(struct json_writer *writer, char **out) MUST_CHECK;

/* The same to the standard output, with the line's end. */
struct error *json_write_print(struct json_writer *writer) MUST_CHECK;

/* Has json_write_end() give that error (owned; NULL is none), if it would give none before it. */
void json_write_fail(struct json_writer *writer, struct error *error);

#endif
