/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XML 1.0 from servers that may be hostile, parsed by expat into a tree, and XML that is written.
 * A document with a document type is refused, and with it every entity but the five of XML's own;
 * size, depth, and the numbers of elements and attributes are bounded.
 */
#ifndef REISSUE_XML_H
#define REISSUE_XML_H

#include "card/buffer.h"
#include "card/error.h"

#include <stddef.h>

#define XML_SIZE_MAX       ((size_t)4 * 1024 * 1024)
#define XML_DEPTH_MAX      24
#define XML_ELEMENTS_MAX   50000
#define XML_ATTRIBUTES_MAX 16 /* of one element */

/* ---- reading ----------------------------------------------------------------------------- */

/* An element of a document, to which it belongs. */
struct xml;

/* Parses a document; its root is for xml_free(). ERROR_SERVER_ANSWER says what is wrong, and in
   which line. */
struct error *xml_parse(const void *bytes, size_t length, struct xml **out) MUST_CHECK;

/* Frees a whole document. NULL is fine. */
void xml_free(struct xml *root);

/* The local part of an element's name, and its namespace: "" where it has none. */
const char *xml_name(const struct xml *element);
const char *xml_namespace(const struct xml *element);

/* The text directly in an element, all parts of it, without blanks and line ends around it. */
const char *xml_text(const struct xml *element);

/* The value of the attribute of that local name, or NULL. */
const char *xml_attribute(const struct xml *element, const char *name);

/* The first child of that local name (NULL: of any), or NULL; also where `element` is NULL. */
const struct xml *xml_child(const struct xml *element, const char *name);

/* The next sibling with the same name, and the next one of any; or NULL. */
const struct xml *xml_next(const struct xml *element);
const struct xml *xml_next_any(const struct xml *element);

/* The text of the child of that name, or NULL where there is none. */
const char *xml_child_text(const struct xml *element, const char *name);

/* ---- writing ----------------------------------------------------------------------------- */

/* A zeroed one is ready for use. The first failure is kept, and xml_write_end() returns it. */
struct xml_writer {
    struct buffer text;
    struct error *error;
};

/* A start tag with what stands in it (NULL: nothing), and an end tag. Names are the caller's own.
 */
void xml_write_open(struct xml_writer *writer, const char *name, const char *attributes);
void xml_write_close(struct xml_writer *writer, const char *name);

/* An element with text, which is escaped; none where `text` is NULL. */
void xml_write_text(struct xml_writer *writer, const char *name, const char *text);

/*
 * Gives the document, NUL-terminated, in `out`, for buffer_clear(), which wipes it; empties the
 * writer. ERROR_ARGUMENT where a text had characters that XML has no way to write.
 */
struct error *xml_write_end(struct xml_writer *writer, struct buffer *out) MUST_CHECK;

#endif
