/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card: what comes out, for people and for machines. */
#include "card.h"
#include "exit_code.h"
#include "text.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 2000 /* bytes: more than anything that cards say in one line */

void card_say(const struct card_run *run, const char *format, ...)
{
    va_list arguments;

    if (card_has(run, OPTION_JSON))
        return;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
}

/* A text's value, or null. */
static void write_text(struct json_writer *writer, const char *name, const char *value)
{
    char *clean = NULL;
    struct error *error = value == NULL ? NULL : text_clean(value, TEXT_MAX, &clean);

    if (clean != NULL)
        json_write_string(writer, name, clean);
    else
        json_write_null(writer, name);
    free(clean);
    if (writer->error == NULL)
        writer->error = error;
    else
        error_free(error);
}

void card_warn(struct card_run *run, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "reissue: warning: %s\n", text);
    write_text(&run->warnings, NULL, text);
}

void card_json_text(struct card_run *run, const char *name, const char *value)
{
    write_text(&run->result, name, value);
}

void card_json_number(struct card_run *run, const char *name, long value)
{
    if (value < 0)
        json_write_null(&run->result, name);
    else
        json_write_integer(&run->result, name, value);
}

void card_json_answer(struct card_run *run, const char *name, enum card_answer answer)
{
    if (answer == CARD_NOT_SAID)
        json_write_null(&run->result, name);
    else
        json_write_boolean(&run->result, name, answer == CARD_YES);
}

const char *card_policy_name(enum card_policy policy)
{
    static const char *const names[] = {"default", "never", "once", "always", "cached"};

    return names[policy];
}

const char *card_origin_name(enum card_origin origin)
{
    static const char *const names[] = {"unknown", "generated", "imported"};

    return names[origin];
}

char *card_pem(const char *label, const uint8_t *bytes, size_t length)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *text = NULL;
    char *data;
    long size;

    if (memory != NULL && PEM_write_bio(memory, label, "", bytes, (long)length) > 0) {
        size = BIO_get_mem_data(memory, &data);
        text = size > 0 ? strndup(data, (size_t)size) : NULL;
    }
    BIO_free(memory);
    return text;
}

/* ---- how it ended ------------------------------------------------------------------------ */

static struct error *print_json(struct card_run *run)
{
    char *warnings = NULL;
    char *text = NULL;
    bool warned = run->warnings.text.length > 0;
    struct error *error = json_write_end(&run->warnings, &warnings);
    struct error *second;

    if (error == NULL && warned) {
        json_write_array(&run->result, "warnings");
        json_write_raw(&run->result, NULL, warnings);
    }
    json_write_close(&run->result, 0);
    second = json_write_end(&run->result, &text);
    if (error == NULL && second == NULL)
        (void)puts(text);
    free(warnings);
    free(text);
    if (error == NULL)
        return second;
    error_free(second);
    return error;
}

static void report_json(struct card_run *run, const char *name, const char *text)
{
    struct error *error;

    json_write_close(&run->result, 1);
    json_write_object(&run->result, "error");
    card_json_text(run, "code", name);
    card_json_text(run, "message", text);
    json_write_object_end(&run->result);
    error = print_json(run);
    if (error != NULL)
        (void)fprintf(stderr, "reissue: %s\n", text);
    error_free(error); /* the text is out in any case */
}

int card_report(struct card_run *run, struct error *error)
{
    char *described = error_describe(error);
    const char *text = described != NULL ? described : error_message(error);
    int code = exit_code_of(error);

    if (card_has(run, OPTION_JSON))
        report_json(run, error_name(error), text);
    else
        (void)fprintf(stderr, "reissue: %s\n", text);
    free(described);
    error_free(error);
    return code;
}

struct error *card_print_result(struct card_run *run)
{
    struct error *error = card_has(run, OPTION_JSON) ? print_json(run) : NULL;

    if (error != NULL)
        return error;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return NULL;
    return error_new(ERROR_INTERNAL, "standard output cannot be written");
}

static void clear(struct json_writer *writer)
{
    buffer_clear(&writer->text);
    error_free(writer->error);
    *writer = (struct json_writer){0};
}

void card_result_clear(struct card_run *run)
{
    clear(&run->result);
    clear(&run->warnings);
}
