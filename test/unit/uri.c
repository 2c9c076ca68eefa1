/* SPDX-License-Identifier: BSD-2-Clause */
#include "soft_reader.h"

#include <stdlib.h>
#include <string.h>

static struct card_uri *parsed(const char *text)
{
    struct card_uri *uri;
    assert_no_error(card_uri_parse(text, &uri));
    return uri;
}

static void parses_everything(void **state)
{
    (void)state;
    struct card_uri *uri =
        parsed("card:serial=123;reader=Yubico%20Key;app=piv;slot=9a;label=a%3Bb;type=private"
               "?pin-source=file:/etc/pin&pin-value=12%3356&use-last-try=yes&module-path=/x");
    assert_string_equal(uri->serial, "123");
    assert_string_equal(uri->reader, "Yubico Key");
    assert_string_equal(uri->app, "piv");
    assert_string_equal(uri->slot, "9a");
    assert_string_equal(uri->label, "a;b");
    assert_int_equal(uri->type, CARD_OBJECT_PRIVATE_KEY);
    assert_string_equal(uri->pin_source, "file:/etc/pin");
    assert_int_equal(secret_length(uri->pin_value), 5);
    assert_memory_equal(secret_bytes(uri->pin_value), "12356", 5);
    assert_true(uri->use_last_try);
    assert_string_equal(uri->module_path, "/x");
    card_uri_free(uri);
}

static void parses_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"card:", "CARD:", "card:?", "card:;", "card:?&"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct card_uri *uri = parsed(texts[i]);
        assert_null(uri->slot);
        assert_int_equal(uri->type, CARD_OBJECT_ANY);
        assert_false(uri->use_last_try);
        card_uri_free(uri);
    }
}

static void reads_use_last_try(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool value;
    } cases[] = {{"card:?use-last-try", true},
                 {"card:?use-last-try=yes", true},
                 {"card:?use-last-try=1", true},
                 {"card:?use-last-try=no", false},
                 {"card:?use-last-try=false", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct card_uri *uri = parsed(cases[i].text);
        assert_int_equal(uri->use_last_try, cases[i].value);
        card_uri_free(uri);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"pkcs11:", "begin with card:"},
        {"", "begin with card:"},
        {"card:slut=9a", "\"slut\": there are serial, reader, app, slot, label, type"},
        {"card:slot", "slot has no value"},
        {"card:slot=", "slot has no value"},
        {"card:slot=9a;slot=9c", "slot is there twice"},
        {"card:type=cert;type=cert", "type is there twice"},
        {"card:type=key", "private, public, cert"},
        {"card:app=PIVX", "piv, openpgp, certum, pkcs11"},
        {"card:slot=9%", "hexadecimal digits"},
        {"card:slot=9%a", "hexadecimal digits"},
        {"card:slot=9%zz", "hexadecimal digits"},
        {"card:slot=9%az", "hexadecimal digits"},
        {"card:slot=9a%00", "control character"},
        {"card:reader=a%0Ab", "control character"},
        {"card:reader=a\nb", "control character"},
        {"card:pin-value=123456", "\"pin-value\""},
        {"card:?slot=9a", "after the ?"},
        {"card:?pin-value", "pin-value has no value"},
        {"card:?pin-value=", "pin-value has no value"},
        {"card:?pin-value=1&pin-value=2", "twice"},
        {"card:?pin-source=123456", "file:PATH, env:NAME, credential:NAME"},
        {"card:?pin-source=file:", "file:PATH, env:NAME, credential:NAME"},
        {"card:?use-last-try=maybe", "yes or no"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct card_uri *uri;
        struct error *error = card_uri_parse(cases[i].text, &uri);
        assert_null(uri);
        assert_non_null(error);
        assert_null(strstr(error_message(error), "123456"));
        assert_error(error, ERROR_URI, cases[i].says);
    }
}

static void refuses_a_pin_that_is_no_pin(void **state)
{
    (void)state;
    char text[700] = "card:?pin-value=";
    struct card_uri *uri;
    memset(text + strlen(text), '1', 600);
    assert_error(card_uri_parse(text, &uri), ERROR_URI, "too long");
}

static void assert_formats(const char *text, const char *expected)
{
    struct card_uri *uri = parsed(text);
    struct card_uri *copy;
    char *out;
    assert_no_error(card_uri_copy(uri, &copy));
    card_uri_free(uri);
    assert_no_error(card_uri_format(copy, &out));
    assert_string_equal(out, expected);
    card_uri_free(copy);
    free(out);
}

static void formats_without_the_pin(void **state)
{
    (void)state;
    assert_formats("card:", "card:");
    assert_formats("card:type=cert;slot=9a;serial=1", "card:serial=1;slot=9a;type=cert");
    assert_formats("card:?pin-value=123456", "card:");
    assert_formats("card:slot=9a?pin-value=1&use-last-try&pin-source=env:A",
                   "card:slot=9a?pin-source=env:A&use-last-try=yes");
    assert_formats("card:reader=A b%25%3B%3F&\"%C3%BC[00]",
                   "card:reader=A%20b%25%3B%3F%26%22%C3%BC%5B00%5D");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_everything),
        cmocka_unit_test(parses_nothing),
        cmocka_unit_test(reads_use_last_try),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_a_pin_that_is_no_pin),
        cmocka_unit_test(formats_without_the_pin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
