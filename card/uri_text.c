/* SPDX-License-Identifier: BSD-2-Clause */
#include "uri_text.h"

#include "hex.h"

#include <string.h>

#define NAME_SHOWN 40 /* of a name that is not known, in characters */

static bool is_control(uint8_t byte)
{
    return byte < 0x20 || byte == 0x7F;
}

static struct error *split_pair(const char *text, size_t length, bool query,
                                uri_pair_function *take, void *argument)
{
    const char *equals = memchr(text, '=', length);
    struct uri_pair pair = {.name = text, .name_length = length, .query = query};
    if (equals != NULL) {
        pair.name_length = (size_t)(equals - text);
        pair.value = equals + 1;
        pair.value_length = length - pair.name_length - 1;
    }
    return take(argument, &pair);
}

static struct error *split_pairs(const char *text, size_t length, bool query,
                                 uri_pair_function *take, void *argument)
{
    struct error *error = NULL;
    const char *end = text + length;
    while (error == NULL && text < end) {
        const char *stop = memchr(text, query ? '&' : ';', (size_t)(end - text));
        if (stop == NULL)
            stop = end;
        if (stop > text)
            error = split_pair(text, (size_t)(stop - text), query, take, argument);
        text = stop < end ? stop + 1 : end;
    }
    return error;
}

struct error *uri_split(const char *text, uri_pair_function *take, void *argument)
{
    size_t path_length = strcspn(text, "?");
    const char *query = text + path_length;
    struct error *error = split_pairs(text, path_length, false, take, argument);
    if (error != NULL || *query == '\0')
        return error;
    return split_pairs(query + 1, strlen(query + 1), true, take, argument);
}

bool uri_pair_is_called(const struct uri_pair *pair, const char *name)
{
    return strlen(name) == pair->name_length && strncmp(pair->name, name, pair->name_length) == 0;
}

struct error *uri_unknown_attribute(const char *scheme, const struct uri_pair *pair,
                                    const char *known)
{
    int shown = pair->name_length > NAME_SHOWN ? NAME_SHOWN : (int)pair->name_length;
    for (int i = 0; i < shown; i++)
        if (is_control((uint8_t)pair->name[i]))
            return error_new(ERROR_URI, "%s URI: an attribute's name has a control character",
                             scheme);
    return error_new(ERROR_URI, "%s URI: no attribute%s is called \"%.*s\": there are %s", scheme,
                     pair->query ? " after the ?" : "", shown, pair->name, known);
}

struct error *uri_decode(const char *scheme, const char *name, const char *text, size_t length,
                         uint8_t *out, size_t *out_length)
{
    *out_length = 0;
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)text[i];
        if (text[i] == '%') {
            int high = length - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
            if (low < 0)
                return error_new(ERROR_URI,
                                 "%s URI: the value of %s has a %% without two hexadecimal "
                                 "digits after it (a %% itself is written %%25)",
                                 scheme, name);
            byte = (uint8_t)(high << 4 | low);
            i += 2;
        }
        out[(*out_length)++] = byte;
    }
    return NULL;
}

struct error *uri_check_text(const char *scheme, const char *name, const uint8_t *bytes,
                             size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (is_control(bytes[i]))
            return error_new(ERROR_URI, "%s URI: the value of %s has a control character in it",
                             scheme, name);
    return NULL;
}
