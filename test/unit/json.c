/* SPDX-License-Identifier: BSD-2-Clause */
#include "reissue/json.h"
#include "expect.h"
#include "reissue/json_write.h"

#include <stdbool.h>
#include <stdio.h>

static struct json *parsed(const char *text)
{
    struct json *document;
    expect_good(json_parse(text, strlen(text), &document));
    return document;
}

static void parses_all_types(void **state)
{
    (void)state;
    struct json *document =
        parsed(" { \"s\" : \"a\" , \"n\":-0.5e+3,\"t\":true,\"f\":false,\"z\":null,"
               "\"a\":[1,[],{}],\"o\":{\"x\":{\"y\":\"z\"}} }\r\n\t ");
    assert_int_equal(json_count(document), 7);
    const char *text;
    const struct json *value;
    bool boolean;
    expect_good(json_string(document, "s", &text));
    assert_string_equal(text, "a");
    assert_string_equal(json_text(json_member(document, "n")), "-0.5e+3");
    expect_good(json_boolean_optional(document, "t", &boolean));
    assert_true(boolean);
    expect_good(json_boolean_optional(document, "f", &boolean));
    assert_false(boolean);
    assert_null(json_member(document, "z"));
    expect_good(json_array(document, "a", &value));
    assert_int_equal(json_count(value), 3);
    assert_int_equal(json_type(json_first(value)), JSON_NUMBER);
    assert_int_equal(json_type(json_next(json_first(value))), JSON_ARRAY);
    expect_good(json_object(document, "o", &value));
    expect_good(json_object(value, "x", &value));
    expect_good(json_string(value, "y", &text));
    assert_string_equal(text, "z");
    json_free(document);
}

static void decodes_escapes(void **state)
{
    (void)state;
    struct json *document =
        parsed("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20AC\\uD834\\uDD1E\xc3\xa4\","
               "\"\\u0061b\":\"\",\"nul\":\"x\\u0000y\"}");
    const char *text;
    expect_good(json_string(document, "a", &text));
    assert_string_equal(text, "\"\\/\b\f\n\r\t\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e\xc3\xa4");
    expect_good(json_string(document, "ab", &text));
    assert_string_equal(text, "");
    assert_int_equal(json_text_length(json_member(document, "nul")), 3);
    expect_error(json_string(document, "nul", &text), ERROR_SERVER_ANSWER, "has a NUL");
    json_free(document);
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "not JSON"},
        {" ", "not JSON"},
        {"[]", "no object"},
        {"\"a\"", "no object"},
        {"{", "breaks off"},
        {"}", "brackets do not match"},
        {"{]", "not JSON"},
        {"{}}", "brackets do not match"},
        {"{} {}", "more after its end"},
        {"{},", "more after its end"},
        {"{\"a\"}", "colon"},
        {"{\"a\" 1}", "not JSON"},
        {"{\"a\":}", "not JSON"},
        {"{\"a\":1,}", "no name"},
        {"{,\"a\":1}", "not JSON"},
        {"{\"a\":1 \"b\":2}", "bracket or comma"},
        {"{\"a\"::1}", "not JSON"},
        {"{\"a\":1:2}", "not JSON"},
        {"{1:2}", "not JSON"},
        {"{a:1}", "not JSON"},
        {"{'a':1}", "not JSON"},
        {"{\"a\":[1 2]}", "bracket or comma"},
        {"{\"a\":[1,]}", "value is missing"},
        {"{\"a\":[,1]}", "value is missing"},
        {"{\"a\":[\"b\":1]}", "not JSON"},
        {"{\"a\":1,\"a\":1}", "twice"},
        {"{\"a\":1,\"\\u0061\":1}", "twice"},
        {"{\"a\\u0000\":1}", "NUL"},
        {"{\"a\":tru}", "neither a number"},
        {"{\"a\":truest}", "neither a number"},
        {"{\"a\":nul}", "neither a number"},
        {"{\"a\":01}", "neither a number"},
        {"{\"a\":1.}", "neither a number"},
        {"{\"a\":.5}", "not JSON"},
        {"{\"a\":+1}", "not JSON"},
        {"{\"a\":-}", "neither a number"},
        {"{\"a\":1e}", "neither a number"},
        {"{\"a\":0x10}", "neither a number"},
        {"{\"a\":NaN}", "not JSON"},
        {"{\"a\":\"\n\"}", "control character"},
        {"{\"a\":\"\\x\"}", "not JSON"},
        {"{\"a\":\"\\u12\"}", "not JSON"},
        {"{\"a\":\"\\u12g4\"}", "not JSON"},
        {"{\"a\":\"\\ud834\"}", "surrogate"},
        {"{\"a\":\"\\ud834x\"}", "surrogate"},
        {"{\"a\":\"\\ud834\\u0041\"}", "surrogate"},
        {"{\"a\":\"\\udd1e\"}", "surrogate"},
        {"{\"a\":\"\xff\"}", "UTF-8"},
        {"{\"a\":\"\xc0\x80\"}", "UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", "UTF-8"},
        {"{\"a\":\"\xf4\x90\x80\x80\"}", "UTF-8"},
        {"{\"a\":\"\xe2\x82\"}", "UTF-8"},
        {"\xef\xbb\xbf{}", "not JSON"},
        {"{} // comment", "not JSON"},
        {"{\"a\":\"b", "breaks off"},
        {"{\"a\":\"b\\\"}", "breaks off"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json *document = NULL;
        struct error *error = json_parse(cases[i].text, strlen(cases[i].text), &document);
        if (error == NULL)
            fail_msg("%s was taken", cases[i].text);
        expect_error(error, ERROR_SERVER_ANSWER, cases[i].says);
        assert_null(document);
    }
}

