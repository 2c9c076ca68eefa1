/* SPDX-License-Identifier: BSD-2-Clause */
#include "material.h"
#include "reissue/name_form.h"
#include "reissue/names.h"

#include <stdlib.h>
#include <string.h>

#define A63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static void tells_dns_names(void **state)
{
    static const struct {
        const char *name;
        const char *fault; /* part of it, or NULL */
    } cases[] = {
        {"a.pl", NULL},
        {"localhost", NULL},
        {"*.a.pl", NULL},
        {"xn--kw-0ka7g.pl", NULL},
        {"1.a.pl", NULL},
        {"3com.com", NULL},
        {A63 ".pl", NULL},
        {A63 "." A63 "." A63 ".aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg",
         NULL},
        {A63 "." A63 "." A63 ".aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgg",
         "253"},
        {A63 "h.pl", "63"},
        {"", "empty label"},
        {".", "empty label"},
        {"a.pl.", "empty label"},
        {"a..pl", "empty label"},
        {"*.pl", "top level"},
        {"*", "wildcard"},
        {"a.*.pl", "wildcard"},
        {"w*.a.pl", "wildcard"},
        {"*.*.a.pl", "wildcard"},
        {"a_b.pl", "underscore"},
        {"-a.pl", "hyphen"},
        {"a-.pl", "hyphen"},
        {"ab--c.pl", "third and fourth"},
        {"\xc5\xbc.pl", "ASCII"},
        {"a b.pl", "character"},
        {"a/b.pl", "character"},
        {"a.pl\n", "character"},
        {"1.2.3.4", "number"},
        {"a.1", "number"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *fault = name_dns_fault(cases[i].name);

        if (cases[i].fault == NULL ? fault != NULL
                                   : fault == NULL || strstr(fault, cases[i].fault) == NULL)
            fail_msg("%s: %s", cases[i].name, fault == NULL ? "no fault" : fault);
    }
}

static void tells_mail_addresses(void **state)
{
    static const char *const good[] = {"a@b.pl", "jan.kowalski+x@a.b.pl", "!#$%@b.pl"};
    static const char *const bad[] = {"a",       "@b.pl",     "a@",         ".a@b.pl",
                                      "a.@b.pl", "a..b@c.pl", "a b@c.pl",   "a@b_c.pl",
                                      "a@*.pl",  "a@b@c.pl",  "\"a\"@b.pl", A63 "aa@b.pl"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(name_email_fault(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(name_email_fault(bad[i]));
}

static void tells_internal_ones(void **state)
{
    static const char *const internal[] = {
        "server", "a.local", "a.test", "a.b.internal", "www.EXAMPLE.com", "1.168.192.in-addr.arpa"};
    static const char *const external[] = {"a.pl", "mylocal.pl", "notexample.com", "test.pl"};
    static const struct {
        const char *address;
        bool internal;
    } addresses[] = {
        {"10.1.2.3", true},    {"11.0.0.1", false},      {"172.16.0.1", true},
        {"172.32.0.1", false}, {"172.31.255.255", true}, {"192.168.0.1", true},
        {"100.64.0.1", true},  {"100.128.0.1", false},   {"127.0.0.1", true},
        {"8.8.8.8", false},    {"224.0.0.1", true},      {"255.255.255.255", true},
        {"::1", true},         {"fd00::1", true},        {"fe80::1", true},
        {"2001:db8::1", true}, {"2606:4700::1", false},  {"::ffff:8.8.8.8", true},
        {"febf::1", true},     {"fec0::1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++)
        assert_non_null(name_dns_internal(internal[i]));
    for (size_t i = 0; i < sizeof(external) / sizeof(external[0]); i++)
        assert_null(name_dns_internal(external[i]));
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        unsigned char bytes[16];
        size_t length = name_ip_bytes(addresses[i].address, bytes);

        assert_true(length == 4 || length == 16);
        if ((name_ip_internal(bytes, length) != NULL) != addresses[i].internal)
            fail_msg("%s", addresses[i].address);
    }
}

static void adds_in_one_form(void **state)
{
    struct names one = {NULL, 0}, other = {NULL, 0};
    char *text;

    (void)state;
    assert_no_error(names_add(&one, "WWW.Example.PL"));
    assert_no_error(names_add(&one, "dns:www.example.pl"));
    assert_no_error(names_add(&one, "IP:2001:0DB8:0:0:0:0:0:1"));
    assert_no_error(names_add(&one, "2001:db8::1"));
    assert_no_error(names_add(&one, "Jan@EXAMPLE.pl"));
    assert_no_error(names_add(&one, "uri:https://a.pl/"));
    assert_int_equal(one.count, 4);
    assert_string_equal(one.items[0].text, "www.example.pl");
    assert_string_equal(one.items[1].text, "2001:db8::1");
    assert_string_equal(one.items[2].text, "Jan@example.pl");
    assert_no_error(names_text(&one, 2, &text));
    assert_string_equal(text, "www.example.pl, 2001:db8::1 and 2 more");
    free(text);
    for (size_t i = one.count; i > 0; i--) {
        char *again;

        assert_true(asprintf(&again, "%s:%s", name_type_text(one.items[i - 1].type),
                             one.items[i - 1].text) > 0);
        assert_no_error(names_add(&other, again));
        free(again);
    }
    assert_true(names_equal(&one, &other));
    assert_no_error(names_add(&other, "more.example.pl"));
    assert_false(names_equal(&one, &other));
    names_clear(&one);
    names_clear(&other);
}

static void refuses_what_is_none(void **state)
{
    static const char *const texts[] = {"",        "dns:", "ip:a.pl",     "ip:1.2.3",  "email:a",
                                        "uri:x y", "a b",  "dns:1.2.3.4", "\x1b[2J.pl"};
    struct names names = {NULL, 0};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error *error = names_add(&names, texts[i]);

        assert_non_null(error);
        assert_null(strchr(error_message(error), '\x1b'));
        assert_error(error, ERROR_ARGUMENT, "");
    }
    assert_int_equal(names.count, 0);
}

/* A subjectAltName with a NUL in it, an address of 5 bytes and nothing: asked for again as it is.
 */
static void reads_hostile_names(void **state)
{
    static const struct {
        int type;
        const char *bytes;
        int length;
    } values[] = {{GEN_DNS, "a.pl\0.evil.com", 14}, {GEN_IPADD, "12345", 5}, {GEN_DNS, "", 0}};
    GENERAL_NAMES *general = sk_GENERAL_NAME_new_null();
    struct names names = {NULL, 0};
    GENERAL_NAMES *back;

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_STRING *string = values[i].type == GEN_IPADD ? ASN1_OCTET_STRING_new()
                                                          : (ASN1_STRING *)ASN1_IA5STRING_new();

        assert_true(ASN1_STRING_set(string, values[i].bytes, values[i].length));
        GENERAL_NAME_set0_value(name, values[i].type, string);
        assert_true(sk_GENERAL_NAME_push(general, name) > 0);
    }
    assert_no_error(names_add_general(&names, general));
    assert_int_equal(names.count, 3);
    for (size_t i = 0; i < names.count; i++)
        assert_int_equal(names.items[i].type, NAME_OTHER);
    assert_no_error(names_to_general(&names, &back));
    assert_int_equal(sk_GENERAL_NAME_num(back), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            GENERAL_NAME_cmp(sk_GENERAL_NAME_value(general, i), sk_GENERAL_NAME_value(back, i)), 0);
    GENERAL_NAMES_free(back);
    GENERAL_NAMES_free(general);
    names_clear(&names);
}

static GENERAL_NAME *other_name(const char *value)
{
    return a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_OTHERNAME, value, 0);
}

/* Other names are told apart by all that they have, also where their texts are the same. */
static void keeps_other_names(void **state)
{
    static const char *const values[] = {"msUPN;UTF8:jan@firma.pl", "1.2.3.4;UTF8:one",
                                         "1.2.3.4;UTF8:other", "1.2.3.4;UTF8:one"};
    GENERAL_NAMES *general = sk_GENERAL_NAME_new_null();
    struct names names = {NULL, 0};

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        assert_true(sk_GENERAL_NAME_push(general, other_name(values[i])) > 0);
    assert_no_error(names_add(&names, "firma.pl"));
    assert_no_error(names_add_general(&names, general));
    assert_int_equal(names.count, 4);
    assert_string_equal(names.items[1].text, "upn:jan@firma.pl");
    assert_string_equal(names.items[2].text, "other name:1.2.3.4");
    assert_string_equal(names.items[3].text, "other name:1.2.3.4");
    names_keep_others(&names);
    assert_int_equal(names.count, 3);
    GENERAL_NAMES_free(general);
    names_clear(&names);
}

static void takes_lists(void **state)
{
    struct names names = {NULL, 0};

    (void)state;
    assert_no_error(names_add_list(&names, "  a.pl  b.pl\tip:192.0.2.1 a.pl "));
    assert_int_equal(names.count, 3);
    assert_error(names_add_list(&names, "c.pl d..pl"), ERROR_ARGUMENT, "d..pl");
    names_clear(&names);
}

static void bounds_their_number(void **state)
{
    struct names names = {NULL, 0};
    struct error *error = NULL;
    char text[32];

    (void)state;
    for (int i = 0; i <= NAMES_MAX && error == NULL; i++) {
        (void)snprintf(text, sizeof(text), "n%d.pl", i);
        error = names_add(&names, text);
    }
    assert_error(error, ERROR_CERTIFICATE, "more than");
    assert_int_equal(names.count, NAMES_MAX);
    names_clear(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_dns_names),      cmocka_unit_test(tells_mail_addresses),
        cmocka_unit_test(tells_internal_ones),  cmocka_unit_test(adds_in_one_form),
        cmocka_unit_test(refuses_what_is_none), cmocka_unit_test(reads_hostile_names),
        cmocka_unit_test(keeps_other_names),    cmocka_unit_test(takes_lists),
        cmocka_unit_test(bounds_their_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
