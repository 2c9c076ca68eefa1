/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers, URLs, times and texts: what needs no server to be tried. */
#include "reissue/http.h"
#include "expect.h"
#include "reissue/acme_internal.h"
#include "reissue/http_header.h"
#include "reissue/http_url.h"
#include "reissue/text.h"

/* ---- headers ----------------------------------------------------------------------------- */

static void reads_retry_after(void **state)
{
    (void)state;
    const time_t now = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT: RFC 9110, 5.6.7 */
    static const struct {
        const char *value;
        long seconds;
    } cases[] = {
        {"0", 0},
        {"120", 120},
        {"00000000000000120", HTTP_RETRY_AFTER_MAX},
        {"99999999999999999999", HTTP_RETRY_AFTER_MAX},
        {"400000000", HTTP_RETRY_AFTER_MAX},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Sun, 06 Nov 1994 08:50:37 GMT", 60},
        {"Sunday, 06-Nov-94 09:49:37 GMT", 3600},
        {"Sun Nov  6 08:49:40 1994", 3},
        {"Sun, 06 Nov 1994 08:49:00 GMT", 0},
        {"Fri, 31 Dec 9999 23:59:59 GMT", HTTP_RETRY_AFTER_MAX},
        {"", -1},
        {"-5", -1},
        {"1.5", -1},
        {"12 ", -1},
        {"soon", -1},
        {"1994-11-06", -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (http_retry_after(cases[i].value, now) != cases[i].seconds)
            fail_msg("%s: %ld", cases[i].value, http_retry_after(cases[i].value, now));
    }
}

/* All links in one line, "relation target, ...". */
static char *links_of(const char *value)
{
    struct http_links links = {0};
    char *text = strdup("");
    expect_good(http_links_add(&links, value));
    for (size_t i = 0; i < links.count; i++) {
        char *longer;
        assert_true(asprintf(&longer, "%s%s%s %s", text, i > 0 ? ", " : "", links.links[i].relation,
                             links.links[i].target) >= 0);
        free(text);
        text = longer;
    }
    http_links_clear(&links);
    return text;
}

static void reads_links(void **state)
{
    (void)state;
    static const struct {
        const char *value, *links;
    } cases[] = {
        {"<https://a/>;rel=\"next\"", "next https://a/"},
        {"<https://a/>; rel=next", "next https://a/"},
        {" < https://a/ > ; REL = \"Next\"", "next  https://a/ "},
        {"<a,b;c>;rel=\"alternate\", <d>;rel=alternate", "alternate a,b;c, alternate d"},
        {"<a>;title=\"x, y; rel=\\\"no\\\"\";rel=up", "up a"},
        {"<a>;rel=\"up next\"", "up a, next a"},
        {"<a>;rel=up;rel=next", "up a"},
        {"<a>;crossorigin;rel=up", "up a"},
        {"<a>", ""},
        {"<a>;rel", ""},
        {"<a>;rel=\"\"", ""},
        {"", ""},
        {"a;rel=next", ""},
        {"<a;rel=next", ""},
        {"<a>;rel=\"next", ""},
        {"<a>;rel=next,", "next a"},
        {"<a>;rel=next <b>;rel=next", "next a"},
        {"<a>;;rel=next", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *links = links_of(cases[i].value);
        if (strcmp(links, cases[i].links) != 0)
            fail_msg("%s: %s", cases[i].value, links);
        free(links);
    }
}

static void bounds_links(void **state)
{
    (void)state;
    struct http_links links = {0};
    for (int i = 0; i < HTTP_LINKS_MAX; i++)
        expect_good(http_links_add(&links, "<a>;rel=b"));
    expect_error(http_links_add(&links, "<a>;rel=b"), ERROR_SERVER_ANSWER, "more than 64 links");
    http_links_clear(&links);
}

/* ---- URLs -------------------------------------------------------------------------------- */

static void tells_origins(void **state)
{
    (void)state;
    static const struct {
        const char *url, *origin;
    } cases[] = {
        {"https://a.example/x?y", "https://a.example:443"},
        {"HTTPS://A.Example:443/", "https://a.example:443"},
        {"https://a.example:8443", "https://a.example:8443"},
        {"https://[::1]:14000/dir", "https://[::1]:14000"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *origin;
        expect_good(http_url_origin(cases[i].url, &origin));
        assert_string_equal(origin, cases[i].origin);
        free(origin);
    }
}

static void refuses_urls(void **state)
{
    (void)state;
    static const struct {
        const char *url, *says;
    } cases[] = {
        {"", "empty"},
        {"http://a.example/", "not https"},
        {"ftp://a.example/", "not https"},
        {"file:///etc/passwd", "not https"},
        {"a.example/x", "not an https URL"},
        {"/x", "not an https URL"},
        {"https://", "https"},
        {"https://u:p@a.example/", "user or password"},
        {"https://u@a.example/", "user or password"},
        {"https://a.example/\r\nX: y", "characters that no URL has"},
        {"https://a.example/ x", "characters that no URL has"},
        {"https://\xc3\xa4.example/", "characters that no URL has"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *origin;
        expect_error(http_url_origin(cases[i].url, &origin), ERROR_SERVER_ANSWER, cases[i].says);
    }
    char *origin, *url = calloc(1, HTTP_URL_MAX + 2);
    memset(url, 'a', HTTP_URL_MAX + 1);
    memcpy(url, "https://a/", 10);
    expect_error(http_url_origin(url, &origin), ERROR_SERVER_ANSWER, "longer than");
    free(url);
}

static void allows_origins(void **state)
{
    (void)state;
    const char *const allowed[] = {"https://a.example/dir", "https://b.example:8443/"};
    expect_good(http_url_allowed("https://A.example:443/x", allowed, 2));
    expect_good(http_url_allowed("https://b.example:8443/x", allowed, 2));
    static const char *const others[] = {"https://b.example/", "https://a.example:444/",
                                         "https://a.example.org/", "https://a.example@c.example/"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        expect_error(http_url_allowed(others[i], allowed, 2), ERROR_SERVER_ANSWER, "");
    expect_error(http_url_allowed("https://a.example/", NULL, 0), ERROR_SERVER_ANSWER, "another");
}

static void allows_plain_origins(void **state)
{
    (void)state;
    const char *const allowed[] = {"http://a.example/cmp"};
    static const char *const others[] = {"https://a.example/cmp", "http://a.example:81/cmp",
                                         "ftp://a.example/cmp", "http://u@a.example/cmp"};
    expect_good(http_url_allowed_plain("http://a.example:80/other", allowed, 1));
    expect_error(http_url_allowed("http://a.example/cmp", allowed, 1), ERROR_SERVER_ANSWER,
                 "not https");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        expect_error(http_url_allowed_plain(others[i], allowed, 1), ERROR_SERVER_ANSWER, "");
}

/* Whoever answers without having shown who he is gets nothing but a GET. */
static void tells_strangers_nothing(void **state)
{
    (void)state;
    const char *url = "https://127.0.0.1:1/";
    const struct http_options options = {.unverified = true};
    struct http_request request = {.url = url, .allowed = &url, .allowed_count = 1};
    struct http_response response;
    struct http *http;
    expect_good(http_open(&options, &http));
    request.method = HTTP_POST;
    request.body = "x";
    expect_error(http_exchange(http, &request, &response), ERROR_ARGUMENT, "not verified");
    http_response_clear(&response);
    request.method = HTTP_GET;
    request.user = "alice";
    request.password = "secret";
    expect_error(http_exchange(http, &request, &response), ERROR_ARGUMENT, "not verified");
    http_response_clear(&response);
    http_close(http);
}

static void resolves_urls(void **state)
{
    (void)state;
    static const struct {
        const char *reference, *url;
    } cases[] = {{"/x", "https://a.example/x"},
                 {"y?z", "https://a.example/d/y?z"},
                 {"https://b.example/", "https://b.example/"},
                 {"//c.example/x", "https://c.example/x"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *url;
        expect_good(http_url_resolve("https://a.example/d/e", cases[i].reference, &url));
        assert_string_equal(url, cases[i].url);
        free(url);
    }
}

/* ---- times, names, texts ----------------------------------------------------------------- */

static void reads_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        long time; /* -1: none */
    } cases[] = {
        {"1994-11-06T08:49:37Z", 784111777},
        {"1994-11-06t08:49:37.999z", 784111777},
        {"1994-11-06T09:49:37+01:00", 784111777},
        {"1994-11-06T03:19:37-05:30", 784111777},
        {"1994-11-06T08:49:37", -1},
        {"1994-11-06 08:49:37Z", -1},
        {"1994-13-06T08:49:37Z", -1},
        {"1994-11-32T08:49:37Z", -1},
        {"1994-11-06T24:49:37Z", -1},
        {"1994-11-06T08:49:37+0100", -1},
        {"1994-11- 6T08:49:37Z", -1},
        {"-994-11-06T08:49:37Z", -1},
        {"1994-11-06T08:49:37Zx", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        time_t found = -1;
        bool good = acme_time_parse(cases[i].text, &found);
        if (good != (cases[i].time >= 0) || (good && found != cases[i].time))
            fail_msg("%s: %d %ld", cases[i].text, good, (long)found);
    }
}

static void reads_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *canonical; /* NULL: none */
    } cases[] = {
        {"A.Example.org", "a.example.org"},
        {"*.example.org", "*.example.org"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0:0::1", "2001:db8::1"},
        {"localhost", "localhost"},
        {"", NULL},
        {"a..b", NULL},
        {".a", NULL},
        {"a.", NULL},
        {"-a.b", NULL},
        {"a-.b", NULL},
        {"a_b.c", NULL},
        {"*", NULL},
        {"*.*.a", NULL},
        {"a.*.b", NULL},
        {"b\xc3\xbc"
         "cher.example",
         NULL},
        {"a;b", NULL},
        {"a b", NULL},
        {"../a", NULL},
        {"2001:db8::g", NULL},
        {"0123456789012345678901234567890123456789012345678901234567890123.a", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char canonical[ACME_NAME_SIZE];
        bool is_address;
        struct error *error = acme_name_canonical(cases[i].name, canonical, &is_address);
        if (cases[i].canonical == NULL) {
            expect_error(error, ERROR_ARGUMENT, "neither a DNS name nor an IP address");
            continue;
        }
        expect_good(error);
        assert_string_equal(canonical, cases[i].canonical);
    }
}

static void compares_orders(void **state)
{
    (void)state;
    struct acme_identifier identifiers[] = {{"dns", "a.example"}, {"ip", "2001:db8::1"}};
    const struct acme_order order = {.identifiers = identifiers, .identifier_count = 2};
    const char *const same[] = {"2001:DB8:0::1", "A.example", "a.example"};
    const char *const less[] = {"a.example"};
    const char *const other[] = {"a.example", "2001:db8::1", "b.example"};
    assert_true(acme_order_is_for(&order, same, 3));
    assert_false(acme_order_is_for(&order, less, 1));
    assert_false(acme_order_is_for(&order, other, 3));
}

static void cleans_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *clean;
        size_t max;
    } cases[] = {
        {"plain \xc3\xa4\xe2\x82\xac", "plain \xc3\xa4\xe2\x82\xac", 100},
        {"a\x1b[31mb\r\n\x7f", "a [31mb   ", 100},
        {"\xc2\x9b"
         "31m \xe2\x80\xae \xe2\x81\xa6 \xef\xbb\xbf",
         " 31m      ", 100},
        {"\xff\xc0\x80", "???", 100},
        {"abcdef", "abcdef", 6},
        {"abcdefg", "abcdef...", 6},
        {"abcde\xe2\x82\xac", "abcde...", 6},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *clean;
        expect_good(text_clean(cases[i].text, cases[i].max, &clean));
        assert_string_equal(clean, cases[i].clean);
        free(clean);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_retry_after),    cmocka_unit_test(reads_links),
        cmocka_unit_test(bounds_links),         cmocka_unit_test(tells_origins),
        cmocka_unit_test(refuses_urls),         cmocka_unit_test(allows_origins),
        cmocka_unit_test(allows_plain_origins), cmocka_unit_test(tells_strangers_nothing),
        cmocka_unit_test(resolves_urls),        cmocka_unit_test(reads_times),
        cmocka_unit_test(reads_names),          cmocka_unit_test(compares_orders),
        cmocka_unit_test(cleans_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
