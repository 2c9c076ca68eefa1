/* SPDX-License-Identifier: BSD-2-Clause */
#include "uri.h"

#include "secret.h"
#include "uri_internal.h"
#include "uri_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ATTRIBUTES "serial, reader, app, slot, label, type"
#define QUERIES    "pin-source, pin-value, use-last-try, module-path"

const char *const uri_type_names[] = {
    [CARD_OBJECT_ANY] = NULL,
    [CARD_OBJECT_PRIVATE_KEY] = "private",
    [CARD_OBJECT_PUBLIC_KEY] = "public",
    [CARD_OBJECT_CERTIFICATE] = "cert",
};

static const char *const app_names[] = {"piv", "openpgp", "certum", "pkcs11", NULL};

static const char *const pin_source_kinds[] = {"file:", "env:", "credential:", NULL};

/* ---- decoding ---------------------------------------------------------------------------- */

static struct error *decode(const char *name, const char *text, size_t length, uint8_t *out,
                            size_t *out_length)
{
    struct error *error = uri_decode("card", name, text, length, out, out_length);
    return error != NULL ? error : uri_check_text("card", name, out, *out_length);
}

static struct error *decode_string(const char *name, const char *text, size_t length, char **out)
{
    size_t out_length;
    *out = malloc(length + 1);
    if (*out == NULL)
        return error_no_memory();
    struct error *error = decode(name, text, length, (uint8_t *)*out, &out_length);
    if (error != NULL) {
        free(*out);
        *out = NULL;
        return error;
    }
    (*out)[out_length] = '\0';
    return NULL;
}

/* Decodes into the secret's own pages, so that no copy is left elsewhere. */
static struct error *decode_secret(const char *name, const char *text, size_t length,
                                   struct secret **out)
{
    size_t out_length = 0;
    if (length > SECRET_MAX)
        return error_new(ERROR_URI, "card URI: the value of %s is too long", name);
    struct error *error = secret_new(NULL, length, out);
    if (error == NULL)
        error = decode(name, text, length, secret_bytes(*out), &out_length);
    if (error == NULL) {
        secret_truncate(*out, out_length);
        return NULL;
    }
    secret_free(*out);
    *out = NULL;
    return error;
}

/* ---- attributes -------------------------------------------------------------------------- */

/* `name=value` in the text. */
struct pair {
    const char *name;
    const char *text; /* the value, still encoded; NULL where there is no '=' */
    size_t length;
};

static struct error *set_string(const struct pair *pair, char **field)
{
    if (*field != NULL)
        return error_new(ERROR_URI, "card URI: %s is there twice", pair->name);
    if (pair->length == 0)
        return error_new(ERROR_URI, "card URI: %s has no value", pair->name);
    return decode_string(pair->name, pair->text, pair->length, field);
}

static struct error *set_serial(struct card_uri *uri, const struct pair *pair)
{
    return set_string(pair, &uri->serial);
}

static struct error *set_reader(struct card_uri *uri, const struct pair *pair)
{
    return set_string(pair, &uri->reader);
}

static struct error *set_slot(struct card_uri *uri, const struct pair *pair)
{
    return set_string(pair, &uri->slot);
}

static struct error *set_label(struct card_uri *uri, const struct pair *pair)
{
    return set_string(pair, &uri->label);
}

static struct error *set_module_path(struct card_uri *uri, const struct pair *pair)
{
    return set_string(pair, &uri->module_path);
}

static struct error *set_app(struct card_uri *uri, const struct pair *pair)
{
    struct error *error = set_string(pair, &uri->app);
    for (size_t i = 0; error == NULL && app_names[i] != NULL; i++)
        if (strcmp(app_names[i], uri->app) == 0)
            return NULL;
    return error != NULL ? error
                         : error_new(ERROR_URI,
                                     "card URI: no card application is called \"%s\": "
                                     "there are piv, openpgp, certum, pkcs11",
                                     uri->app);
}

static struct error *set_type(struct card_uri *uri, const struct pair *pair)
{
    char *name = NULL;
    if (uri->type != CARD_OBJECT_ANY)
        return error_new(ERROR_URI, "card URI: type is there twice");
    struct error *error = set_string(pair, &name);
    if (error != NULL)
        return error;
    for (int i = CARD_OBJECT_PRIVATE_KEY; i <= CARD_OBJECT_CERTIFICATE; i++)
        if (strcmp(uri_type_names[i], name) == 0)
            uri->type = (enum card_object_type)i;
    if (uri->type == CARD_OBJECT_ANY)
        error = error_new(ERROR_URI,
                          "card URI: no object is of type \"%s\": there are private, "
                          "public, cert",
                          name);
    free(name);
    return error;
}

