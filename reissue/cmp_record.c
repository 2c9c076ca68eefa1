/* SPDX-License-Identifier: BSD-2-Clause */
/* What the state keeps of a transaction. */
#include "base64url.h"
#include "cmp.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first line of a record's text: the kind, and ASKED; then the answers. */
static const char *const kinds[] = {
    [CMP_FIRST] = "ir", [CMP_ANOTHER] = "cr", [CMP_UPDATE] = "kur", [CMP_PKCS10] = "p10cr"};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))
#define ASKED      "?"

struct error *cmp_record_new(enum cmp_kind kind, struct cmp_record *out)
{
    unsigned char id[(CMP_ID_SIZE - 1) / 2];

    *out = (struct cmp_record){.kind = kind};
    if (RAND_bytes(id, sizeof(id)) != 1)
        return error_new(ERROR_INTERNAL, "there are no random numbers");
    for (size_t i = 0; i < sizeof(id); i++)
        (void)snprintf(out->id + 2 * i, 3, "%02x", id[i]);
    return NULL;
}

void cmp_record_clear(struct cmp_record *record)
{
    for (size_t i = 0; i < CMP_ANSWERS_MAX; i++)
        buffer_clear(&record->answers[i]);
    *record = (struct cmp_record){0};
}

struct error *cmp_record_format(const struct cmp_record *record, char **out)
{
    struct buffer text = {0};
    struct error *error = buffer_append(&text, kinds[record->kind], strlen(kinds[record->kind]));

    if (error == NULL && record->asked)
        error = buffer_append(&text, ASKED, strlen(ASKED));
    if (error == NULL)
        error = buffer_append(&text, "\n", 1);
    for (size_t i = 0; error == NULL && i < record->count; i++) {
        char *line;

        error = base64url_encode(record->answers[i].bytes, record->answers[i].length, &line);
        if (error == NULL)
            error = buffer_append(&text, line, strlen(line));
        if (error == NULL)
            error = buffer_append(&text, "\n", 1);
        free(line);
    }
    if (error == NULL)
        error = buffer_append(&text, "", 1);
    *out = error != NULL ? NULL : strdup((const char *)text.bytes);
    if (error == NULL && *out == NULL)
        error = error_no_memory();
    buffer_clear(&text);
    return error;
}

/* Its first line; *text is behind it then. */
static struct error *parse_kind(const char **text, struct cmp_record *out)
{
    size_t length = strcspn(*text, ASKED "\n");

    for (size_t i = 0; i < KIND_COUNT; i++)
        if (strlen(kinds[i]) == length && strncmp(kinds[i], *text, length) == 0) {
            out->kind = (enum cmp_kind)i;
            *text += length;
            out->asked = (*text)[0] == ASKED[0];
            *text += out->asked ? 1 : 0;
            if (*(*text)++ == '\n')
                return NULL;
            break;
        }
    return error_new(ERROR_STATE, "no kind of request");
}

static struct error *parse_lines(const char *text, struct cmp_record *out)
{
    struct error *error = parse_kind(&text, out);

    while (error == NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");

        if (out->count == CMP_ANSWERS_MAX)
            error = error_new(ERROR_STATE, "too many answers");
        else
            error = base64url_decode(text, length, &out->answers[out->count++]);
        text += length + (text[length] == '\n' ? 1 : 0);
    }
    return error;
}

struct error *cmp_record_parse(const char *id, const char *text, struct cmp_record *out)
{
    struct error *error;

    *out = (struct cmp_record){0};
    if (strlen(id) != CMP_ID_SIZE - 1 || strspn(id, "0123456789abcdef") != CMP_ID_SIZE - 1)
        error = error_new(ERROR_STATE, "no identifier");
    else
        error = parse_lines(text, out);
    (void)snprintf(out->id, sizeof(out->id), "%s", id);
    if (error == NULL)
        return NULL;
    cmp_record_clear(out);
    return error_wrap(error, ERROR_STATE, "the state's record of a CMP transaction is damaged");
}
