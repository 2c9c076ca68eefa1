/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XML, and what is read out of Certum's answers. What parses can be written, and parses again.
 */
#include "reissue/certum_internal.h"
#include "reissue/xml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_element(struct xml_writer *writer, const struct xml *element)
{
    xml_write_open(writer, xml_name(element), NULL);
    xml_write_text(writer, "text", xml_text(element));
    for (const struct xml *child = xml_child(element, NULL); child != NULL;
         child = xml_next_any(child))
        if (strcmp(xml_name(child), "text") != 0)
            write_element(writer, child);
    xml_write_close(writer, xml_name(element));
}

/* Every type, on every element. */
static void read_types(const struct xml *element)
{
    char id[CERTUM_ID_SIZE], serial[CERTUM_SERIAL_SIZE];
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;
    char *text = NULL;
    time_t time;
    long number;
    int word;

    error_free(certum_parse_id(element, id));
    error_free(certum_parse_serial(element, serial));
    error_free(certum_parse_time(element, "t", &time));
    error_free(certum_parse_number(element, "n", -1, &number));
    error_free(certum_parse_word(element, "w", certum_order_words, &word));
    error_free(certum_parse_text(element, "t", &text));
    error_free(certum_parse_certificate(element, &certificate));
    error_free(certum_parse_request_key(element, &key));
    free(text);
    X509_free(certificate);
    EVP_PKEY_free(key);
    for (const struct xml *child = xml_child(element, NULL); child != NULL;
         child = xml_next_any(child))
        read_types(child);
}

static char *written(const void *text, size_t length)
{
    struct xml_writer writer = {0};
    struct buffer out = {0};
    struct xml *document;
    char *copy = NULL;
    struct error *error = xml_parse(text, length, &document);

    if (error == NULL) {
        read_types(document);
        write_element(&writer, document);
        error = xml_write_end(&writer, &out);
        if (error != NULL)
            abort();
        copy = strdup((const char *)out.bytes);
    }
    error_free(error);
    buffer_clear(&out);
    xml_free(document);
    return copy;
}

/* The texts have elements of their own in what was written: so it may be too deep, or too much. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *once = written(data, size);

    if (once != NULL) {
        struct xml *document;
        struct error *error = xml_parse(once, strlen(once), &document);

        if (error != NULL && strstr(error_message(error), "nested too deep") == NULL &&
            strstr(error_message(error), "too many elements") == NULL)
            abort();
        error_free(error);
        xml_free(document);
    }
    free(once);
    return 0;
}