static struct error *set_pin_source(struct card_uri *uri, const struct pair *pair)
{
    struct error *error = set_string(pair, &uri->pin_source);
    if (error != NULL)
        return error;
    for (size_t i = 0; pin_source_kinds[i] != NULL; i++) {
        size_t length = strlen(pin_source_kinds[i]);
        if (strncmp(uri->pin_source, pin_source_kinds[i], length) == 0 &&
            uri->pin_source[length] != '\0')
            return NULL;
    }
    if (strcmp(uri->pin_source, "pad:") == 0 || strcmp(uri->pin_source, "host:") == 0)
        return NULL;
    /* What stands there is not shown: somebody may have written the PIN itself. */
    return error_new(ERROR_URI, "card URI: pin-source has to be one of file:PATH, env:NAME, "
                                "credential:NAME, pad:, host:");
}

static struct error *set_pin_value(struct card_uri *uri, const struct pair *pair)
{
    if (uri->pin_value != NULL)
        return error_new(ERROR_URI, "card URI: %s is there twice", pair->name);
    if (pair->length == 0)
        return error_new(ERROR_URI, "card URI: %s has no value", pair->name);
    return decode_secret(pair->name, pair->text, pair->length, &uri->pin_value);
}

static bool pair_is(const struct pair *pair, const char *value)
{
    return pair->length == strlen(value) && strncmp(pair->text, value, pair->length) == 0;
}

static struct error *set_use_last_try(struct card_uri *uri, const struct pair *pair)
{
    if (pair->text == NULL || pair_is(pair, "yes") || pair_is(pair, "true") || pair_is(pair, "1"))
        uri->use_last_try = true;
    else if (!pair_is(pair, "no") && !pair_is(pair, "false") && !pair_is(pair, "0"))
        return error_new(ERROR_URI, "card URI: use-last-try has to be yes or no");
    return NULL;
}

struct attribute {
    const char *name;
    struct error *(*set)(struct card_uri *uri, const struct pair *pair);
    bool alone; /* may be written without a value */
};

static const struct attribute path_attributes[] = {
    {"serial", set_serial, false}, {"reader", set_reader, false}, {"app", set_app, false},
    {"slot", set_slot, false},     {"label", set_label, false},   {"type", set_type, false},
    {NULL, NULL, false},
};

static const struct attribute query_attributes[] = {
    {"pin-source", set_pin_source, false},
    {"pin-value", set_pin_value, false},
    {"use-last-try", set_use_last_try, true},
    {"module-path", set_module_path, false},
    {NULL, NULL, false},
};

/* ---- parsing ----------------------------------------------------------------------------- */

static struct error *take_pair(void *argument, const struct uri_pair *found)
{
    const struct attribute *attribute = found->query ? query_attributes : path_attributes;
    while (attribute->name != NULL && !uri_pair_is_called(found, attribute->name))
        attribute++;
    if (attribute->name == NULL)
        return uri_unknown_attribute("card", found,
                                     ATTRIBUTES " (separated by ;), and after a ? " QUERIES
                                                " (separated by &)");
    if (found->value == NULL && !attribute->alone)
        return error_new(ERROR_URI, "card URI: %s has no value", attribute->name);
    const struct pair pair = {attribute->name, found->value, found->value_length};
    return attribute->set(argument, &pair);
}

struct error *card_uri_parse(const char *text, struct card_uri **out)
{
    *out = NULL;
    if (strncasecmp(text, "card:", 5) != 0)
        return error_new(ERROR_URI, "not a card URI: it has to begin with card:");
    struct card_uri *uri = calloc(1, sizeof(*uri));
    if (uri == NULL)
        return error_no_memory();
    struct error *error = uri_split(text + 5, take_pair, uri);
    if (error != NULL) {
        card_uri_free(uri);
        return error;
    }
    *out = uri;
    return NULL;
}

bool card_uri_names_module(const struct card_uri *uri)
{
    return uri->module_path != NULL || (uri->app != NULL && strcmp(uri->app, "pkcs11") == 0);
}

void card_uri_free(struct card_uri *uri)
{
    if (uri == NULL)
        return;
    free(uri->serial);
    free(uri->reader);
    free(uri->app);
    free(uri->slot);
    free(uri->label);
    free(uri->pin_source);
    free(uri->module_path);
    secret_free(uri->pin_value);
    free(uri);
}
