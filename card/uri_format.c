/* SPDX-License-Identifier: BSD-2-Clause */
/* Key URIs as text again, and copies of them. */
#include "buffer.h"
#include "secret.h"
#include "uri.h"
#include "uri_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static struct error *copy_string(const char *from, char **to)
{
    if (from == NULL)
        return NULL;
    *to = strdup(from);
    return *to == NULL ? error_no_memory() : NULL;
}

static struct error *copy_fields(const struct card_uri *from, struct card_uri *to)
{
    const char *const sources[] = {from->serial, from->reader,     from->app,        from->slot,
                                   from->label,  from->pin_source, from->module_path};
    char **const targets[] = {&to->serial, &to->reader,     &to->app,        &to->slot,
                              &to->label,  &to->pin_source, &to->module_path};
    struct error *error = NULL;
    for (size_t i = 0; error == NULL && i < sizeof(sources) / sizeof(sources[0]); i++)
        error = copy_string(sources[i], targets[i]);
    to->type = from->type;
    to->use_last_try = from->use_last_try;
    if (error == NULL && from->pin_value != NULL)
        error = secret_new(secret_bytes(from->pin_value), secret_length(from->pin_value),
                           &to->pin_value);
    return error;
}

struct error *card_uri_copy(const struct card_uri *uri, struct card_uri **out)
{
    *out = NULL;
    struct card_uri *copy = calloc(1, sizeof(*copy));
    if (copy == NULL)
        return error_no_memory();
    struct error *error = copy_fields(uri, copy);
    if (error != NULL) {
        card_uri_free(copy);
        return error;
    }
    *out = copy;
    return NULL;
}

/* RFC 3986's unreserved characters, and some that mean nothing in these URIs nor to a shell. */
static bool written_plainly(char c)
{
    return isascii((unsigned char)c) &&
           (isalnum((unsigned char)c) || strchr("-._~:/+,@", c) != NULL);
}

/* Appends "SEPARATORname=value", the value %-encoded; nothing where there is no value. */
static struct error *put(struct buffer *out, const char *separator, const char *name,
                         const char *value)
{
    static const char digits[] = "0123456789ABCDEF";
    if (value == NULL)
        return NULL;
    struct error *error = buffer_append(out, separator, strlen(separator));
    if (error == NULL)
        error = buffer_append(out, name, strlen(name));
    if (error == NULL)
        error = buffer_append(out, "=", 1);
    for (; error == NULL && *value != '\0'; value++) {
        uint8_t byte = (uint8_t)*value;
        const char encoded[3] = {'%', digits[byte >> 4], digits[byte & 0x0F]};
        error = written_plainly(*value) ? buffer_append(out, value, 1)
                                        : buffer_append(out, encoded, sizeof(encoded));
    }
    return error;
}

static struct error *put_all(struct buffer *out, const struct card_uri *uri)
{
    const struct {
        const char *name, *value;
        bool query;
    } fields[] = {
        {"serial", uri->serial, false},
        {"reader", uri->reader, false},
        {"app", uri->app, false},
        {"slot", uri->slot, false},
        {"label", uri->label, false},
        {"type", uri_type_names[uri->type], false},
        {"pin-source", uri->pin_source, true},
        {"use-last-try", uri->use_last_try ? "yes" : NULL, true},
        {"module-path", uri->module_path, true},
    };
    const char *separators[2] = {"", "?"}; /* before the next attribute, the next query */
    struct error *error = buffer_append(out, "card:", 5);
    for (size_t i = 0; error == NULL && i < sizeof(fields) / sizeof(fields[0]); i++) {
        error = put(out, separators[fields[i].query], fields[i].name, fields[i].value);
        if (fields[i].value != NULL)
            separators[fields[i].query] = fields[i].query ? "&" : ";";
    }
    return error != NULL ? error : buffer_append(out, "", 1);
}

struct error *card_uri_format(const struct card_uri *uri, char **out)
{
    struct buffer text = {0};
    *out = NULL;
    struct error *error = put_all(&text, uri);
    if (error == NULL) {
        *out = strdup((const char *)text.bytes);
        if (*out == NULL)
            error = error_no_memory();
    }
    buffer_clear(&text);
    return error;
}
