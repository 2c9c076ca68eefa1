/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include "json_text.h"

#include <openssl/crypto.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Strict: primitives begin as they must. With parent links closing a bracket takes constant time.
 */
#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

struct json {
    enum json_type type;
    const char *name; /* of a member */
    const char *text;
    size_t length;
    size_t count;
    struct json *first, *next;
    char *strings; /* of the document, in its root */
};

/* jsmn's tokens come in the order of the text; the text between them is checked on the way. */
struct json_walk {
    const char *text;
    size_t length, position;
    const jsmntok_t *tokens;
    size_t token_count, next_token;
    struct json *nodes;
    char *strings; /* where the next decoded string goes */
    int depth;
};

static struct error *malformed(const struct json_walk *walk, const char *what)
{
    return error_new(ERROR_SERVER_ANSWER, "not JSON: %s, at byte %zu of %zu", what, walk->position,
                     walk->length);
}

static void skip_space(struct json_walk *walk)
{
    while (walk->position < walk->length && strchr(" \t\r\n", walk->text[walk->position]) != NULL &&
           walk->text[walk->position] != '\0')
        walk->position++;
}

/* Whether that character is next, which is then passed. */
static bool skip_character(struct json_walk *walk, char character)
{
    skip_space(walk);
    if (walk->position >= walk->length || walk->text[walk->position] != character)
        return false;
    walk->position++;
    return true;
}

/* The token that begins at the present position, with its node; NULL where none does. */
static const jsmntok_t *take_token(struct json_walk *walk, struct json **node)
{
    skip_space(walk);
    if (walk->next_token >= walk->token_count)
        return NULL;
    const jsmntok_t *token = &walk->tokens[walk->next_token];
    size_t start = (size_t)token->start - (token->type == JSMN_STRING ? 1 : 0);
    if (token->start < 0 || token->end < token->start || start != walk->position ||
        (size_t)token->end > walk->length)
        return NULL;
    *node = &walk->nodes[walk->next_token++];
    return token;
}

static struct error *take_text(struct json_walk *walk, const jsmntok_t *token, struct json *node)
{
    size_t length = (size_t)(token->end - token->start);
    const char *problem = NULL;
    node->text = walk->strings;
    if (token->type == JSMN_STRING)
        problem =
            json_decode_string(walk->text + token->start, length, walk->strings, &node->length);
    else
        problem = json_check_primitive(walk->text + token->start, length);
    if (problem != NULL)
        return malformed(walk, problem);
    if (token->type != JSMN_STRING) {
        memcpy(walk->strings, walk->text + token->start, length);
        node->length = length;
    }
    walk->strings[node->length] = '\0';
    walk->strings += node->length + 1;
    walk->position = (size_t)token->end + (token->type == JSMN_STRING ? 1 : 0);
    return NULL;
}

static struct error *take_value(struct json_walk *walk, struct json **out);

static struct error *take_name(struct json_walk *walk, const struct json *object, const char **name)
{
    struct json *node;
    const jsmntok_t *token = take_token(walk, &node);
    if (token == NULL || token->type != JSMN_STRING)
        return malformed(walk, "a member has no name");
    struct error *error = take_text(walk, token, node);
    if (error != NULL)
        return error;
    if (strlen(node->text) != node->length)
        return malformed(walk, "a member's name has a NUL in it");
    if (json_count(object) >= JSON_MEMBERS_MAX)
        return malformed(walk, "an object has too many members");
    for (const struct json *member = object->first; member != NULL; member = member->next) {
        if (strcmp(member->name, node->text) == 0)
            return malformed(walk, "an object has a member twice");
    }
    *name = node->text;
    return skip_character(walk, ':') ? NULL : malformed(walk, "a colon is missing");
}

/* What is between the brackets, of an object or an array. */
static struct error *take_children(struct json_walk *walk, struct json *parent, char close)
{
    struct json **end = &parent->first;
    if (skip_character(walk, close))
        return NULL;
    do {
        const char *name = NULL;
        struct error *error = parent->type == JSON_OBJECT ? take_name(walk, parent, &name) : NULL;
        struct json *child = NULL;
        if (error == NULL)
            error = take_value(walk, &child);
        if (error != NULL)
            return error;
        child->name = name;
        *end = child;
        end = &child->next;
        parent->count++;
    } while (skip_character(walk, ','));
    return skip_character(walk, close) ? NULL : malformed(walk, "a bracket or comma is missing");
}