static void refuses_a_nul_after_its_end(void **state)
{
    (void)state;
    struct json *document;
    expect_error(json_parse("{}\0{}", 5, &document), ERROR_SERVER_ANSWER, "more after its end");
    expect_error(json_parse("{\"a\":\"\0\"}", 9, &document), ERROR_SERVER_ANSWER, "not JSON");
}

/* A document of `depth` arrays in an object. */
static struct error *parse_nested(size_t depth)
{
    char *text = malloc(2 * depth + 8), *end = stpcpy(text, "{\"a\":");
    for (size_t i = 0; i < depth; i++)
        *end++ = '[';
    for (size_t i = 0; i < depth; i++)
        *end++ = ']';
    *end++ = '}';
    struct json *document;
    struct error *error = json_parse(text, (size_t)(end - text), &document);
    json_free(document);
    free(text);
    return error;
}

static void bounds_depth_and_size(void **state)
{
    (void)state;
    expect_good(parse_nested(JSON_DEPTH_MAX - 1));
    expect_error(parse_nested(JSON_DEPTH_MAX), ERROR_SERVER_ANSWER, "nested too deeply");
    expect_error(parse_nested(100000), ERROR_SERVER_ANSWER, "nested too deeply");
    char *text = malloc(JSON_SIZE_MAX + 1);
    memset(text, ' ', JSON_SIZE_MAX + 1);
    memcpy(text, "{}", 2);
    struct json *document;
    expect_good(json_parse(text, JSON_SIZE_MAX, &document));
    json_free(document);
    expect_error(json_parse(text, JSON_SIZE_MAX + 1, &document), ERROR_SERVER_ANSWER, "more than");
    free(text);
}

static void bounds_members(void **state)
{
    (void)state;
    for (int count = JSON_MEMBERS_MAX; count <= JSON_MEMBERS_MAX + 1; count++) {
        struct json_writer writer = {0};
        char *text, name[16];
        struct json *document;
        json_write_object(&writer, NULL);
        for (int i = 0; i < count; i++) {
            (void)snprintf(name, sizeof(name), "%d", i);
            json_write_integer(&writer, name, i);
        }
        json_write_object_end(&writer);
        expect_good(json_write_end(&writer, &text));
        struct error *error = json_parse(text, strlen(text), &document);
        if (count <= JSON_MEMBERS_MAX)
            expect_good(error);
        else
            expect_error(error, ERROR_SERVER_ANSWER, "too many members");
        json_free(document);
        free(text);
    }
}

