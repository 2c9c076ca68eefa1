/* SPDX-License-Identifier: BSD-2-Clause */
#include "json_text.h"
#include "xml.h"

#include <string.h>

static void append(struct xml_writer *writer, const char *text, size_t length)
{
    if (writer->error == NULL)
        writer->error = buffer_append(&writer->text, text, length);
}

static void append_text(struct xml_writer *writer, const char *text)
{
    append(writer, text, strlen(text));
}

void xml_write_open(struct xml_writer *writer, const char *name, const char *attributes)
{
    append_text(writer, "<");
    append_text(writer, name);
    if (attributes != NULL) {
        append_text(writer, " ");
        append_text(writer, attributes);
    }
    append_text(writer, ">");
}

void xml_write_close(struct xml_writer *writer, const char *name)
{
    append_text(writer, "</");
    append_text(writer, name);
    append_text(writer, ">");
}

/* What stands for a character in text, or NULL where that is the character itself. A carriage
   return would become a line feed on the other side. */
static const char *escaped(char character)
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

/* XML 1.0, 2.2: control characters cannot be written at all, not even as references. */
static int can_be_written(const char *text, size_t length)
{
    static const char *const never[] = {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}; /* U+FFFE, U+FFFF */

    if (length == 1)
        return (unsigned char)text[0] >= 0x20 || strchr("\t\n\r", text[0]) != NULL;
    return length == 3 ? strncmp(text, never[0], 3) != 0 && strncmp(text, never[1], 3) != 0
                       : length != 0;
}

void xml_write_text(struct xml_writer *writer, const char *name, const char *text)
{
    if (text == NULL)
        return;
    xml_write_open(writer, name, NULL);
    for (size_t left = strlen(text); left > 0 && writer->error == NULL;) {
        size_t length = json_utf8_length(text, left);
        const char *instead = escaped(*text);

        if (!can_be_written(text, length)) {
            writer->error = error_new(ERROR_ARGUMENT,
                                      "%s has characters that cannot be sent: it has to be UTF-8, "
                                      "without control characters",
                                      name);
            break;
        }
        append(writer, instead != NULL ? instead : text,
               instead != NULL ? strlen(instead) : length);
        text += length;
        left -= length;
    }
    xml_write_close(writer, name);
}

struct error *xml_write_end(struct xml_writer *writer, struct buffer *out)
{
    struct error *error;

    append(writer, "", 1);
    error = writer->error;
    *out = (struct buffer){0};
    if (error == NULL)
        *out = writer->text;
    else
        buffer_clear(&writer->text);
    *writer = (struct xml_writer){0};
    return error;
}