static struct error *take_container(struct json_walk *walk, const jsmntok_t *token,
                                    struct json *node)
{
    node->type = token->type == JSMN_OBJECT ? JSON_OBJECT : JSON_ARRAY;
    if (++walk->depth > JSON_DEPTH_MAX)
        return malformed(walk, "it is nested too deeply");
    walk->position++;
    struct error *error = take_children(walk, node, node->type == JSON_OBJECT ? '}' : ']');
    walk->depth--;
    if (error == NULL && walk->position != (size_t)token->end)
        error = malformed(walk, "brackets do not match");
    return error;
}

static enum json_type primitive_type(char first)
{
    switch (first) {
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

static struct error *take_value(struct json_walk *walk, struct json **out)
{
    const jsmntok_t *token = take_token(walk, out);
    if (token == NULL)
        return malformed(walk, "a value is missing");
    if (token->type == JSMN_OBJECT || token->type == JSMN_ARRAY)
        return take_container(walk, token, *out);
    (*out)->type =
        token->type == JSMN_STRING ? JSON_STRING : primitive_type(walk->text[token->start]);
    return take_text(walk, token, *out);
}

/* Decoded text is never longer than encoded text; each string has a NUL at its end. */
static struct error *make_nodes(struct json_walk *walk)
{
    walk->nodes = calloc(walk->token_count, sizeof(*walk->nodes));
    walk->strings = malloc(walk->length + walk->token_count);
    if (walk->nodes == NULL || walk->strings == NULL) {
        free(walk->nodes);
        free(walk->strings);
        return error_no_memory();
    }
    walk->nodes[0].strings = walk->strings;
    struct json *root;
    struct error *error = take_value(walk, &root);
    skip_space(walk);
    if (error == NULL && walk->position != walk->length)
        error = malformed(walk, "there is more after its end");
    if (error == NULL && root->type != JSON_OBJECT)
        error = malformed(walk, "it is no object");
    if (error != NULL)
        json_free(walk->nodes);
    return error;
}

static struct error *find_tokens(struct json_walk *walk, jsmntok_t **tokens)
{
    jsmn_parser parser;
    jsmn_init(&parser);
    int count = jsmn_parse(&parser, walk->text, walk->length, NULL, 0);
    walk->position = parser.pos;
    if (count <= 0)
        return malformed(walk, count == JSMN_ERROR_PART ? "it breaks off"
                                                        : "a character that cannot be there");
    *tokens = calloc((size_t)count, sizeof(**tokens));
    if (*tokens == NULL)
        return error_no_memory();
    jsmn_init(&parser);
    int found = jsmn_parse(&parser, walk->text, walk->length, *tokens, (unsigned)count);
    walk->position = parser.pos;
    if (found != count)
        return malformed(walk, found == JSMN_ERROR_PART ? "it breaks off"
                                                        : "a character that cannot be there");
    walk->position = 0;
    walk->tokens = *tokens;
    walk->token_count = (size_t)count;
    return NULL;
}

struct error *json_parse(const void *text, size_t length, struct json **out)
{
    struct json_walk walk = {.text = text, .length = length};
    jsmntok_t *tokens = NULL;
    *out = NULL;
    if (length > JSON_SIZE_MAX)
        return error_new(ERROR_SERVER_ANSWER, "JSON of %zu bytes, more than the %zu that are taken",
                         length, JSON_SIZE_MAX);
    struct error *error = find_tokens(&walk, &tokens);
    if (error == NULL)
        error = make_nodes(&walk);
    free(tokens);
    if (error == NULL)
        *out = walk.nodes;
    return error;
}

void json_free(struct json *document)
{
    if (document != NULL)
        free(document->strings);
    free(document);
}

enum json_type json_type(const struct json *value)
{
    return value->type;
}

const char *json_text(const struct json *value)
{
    return value->text != NULL ? value->text : "";
}

size_t json_text_length(const struct json *value)
{
    return value->length;
}

const struct json *json_first(const struct json *value)
{
    return value->first;
}

const struct json *json_next(const struct json *value)
{
    return value->next;
}

size_t json_count(const struct json *value)
{
    return value->count;
}

const char *json_name(const struct json *value)
{
    return value->name;
}
