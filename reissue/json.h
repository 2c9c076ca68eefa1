/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON (RFC 8259) from servers that may be hostile: jsmn finds the tokens, and what it lets pass is
 * refused here. A document is accepted whole or not at all: its grammar, UTF-8, every escape, no
 * member twice in an object.
 */
#ifndef REISSUE_JSON_H
#define REISSUE_JSON_H

#include "card/error.h"

#include <stdbool.h>
#include <stddef.h>

/* More than any answer of an ACME server takes. */
#define JSON_SIZE_MAX    ((size_t)256 * 1024)
#define JSON_DEPTH_MAX   16
#define JSON_MEMBERS_MAX 512 /* in one object; each is compared with each */

enum json_type {
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

/* A value in a document. Those that are found in it belong to the document. */
struct json;

/*
 * Parses a document, which must be an object (as all of ACME's are). The caller frees it with
 * json_free(). ERROR_SERVER_ANSWER says what is wrong at which byte.
 */
struct error *json_parse(const void *text, size_t length, struct json **out) MUST_CHECK;

/* Frees a document that json_parse() gave. NULL is fine. */
void json_free(struct json *document);

enum json_type json_type(const struct json *value);

/* A string's decoded text, or a number's digits; its length leaves a final NUL out. Else "". */
const char *json_text(const struct json *value);
size_t json_text_length(const struct json *value);

/* The members of an object, or the elements of an array, in order: NULL after the last. */
const struct json *json_first(const struct json *value);
const struct json *json_next(const struct json *value);
size_t json_count(const struct json *value);

/* A member's name; NULL for what is no member. */
const char *json_name(const struct json *value);

/*
 * The member of that name, or NULL: where there is none, where it is null, and where `object` is
 * NULL or no object.
 */
const struct json *json_member(const struct json *object, const char *name);

/*
 * The member of that name, which must be there (json_..._optional: or *out is NULL, or false) and
 * be of that type. A string has no NUL in it. ERROR_SERVER_ANSWER names the member.
 */
struct error *json_string(const struct json *object, const char *name, const char **out) MUST_CHECK;
struct error *json_string_optional(const struct json *object, const char *name,
                                   const char **out) MUST_CHECK;
struct error *json_object(const struct json *object, const char *name,
                          const struct json **out) MUST_CHECK;
struct error *json_object_optional(const struct json *object, const char *name,
                                   const struct json **out) MUST_CHECK;
struct error *json_array(const struct json *object, const char *name,
                         const struct json **out) MUST_CHECK;
struct error *json_array_optional(const struct json *object, const char *name,
                                  const struct json **out) MUST_CHECK;
struct error *json_boolean_optional(const struct json *object, const char *name,
                                    bool *out) MUST_CHECK;

/* The same for a whole number; `missing` where there is none. */
struct error *json_integer_optional(const struct json *object, const char *name, long missing,
                                    long *out) MUST_CHECK;

/* An array's element as a string without NUL. `what` is named in the error. */
struct error *json_element_string(const struct json *element, const char *what,
                                  const char **out) MUST_CHECK;

#endif
