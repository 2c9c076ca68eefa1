/* SPDX-License-Identifier: BSD-2-Clause */
#include "xml.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

/* expat puts it between a namespace and a local name: no URI has a blank. */
#define SEPARATOR ' '

#define BLANKS " \t\r\n"

struct attribute {
    char *name, *value;
};

struct xml {
    char *name;        /* the local part, within `full` */
    char *full;        /* as expat gave it */
    const char *space; /* the namespace, within `full` */
    struct buffer text;
    char *trimmed; /* the text as xml_text() gives it */
    struct attribute *attributes;
    size_t attribute_count;
    struct xml *parent, *first, *last, *next;
};

/* ---- the tree ---------------------------------------------------------------------------- */

static void free_element(struct xml *element)
{
    for (size_t i = 0; i < element->attribute_count; i++) {
        free(element->attributes[i].name);
        free(element->attributes[i].value);
    }
    free(element->attributes);
    free(element->full);
    free(element->trimmed);
    buffer_clear(&element->text);
    free(element);
}

/* The depth is bounded, and so is this. */
void xml_free(struct xml *root)
{
    struct xml *next;

    if (root == NULL)
        return;
    for (struct xml *child = root->first; child != NULL; child = next) {
        next = child->next;
        xml_free(child);
    }
    free_element(root);
}

const char *xml_name(const struct xml *element)
{
    return element->name;
}

const char *xml_namespace(const struct xml *element)
{
    return element->space;
}

const char *xml_text(const struct xml *element)
{
    return element->trimmed;
}

const char *xml_attribute(const struct xml *element, const char *name)
{
    for (size_t i = 0; i < element->attribute_count; i++)
        if (strcmp(element->attributes[i].name, name) == 0)
            return element->attributes[i].value;
    return NULL;
}

static const struct xml *find(const struct xml *from, const char *name)
{
    while (from != NULL && name != NULL && strcmp(from->name, name) != 0)
        from = from->next;
    return from;
}

const struct xml *xml_child(const struct xml *element, const char *name)
{
    return element == NULL ? NULL : find(element->first, name);
}

const struct xml *xml_next(const struct xml *element)
{
    return find(element->next, element->name);
}

const struct xml *xml_next_any(const struct xml *element)
{
    return element->next;
}

const char *xml_child_text(const struct xml *element, const char *name)
{
    const struct xml *child = xml_child(element, name);

    return child == NULL ? NULL : xml_text(child);
}

/* ---- parsing ----------------------------------------------------------------------------- */

struct parsing {
    XML_Parser parser;
    struct xml *root;
    struct xml *current; /* the element that is open */
    size_t depth, elements;
    struct error *error; /* the first */
};

/* Keeps the error (owned), and has expat stop. */
static void stop(struct parsing *parsing, struct error *error)
{
    if (parsing->error == NULL)
        parsing->error = error;
    else
        error_free(error);
    (void)XML_StopParser(parsing->parser, XML_FALSE);
}

static struct error *refuse(const char *what)
{
    return error_new(ERROR_SERVER_ANSWER, "the XML has %s", what);
}

/* "namespace local", or "local". */
static const char *local_part(const char *name)
{
    const char *separator = strrchr(name, SEPARATOR);

    return separator == NULL ? name : separator + 1;
}

static struct error *add_attributes(struct xml *element, const char **attributes)
{
    size_t count = 0;

    while (attributes[2 * count] != NULL)
        count++;
    if (count > XML_ATTRIBUTES_MAX)
        return refuse("too many attributes in one element");
    element->attributes = calloc(count + 1, sizeof(*element->attributes));
    if (element->attributes == NULL)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        struct attribute *attribute = &element->attributes[element->attribute_count++];

        attribute->name = strdup(local_part(attributes[2 * i]));
        attribute->value = strdup(attributes[2 * i + 1]);
        if (attribute->name == NULL || attribute->value == NULL)
            return error_no_memory();
    }
    return NULL;
}

static struct error *name_element(struct xml *element, const char *name)
{
    char *separator;

