/* SPDX-License-Identifier: BSD-2-Clause */
/* What Certum's Partner API answers, type by type, and its refusals in a person's words. */
#include "expect.h"
#include "material.h"
#include "reissue/certum_error.h"
#include "reissue/certum_internal.h"

#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>

static struct xml *parsed(const char *text)
{
    struct xml *document;

    expect_good(xml_parse(text, strlen(text), &document));
    return document;
}

/* ---- types ------------------------------------------------------------------------------- */

static void reads_times(void **state)
{
    static const struct {
        const char *text;
        time_t time; /* 0: it is none */
    } cases[] = {
        {"2026-03-15T12:00:00Z", 1773576000},
        {"2026-03-15T12:00:00", 1773576000},
        {"2026-03-15T13:00:00+01:00", 1773576000},
        {"2026-03-15T11:30:00.125-00:30", 1773576000},
        {"2026-03-15", 0},
        {"2026-13-15T12:00:00Z", 0},
        {"2026-03-15T25:00:00Z", 0},
        {"2026-03-15T12:00:00+1", 0},
        {"2026-03-15T12:00:00+99:00", 0},
        {"2026-03-15T12:00:00Zz", 0},
        {"99999-03-15T12:00:00Z", 0},
        {"soon", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[100];
        struct xml *document;
        time_t time;

        (void)snprintf(text, sizeof(text), "<a><t>%s</t></a>", cases[i].text);
        document = parsed(text);
        if (cases[i].time != 0)
            expect_good(certum_parse_time(document, "t", &time));
        else
            expect_error(certum_parse_time(document, "t", &time), ERROR_SERVER_ANSWER, "no time");
        assert_int_equal(time, cases[i].time);
        expect_good(certum_parse_time(document, "missing", &time));
        assert_int_equal(time, 0);
        xml_free(document);
    }
}

static void reads_numbers_and_words(void **state)
{
    struct xml *document = parsed("<a><n>12</n><m>-1</m><x>1x</x><l>1234567890</l><e/>"
                                  "<w>FAILED</w><v>failed</v></a>");
    long number;
    int word;

    (void)state;
    expect_good(certum_parse_number(document, "n", -1, &number));
    assert_int_equal(number, 12);
    expect_error(certum_parse_number(document, "m", 1, &number), ERROR_SERVER_ANSWER, "no number");
    expect_error(certum_parse_number(document, "x", 1, &number), ERROR_SERVER_ANSWER, "no number");
    expect_error(certum_parse_number(document, "l", 1, &number), ERROR_SERVER_ANSWER, "no number");
    expect_good(certum_parse_number(document, "e", 1, &number));
    assert_int_equal(number, 1);
    expect_error(certum_parse_number(document, "e", -1, &number), ERROR_SERVER_ANSWER, "missing");
    expect_good(certum_parse_number(document, "z", 7, &number));
    assert_int_equal(number, 7);
    expect_error(certum_parse_number(document, "z", -1, &number), ERROR_SERVER_ANSWER, "missing");
    expect_good(certum_parse_word(document, "w", certum_verification_words, &word));
    assert_int_equal(word, CERTUM_FAILED);
    expect_error(certum_parse_word(document, "v", certum_verification_words, &word),
                 ERROR_SERVER_ANSWER, "none of the words");
    xml_free(document);
}

static void reads_identifiers(void **state)
{
    static const struct {
        const char *xml, *id; /* NULL: it is none */
    } ids[] = {
        {"<a><orderID>Q-1234/5</orderID></a>", "Q-1234/5"},
        {"<a><orderID/></a>", NULL},
        {"<a/>", NULL},
        {"<a><orderID>a b</orderID></a>", NULL},
        {"<a><orderID>a&amp;b</orderID></a>", NULL},
        {"<a><orderID>a&#x9b;31m</orderID></a>", NULL},
        {"<a><orderID>0123456789012345678901234567890123456789012345678901234567890123456789"
         "</orderID></a>",
         NULL},
    };
    static const struct {
        const char *xml, *serial;
    } serials[] = {
        {"<a><serialNumber>00:0a:Bc</serialNumber></a>", "ABC"},
        {"<a><serialNumber>1234</serialNumber></a>", "1234"},
        {"<a/>", ""},
        {"<a><serialNumber>12x4</serialNumber></a>", NULL},
        {"<a><serialNumber>"
         "11111111111111111111111111111111111111111111111111111111111111111111"
         "</serialNumber></a>",
         NULL},
    };
    char id[CERTUM_ID_SIZE], serial[CERTUM_SERIAL_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct xml *document = parsed(ids[i].xml);
        struct error *error = certum_parse_id(document, id);

        if (ids[i].id == NULL)
            expect_error(error, ERROR_SERVER_ANSWER, "orderID");
        else {
            expect_good(error);
            assert_string_equal(id, ids[i].id);
        }
        xml_free(document);
    }
    for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++) {
        struct xml *document = parsed(serials[i].xml);
        struct error *error = certum_parse_serial(document, serial);

        if (serials[i].serial == NULL)
            expect_error(error, ERROR_SERVER_ANSWER, "serialNumber");
        else {
            expect_good(error);
            assert_string_equal(serial, serials[i].serial);
        }
        xml_free(document);
    }
}

/* ---- certificates ------------------------------------------------------------------------ */

