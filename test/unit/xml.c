/* SPDX-License-Identifier: BSD-2-Clause */
#include "reissue/xml.h"
#include "expect.h"

#include <stdio.h>

static struct xml *parsed(const char *text)
{
    struct xml *document;

    expect_good(xml_parse(text, strlen(text), &document));
    return document;
}

static void refused(const char *text, const char *says)
{
    struct xml *document;

    expect_error(xml_parse(text, strlen(text), &document), ERROR_SERVER_ANSWER, says);
    assert_null(document);
}

static void finds_elements(void **state)
{
    struct xml *document =
        parsed("<?xml version='1.0' encoding='UTF-8'?><!-- c --><p:a xmlns:p='urn:x'>"
               "<b>one</b><c x='1' p:y='2'/>\n<b> two\n</b><p:b>three</p:b></p:a>");
    const struct xml *b = xml_child(document, "b");

    (void)state;
    assert_string_equal(xml_name(document), "a");
    assert_string_equal(xml_namespace(document), "urn:x");
    assert_string_equal(xml_namespace(b), "");
    assert_string_equal(xml_text(b), "one");
    assert_string_equal(xml_name(xml_next_any(b)), "c");
    assert_string_equal(xml_attribute(xml_child(document, "c"), "y"), "2");
    assert_null(xml_attribute(xml_child(document, "c"), "z"));
    b = xml_next(b);
    assert_string_equal(xml_text(b), "two");
    b = xml_next(b);
    assert_string_equal(xml_text(b), "three");
    assert_null(xml_next(b));
    assert_string_equal(xml_child_text(document, "c"), "");
    assert_null(xml_child_text(document, "d"));
    assert_null(xml_child(NULL, "d"));
    assert_null(xml_child(xml_child(document, "d"), NULL));
    xml_free(document);
}

static void joins_text(void **state)
{
    struct xml *document =
        parsed("<a>1 &lt;&amp;&gt;&quot;&apos; <![CDATA[<2>]]><b/>&#x20AC;3&#10;</a>");

    (void)state;
    assert_string_equal(xml_text(document), "1 <&>\"' <2>\xE2\x82\xAC"
                                            "3");
    xml_free(document);
    document = parsed("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>");
    assert_string_equal(xml_text(document), "\xC3\xA9");
    xml_free(document);
}

static void refuses_entities(void **state)
{
    (void)state;
    refused("<!DOCTYPE a><a/>", "a document type");
    refused("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a document type");
    refused("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "a document type");
    refused("<!DOCTYPE a [<!ENTITY % b SYSTEM 'http://localhost/'>%b;]><a/>", "a document type");
    refused("<a>&b;</a>", "not XML");
}

static void refuses_what_is_no_xml(void **state)
{
    (void)state;
    refused("", "not XML");
    refused(" ", "not XML");
    refused("a", "not XML");
    refused("<a>", "not XML");
    refused("<a></b>", "not XML: mismatched tag");
    refused("<a/>\n<b/>", "not XML: junk after document element");
    refused("<a><p:b/></a>", "not XML");
    refused("<a b='1' b='2'/>", "not XML");
    refused("<a>\x01</a>", "not XML");
    refused("<a>\xFF</a>", "not XML");
    refused("<a>&#0;</a>", "not XML");
    refused("<?xml version='1.0' encoding='no-such'?><a/>", "not XML");
}

/* So many times a text, for free(). */
static char *repeated(const char *before, const char *text, size_t count, const char *after)
{
    size_t length = strlen(text);
    char *out = malloc(strlen(before) + count * length + strlen(after) + 1);
    char *place = out;

    assert_non_null(out);
    place = stpcpy(place, before);
    for (size_t i = 0; i < count; i++)
        place = stpcpy(place, text);
    (void)strcpy(place, after);
    return out;
}

static void expect_bound(char *good, char *bad, const char *says)
{
    struct xml *document = parsed(good);

    xml_free(document);
    refused(bad, says);
    free(good);
    free(bad);
}

static void bounds_everything(void **state)
{
    char *deep = repeated("", "</a>", XML_DEPTH_MAX, "");
    char *too_deep = repeated("", "</a>", XML_DEPTH_MAX + 1, "");
    char *attributes[2];

    (void)state;
    expect_bound(repeated("", "<a>", XML_DEPTH_MAX, deep),
                 repeated("", "<a>", XML_DEPTH_MAX + 1, too_deep), "nested too deep");
    free(deep);
    free(too_deep);
    expect_bound(repeated("<a>", "<b/>", XML_ELEMENTS_MAX - 1, "</a>"),
                 repeated("<a>", "<b/>", XML_ELEMENTS_MAX, "</a>"), "too many elements");
    expect_bound(repeated("<a>", "x", XML_SIZE_MAX - 7, "</a>"),
                 repeated("<a>", "x", XML_SIZE_MAX - 6, "</a>"), "more bytes");
    for (int i = 0; i < 2; i++) {
        attributes[i] = repeated("<a", "", 0, "");
        for (int j = 0; j < XML_ATTRIBUTES_MAX + i; j++) {
            char one[32];
            char *longer;

            (void)snprintf(one, sizeof(one), " x%d='1'", j);
            longer = repeated(attributes[i], one, 1, "");
            free(attributes[i]);
            attributes[i] = longer;
        }
        deep = repeated(attributes[i], "/>", 1, "");
        free(attributes[i]);
        attributes[i] = deep;
    }
    expect_bound(attributes[0], attributes[1], "too many attributes");
}

static void writes_what_it_reads(void **state)
{
    static const char text[] = "<&>\"' \xE2\x82\xAC \r\n\t]]>";
    struct xml_writer writer = {0};
    struct buffer out;
    struct xml *document;

    (void)state;
    xml_write_open(&writer, "s:a", "xmlns:s=\"urn:x\"");
    xml_write_text(&writer, "b", "");
    xml_write_text(&writer, "c", NULL);
    xml_write_open(&writer, "d", NULL);
    xml_write_text(&writer, "e", "x");
    xml_write_close(&writer, "d");
    xml_write_text(&writer, "f", text);
    xml_write_close(&writer, "s:a");
    expect_good(xml_write_end(&writer, &out));
    document = parsed((const char *)out.bytes);
    buffer_clear(&out);
    assert_string_equal(xml_namespace(document), "urn:x");
    assert_string_equal(xml_child_text(document, "b"), "");
    assert_null(xml_child(document, "c"));
    assert_string_equal(xml_child_text(xml_child(document, "d"), "e"), "x");
    assert_string_equal(xml_child_text(document, "f"), text);
    xml_free(document);
}

static void refuses_to_write(void **state)
{
    static const char *const texts[] = {"\x01", "\x1B[31m", "\xFF", "\xC0\x80", "\xEF\xBF\xBF"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct xml_writer writer = {0};
        struct buffer out;

        xml_write_text(&writer, "a", texts[i]);
        xml_write_text(&writer, "b", "good");
        expect_error(xml_write_end(&writer, &out), ERROR_ARGUMENT, "a has characters");
        assert_null(out.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_elements),    cmocka_unit_test(joins_text),
        cmocka_unit_test(refuses_entities),  cmocka_unit_test(refuses_what_is_no_xml),
        cmocka_unit_test(bounds_everything), cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(refuses_to_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
