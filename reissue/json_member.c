/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking up members of a known type. */
#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
    [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
    [JSON_NUMBER] = "a number",  [JSON_TRUE] = "true",      [JSON_FALSE] = "false",
    [JSON_NULL] = "null",
};

const struct json *json_member(const struct json *object, const char *name)
{
    if (object == NULL || json_type(object) != JSON_OBJECT)
        return NULL;
    for (const struct json *member = json_first(object); member != NULL;
         member = json_next(member)) {
        if (strcmp(json_name(member), name) == 0)
            return json_type(member) != JSON_NULL ? member : NULL;
    }
    return NULL;
}

static struct error *wrong_type(const struct json *value, const char *name, enum json_type wanted)
{
    return error_new(ERROR_SERVER_ANSWER, "\"%s\" is %s, not %s", name,
                     type_names[json_type(value)], type_names[wanted]);
}

static struct error *find(const struct json *object, const char *name, enum json_type type,
                          const struct json **out)
{
    *out = json_member(object, name);
    if (*out == NULL || json_type(*out) == type)
        return NULL;
    struct error *error = wrong_type(*out, name, type);
    *out = NULL;
    return error;
}

static struct error *require(struct error *error, const char *name, const void *found)
{
    if (error != NULL || found != NULL)
        return error;
    return error_new(ERROR_SERVER_ANSWER, "\"%s\" is missing", name);
}

struct error *json_element_string(const struct json *element, const char *what, const char **out)
{
    if (json_type(element) != JSON_STRING)
        return wrong_type(element, what, JSON_STRING);
    if (strlen(json_text(element)) != json_text_length(element))
        return error_new(ERROR_SERVER_ANSWER, "\"%s\" has a NUL in it", what);
    *out = json_text(element);
    return NULL;
}

struct error *json_string_optional(const struct json *object, const char *name, const char **out)
{
    const struct json *member;
    *out = NULL;
    struct error *error = find(object, name, JSON_STRING, &member);
    if (error != NULL || member == NULL)
        return error;
    return json_element_string(member, name, out);
}

struct error *json_string(const struct json *object, const char *name, const char **out)
{
    struct error *error = json_string_optional(object, name, out);
    return require(error, name, *out);
}

struct error *json_object_optional(const struct json *object, const char *name,
                                   const struct json **out)
{
    return find(object, name, JSON_OBJECT, out);
}

struct error *json_object(const struct json *object, const char *name, const struct json **out)
{
    struct error *error = find(object, name, JSON_OBJECT, out);
    return require(error, name, *out);
}

struct error *json_array_optional(const struct json *object, const char *name,
                                  const struct json **out)
{
    return find(object, name, JSON_ARRAY, out);
}

struct error *json_array(const struct json *object, const char *name, const struct json **out)
{
    struct error *error = find(object, name, JSON_ARRAY, out);
    return require(error, name, *out);
}

struct error *json_boolean_optional(const struct json *object, const char *name, bool *out)
{
    const struct json *member = json_member(object, name);
    *out = member != NULL && json_type(member) == JSON_TRUE;
    if (member == NULL || *out || json_type(member) == JSON_FALSE)
        return NULL;
    return wrong_type(member, name, JSON_TRUE);
}

struct error *json_integer_optional(const struct json *object, const char *name, long missing,
                                    long *out)
{
    const struct json *member;
    char *end;
    *out = missing;
    struct error *error = find(object, name, JSON_NUMBER, &member);
    if (error != NULL || member == NULL)
        return error;
    errno = 0;
    long value = strtol(json_text(member), &end, 10);
    if (errno != 0 || *end != '\0')
        return error_new(ERROR_SERVER_ANSWER, "\"%s\" is %.40s, not a whole number", name,
                         json_text(member));
    *out = value;
    return NULL;
}
