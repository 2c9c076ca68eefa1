/* SPDX-License-Identifier: BSD-2-Clause */
#include "json_write.h"

#include "json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct json_writer *writer, const char *text, size_t length)
{
    if (writer->error == NULL)
        writer->error = buffer_append(&writer->text, text, length);
}

static void append_text(struct json_writer *writer, const char *text)
{
    append(writer, text, strlen(text));
}

/* One character: what has to be escaped (RFC 8259, 7) is, and DEL, which terminals obey. */
static void append_character(struct json_writer *writer, const char *text, size_t length)
{
    char escape[8];
    unsigned char byte = (unsigned char)text[0];
    if (byte == '"' || byte == '\\')
        (void)snprintf(escape, sizeof(escape), "\\%c", byte);
    else if (byte < 0x20 || byte == 0x7F)
        (void)snprintf(escape, sizeof(escape), "\\u%04x", byte);
    else {
        append(writer, text, length);
        return;
    }
    append_text(writer, escape);
}

static void append_quoted(struct json_writer *writer, const char *text)
{
    size_t left = strlen(text);
    append_text(writer, "\"");
    while (left > 0 && writer->error == NULL) {
        size_t length = json_utf8_length(text, left);
        if (length == 0) {
            writer->error = error_new(ERROR_ARGUMENT, "a text that is not UTF-8 cannot be sent");
            return;
        }
        append_character(writer, text, length);
        text += length;
        left -= length;
    }
    append_text(writer, "\"");
}

static void begin_value(struct json_writer *writer, const char *name)
{
    if (writer->comma)
        append_text(writer, ",");
    writer->comma = true;
    if (name != NULL) {
        append_quoted(writer, name);
        append_text(writer, ":");
    }
}

static void open_bracket(struct json_writer *writer, const char *name, const char *brackets)
{
    if (writer->depth == JSON_WRITE_DEPTH_MAX) {
        if (writer->error == NULL)
            writer->error = error_new(ERROR_INTERNAL, "JSON is nested too deeply");
        return;
    }
    begin_value(writer, name);
    append(writer, brackets, 1);
    writer->open[writer->depth++] = brackets[1];
    writer->comma = false;
}

void json_write_close(struct json_writer *writer, size_t depth)
{
    while (writer->depth > depth) {
        append(writer, &writer->open[--writer->depth], 1);
        writer->comma = true;
    }
}

static void close_bracket(struct json_writer *writer)
{
    json_write_close(writer, writer->depth > 0 ? writer->depth - 1 : 0);
}

void json_write_object(struct json_writer *writer, const char *name)
{
    open_bracket(writer, name, "{}");
}

void json_write_object_end(struct json_writer *writer)
{
    close_bracket(writer);
}

void json_write_array(struct json_writer *writer, const char *name)
{
    open_bracket(writer, name, "[]");
}

void json_write_array_end(struct json_writer *writer)
{
    close_bracket(writer);
}

void json_write_string(struct json_writer *writer, const char *name, const char *text)
{
    begin_value(writer, name);
    append_quoted(writer, text);
}

void json_write_integer(struct json_writer *writer, const char *name, long value)
{
    char digits[24];
    (void)snprintf(digits, sizeof(digits), "%ld", value);
    json_write_raw(writer, name, digits);
}

void json_write_boolean(struct json_writer *writer, const char *name, bool value)
{
    json_write_raw(writer, name, value ? "true" : "false");
}

void json_write_null(struct json_writer *writer, const char *name)
{
    json_write_raw(writer, name, "null");
}

void json_write_raw(struct json_writer *writer, const char *name, const char *json)
{
    begin_value(writer, name);
    append_text(writer, json);
}

struct error *json_write_end(struct json_writer *writer, char **out)
{
    *out = NULL;
    append(writer, "", 1); /* the final NUL */
    struct error *error = writer->error;
    if (error == NULL) {
        *out = strdup((const char *)writer->text.bytes);
        error = *out == NULL ? error_no_memory() : NULL;
    }
    buffer_clear(&writer->text);
    *writer = (struct json_writer){0};
    return error;
}

struct error *json_write_print(struct json_writer *writer)
{
    char *text;
    struct error *error = json_write_end(writer, &text);

    if (error == NULL)
        puts(text);
    free(text);
    return error;
}

void json_write_fail(struct json_writer *writer, struct error *error)
{
    if (writer->error == NULL)
        writer->error = error;
    else
        error_free(error);
}