static void names_members_of_a_wrong_type(void **state)
{
    (void)state;
    struct json *document =
        parsed("{\"s\":\"a\",\"n\":1.5,\"big\":99999999999999999999,\"z\":null}");
    const char *text;
    const struct json *value;
    bool boolean;
    long number;
    expect_error(json_string(document, "n", &text), ERROR_SERVER_ANSWER,
                 "\"n\" is a number, not a string");
    expect_error(json_string(document, "q", &text), ERROR_SERVER_ANSWER, "\"q\" is missing");
    expect_error(json_string(document, "z", &text), ERROR_SERVER_ANSWER, "\"z\" is missing");
    expect_good(json_string_optional(document, "z", &text));
    assert_null(text);
    expect_error(json_array(document, "s", &value), ERROR_SERVER_ANSWER, "not an array");
    expect_error(json_object_optional(document, "s", &value), ERROR_SERVER_ANSWER, "not an object");
    expect_error(json_boolean_optional(document, "s", &boolean), ERROR_SERVER_ANSWER, "\"s\" is");
    expect_error(json_integer_optional(document, "n", 0, &number), ERROR_SERVER_ANSWER,
                 "not a whole number");
    expect_error(json_integer_optional(document, "big", 0, &number), ERROR_SERVER_ANSWER,
                 "not a whole number");
    expect_good(json_integer_optional(document, "q", 7, &number));
    assert_int_equal(number, 7);
    json_free(document);
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    static const char text[] = "\"\\/\b\f\n\r\t\x01\x7f\xc3\xa4\xf0\x9d\x84\x9e";
    struct json_writer writer = {0};
    char *json;
    json_write_object(&writer, NULL);
    json_write_string(&writer, "te\"xt", text);
    json_write_array(&writer, "list");
    json_write_integer(&writer, NULL, -17);
    json_write_boolean(&writer, NULL, true);
    json_write_object(&writer, NULL);
    json_write_object_end(&writer);
    json_write_array_end(&writer);
    json_write_raw(&writer, "raw", "{\"a\":1}");
    json_write_object_end(&writer);
    expect_good(json_write_end(&writer, &json));
    assert_string_equal(json, "{\"te\\\"xt\":\"\\\"\\\\/\\u0008\\u000c\\u000a\\u000d\\u0009\\u0001"
                              "\\u007f\xc3\xa4\xf0\x9d\x84\x9e\",\"list\":[-17,true,{}],"
                              "\"raw\":{\"a\":1}}");
    struct json *document = parsed(json);
    const char *read;
    expect_good(json_string(document, "te\"xt", &read));
    assert_string_equal(read, text);
    json_free(document);
    free(json);
    json_write_string(&writer, NULL, "\xff");
    expect_error(json_write_end(&writer, &json), ERROR_ARGUMENT, "UTF-8");
}

static void closes_what_was_begun(void **state)
{
    (void)state;
    struct json_writer writer = {0};
    char *json;
    json_write_object(&writer, NULL);
    json_write_array(&writer, "list");
    json_write_object(&writer, NULL);
    json_write_null(&writer, "nothing");
    json_write_close(&writer, 1);
    json_write_string(&writer, "error", "too late");
    json_write_close(&writer, 0);
    expect_good(json_write_end(&writer, &json));
    assert_string_equal(json, "{\"list\":[{\"nothing\":null}],\"error\":\"too late\"}");
    free(json);
    for (int i = 0; i <= JSON_WRITE_DEPTH_MAX; i++)
        json_write_array(&writer, NULL);
    expect_error(json_write_end(&writer, &json), ERROR_INTERNAL, "nested too deeply");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_all_types),
        cmocka_unit_test(decodes_escapes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_a_nul_after_its_end),
        cmocka_unit_test(bounds_depth_and_size),
        cmocka_unit_test(bounds_members),
        cmocka_unit_test(names_members_of_a_wrong_type),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(closes_what_was_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