    element->full = strdup(name);
    if (element->full == NULL)
        return error_no_memory();
    separator = strrchr(element->full, SEPARATOR);
    element->name = separator == NULL ? element->full : separator + 1;
    element->space = separator == NULL ? "" : element->full;
    if (separator != NULL)
        *separator = '\0';
    return NULL;
}

static void link_element(struct parsing *parsing, struct xml *element)
{
    element->parent = parsing->current;
    if (parsing->current == NULL)
        parsing->root = element;
    else if (parsing->current->first == NULL)
        parsing->current->first = element;
    else
        parsing->current->last->next = element;
    if (parsing->current != NULL)
        parsing->current->last = element;
    parsing->current = element;
}

static void XMLCALL start_element(void *data, const char *name, const char **attributes)
{
    struct parsing *parsing = data;
    struct xml *element;
    struct error *error;

    if (parsing->error != NULL)
        return;
    if (++parsing->depth > XML_DEPTH_MAX)
        return stop(parsing, refuse("elements that are nested too deep"));
    if (++parsing->elements > XML_ELEMENTS_MAX)
        return stop(parsing, refuse("too many elements"));
    element = calloc(1, sizeof(*element));
    if (element == NULL)
        return stop(parsing, error_no_memory());
    link_element(parsing, element);
    error = name_element(element, name);
    if (error == NULL)
        error = add_attributes(element, attributes);
    if (error != NULL)
        stop(parsing, error);
}

static struct error *trim(struct xml *element)
{
    const char *text = (const char *)element->text.bytes;
    size_t length = element->text.length;

    while (length > 0 && strchr(BLANKS, text[length - 1]) != NULL)
        length--;
    while (length > 0 && strchr(BLANKS, text[0]) != NULL) {
        text++;
        length--;
    }
    element->trimmed = length == 0 ? strdup("") : strndup(text, length);
    buffer_clear(&element->text);
    return element->trimmed == NULL ? error_no_memory() : NULL;
}

static void XMLCALL end_element(void *data, const char *name)
{
    struct parsing *parsing = data;
    struct error *error;

    (void)name;
    if (parsing->error != NULL) /* expat still ends an empty element after it was stopped */
        return;
    error = trim(parsing->current);
    parsing->depth--;
    parsing->current = parsing->current->parent;
    if (error != NULL)
        stop(parsing, error);
}

/* The whole document's size bounds it. XML has no NUL. */
static void XMLCALL add_text(void *data, const char *text, int length)
{
    struct parsing *parsing = data;
    struct error *error;

    if (parsing->error != NULL)
        return;
    error = buffer_append(&parsing->current->text, text, (size_t)length);
    if (error != NULL)
        stop(parsing, error);
}

/* Where entities are declared; SOAP has none (SOAP 1.1, 3). */
static void XMLCALL refuse_doctype(void *data, const char *name, const char *system,
                                   const char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(data, refuse("a document type, which could declare entities"));
}

static struct error *run_parser(struct parsing *parsing, const void *bytes, size_t length)
{
    enum XML_Status status;

    XML_SetUserData(parsing->parser, parsing);
    XML_SetElementHandler(parsing->parser, start_element, end_element);
    XML_SetCharacterDataHandler(parsing->parser, add_text);
    XML_SetStartDoctypeDeclHandler(parsing->parser, refuse_doctype);
    status = XML_Parse(parsing->parser, bytes, (int)length, XML_TRUE);
    if (parsing->error != NULL || status == XML_STATUS_OK)
        return parsing->error;
    return error_new(ERROR_SERVER_ANSWER, "the answer is not XML: %s",
                     XML_ErrorString(XML_GetErrorCode(parsing->parser)));
}

struct error *xml_parse(const void *bytes, size_t length, struct xml **out)
{
    struct parsing parsing = {0};
    struct error *error;

    *out = NULL;
    if (length > XML_SIZE_MAX)
        return refuse("more bytes than are taken");
    parsing.parser = XML_ParserCreateNS(NULL, SEPARATOR);
    if (parsing.parser == NULL)
        return error_no_memory();
    error = run_parser(&parsing, bytes, length);
    XML_ParserFree(parsing.parser);
    if (error != NULL) {
        xml_free(parsing.root);
        return error;
    }
    *out = parsing.root;
    return NULL;
}
