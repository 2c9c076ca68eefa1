/* SPDX-License-Identifier: BSD-2-Clause */
/* What parses is written out, and that parses to the same text again. */
#include "reissue/json.h"
#include "reissue/json_write.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(struct json_writer *writer, const struct json *value)
{
    const char *name = json_name(value);
    switch (json_type(value)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        if (json_type(value) == JSON_OBJECT)
            json_write_object(writer, name);
        else
            json_write_array(writer, name);
        for (const struct json *child = json_first(value); child != NULL; child = json_next(child))
            write_value(writer, child);
        if (json_type(value) == JSON_OBJECT)
            json_write_object_end(writer);
        else
            json_write_array_end(writer);
        break;
    case JSON_STRING: /* up to a NUL, which the writer does not take */
        json_write_string(writer, name, json_text(value));
        break;
    default:
        json_write_raw(writer, name, json_text(value));
    }
}

static char *written(const void *text, size_t length)
{
    struct json_writer writer = {0};
    struct json *document;
    char *out = NULL;
    struct error *error = json_parse(text, length, &document);
    if (error == NULL) {
        write_value(&writer, document);
        error = json_write_end(&writer, &out);
        if (error != NULL)
            abort();
    }
    error_free(error);
    json_free(document);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *once = written(data, size);
    if (once != NULL) {
        char *twice = written(once, strlen(once));
        if (twice == NULL || strcmp(once, twice) != 0)
            abort();
        free(twice);
    }
    free(once);
    return 0;
}
