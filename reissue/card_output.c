/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue card: what comes out, for people and for machines. */
#include "card.h"
#include "exit_code.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void card_warn(struct card_run *run, const char *format, ...)
{
    struct json_object *warnings = NULL;
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "reissue: warning: %s\n", text);
    if (!json_object_object_get_ex(run->result, "warnings", &warnings)) {
        warnings = json_object_new_array();
        json_object_object_add(run->result, "warnings", warnings);
    }
    json_object_array_add(warnings, json_object_new_string(text));
}

void card_json_text(struct json_object *object, const char *name, const char *value)
{
    json_object_object_add(object, name, value == NULL ? NULL : json_object_new_string(value));
}

void card_json_number(struct json_object *object, const char *name, long value)
{
    json_object_object_add(object, name, value < 0 ? NULL : json_object_new_int64(value));
}

void card_json_answer(struct json_object *object, const char *name, enum card_answer answer)
{
    json_object_object_add(
        object, name, answer == CARD_NOT_SAID ? NULL : json_object_new_boolean(answer == CARD_YES));
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

static void report_json(struct card_run *run, const char *name, const char *text)
{
    struct json_object *failure = json_object_new_object();

    card_json_text(failure, "code", name);
    card_json_text(failure, "message", text);
    json_object_object_add(run->result, "error", failure);
    (void)puts(json_object_to_json_string_ext(run->result, JSON_C_TO_STRING_PRETTY |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE));
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
    if (card_has(run, OPTION_JSON))
        (void)puts(json_object_to_json_string_ext(run->result, JSON_C_TO_STRING_PRETTY |
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE));
    if (fflush(stdout) == 0 && !ferror(stdout))
        return NULL;
    return error_new(ERROR_INTERNAL, "standard output cannot be written");
}