/* The certificate in PEM, with each of its line ends replaced. */
static char *pem_of(X509 *certificate, const char *line_end, bool markers)
{
    char *base64, *out;
    size_t length;
    FILE *stream = open_memstream(&out, &length);
    BIO *bio = BIO_new(BIO_s_mem());
    long size;

    assert_non_null(stream);
    assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
    size = BIO_get_mem_data(bio, &base64);
    for (long i = 0; i < size; i++) {
        bool marker = strncmp(base64 + i, "-----", 5) == 0;

        if (marker && !markers) { /* to the end of that line */
            while (base64[i] != '\n')
                i++;
            continue;
        }
        fprintf(stream, base64[i] == '\n' ? "%s" : "%.1s",
                base64[i] == '\n' ? line_end : base64 + i);
    }
    BIO_free(bio);
    (void)fclose(stream);
    return out;
}

static void takes(X509 *certificate, const char *text)
{
    struct xml_writer writer = {0};
    struct buffer out;
    struct xml *document;
    X509 *read;

    xml_write_text(&writer, "X509Cert", text);
    expect_good(xml_write_end(&writer, &out));
    document = parsed((const char *)out.bytes);
    expect_good(certum_parse_certificate(document, &read));
    assert_non_null(read);
    assert_int_equal(X509_cmp(read, certificate), 0);
    X509_free(read);
    xml_free(document);
    buffer_clear(&out);
}

static void reads_certificates(void **state)
{
    static const char *const line_ends[] = {"\n", "\r\n", "", " "};
    static const char *const bad[] = {"<X509Cert>AAAA</X509Cert>", "<X509Cert>!</X509Cert>",
                                      "<X509Cert>-----BEGIN CERTIFICATE-----</X509Cert>",
                                      "<X509Cert>-----BEGIN X</X509Cert>",
                                      "<X509Cert>=</X509Cert>"};
    EVP_PKEY *key = material_ec("P-256");
    X509 *certificate =
        material_certificate(&(struct material){.name = "www.example.org", .key = key});
    X509 *read;

    (void)state;
    for (size_t i = 0; i < sizeof(line_ends) / sizeof(line_ends[0]); i++)
        for (int markers = 0; markers < 2; markers++) {
            char *text = pem_of(certificate, line_ends[i], markers == 1);

            takes(certificate, text);
            free(text);
        }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct xml *document = parsed(bad[i]);

        expect_error(certum_parse_certificate(document, &read), ERROR_SERVER_ANSWER, "X509Cert");
        assert_null(read);
        xml_free(document);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* ---- refusals ---------------------------------------------------------------------------- */

/* Those that a reissue is most likely to meet, and what their words have to say. */
static void has_words_for(void **state)
{
    static const struct {
        int code;
        enum error_code error;
        const char *says;
    } cases[] = {
        {1000, ERROR_CA_REFUSED, "too short"},
        {1001, ERROR_CA_REFUSED, "algorithm"},
        {1032, ERROR_CA_REFUSED, "certified before"},
        {1063, ERROR_CA_REFUSED, "weak or lost"},
        {1143, ERROR_ALREADY_REVOKED, "being revoked"},
        {1145, ERROR_ALREADY_REVOKED, "was revoked before"},
        {1150, ERROR_CA_REFUSED, "too long"},
        {2094, ERROR_CA_REFUSED, "order a renewal"},
        {2097, ERROR_CA_REFUSED, "no certificate request"},
        {2122, ERROR_UNSUPPORTED, "SimplySign"},
        {2125, ERROR_CA_REFUSED, "signature is wrong"},
        {2126, ERROR_CA_REFUSED, "reissued before"},
        {2188, ERROR_CA_REFUSED, "verified again"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_error(certum_error_new(cases[i].code, "the reissue", NULL), cases[i].error,
                     cases[i].says);
}

/* Each once, with words of its own that name the call and the code. */
static void words_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < certum_error_count; i++) {
        const struct certum_error *error = &certum_errors[i];
        char code[32];

        (void)snprintf(code, sizeof(code), "(error %d)", error->code);
        assert_ptr_equal(certum_error_find(error->code), error); /* none twice */
        assert_in_range(strlen(error->words), 15, 250);
        assert_true(error->words[strlen(error->words) - 1] != '.');
        expect_error(certum_error_new(error->code, "the call", NULL), error->error,
                     "Certum refuses the call: ");
        expect_error(certum_error_new(error->code, "the call", NULL), error->error, code);
        expect_error(certum_error_new(error->code, "the call", "www.x"), error->error, ": www.x)");
    }
}

static void passes_on_what_is_not_known(void **state)
{
    struct error *error = certum_error_new(4711, "the call", "a\x1B[31m b");

    (void)state;
    assert_null(strchr(error_message(error), '\x1B'));
    expect_error(error, ERROR_CA_REFUSED, "with error 4711, and says: a [31m b");
    expect_error(certum_error_new(4711, "the call", ""), ERROR_CA_REFUSED, "error 4711, of which");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_times),
        cmocka_unit_test(reads_numbers_and_words),
        cmocka_unit_test(reads_identifiers),
        cmocka_unit_test(reads_certificates),
        cmocka_unit_test(has_words_for),
        cmocka_unit_test(words_are_whole),
        cmocka_unit_test(passes_on_what_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
