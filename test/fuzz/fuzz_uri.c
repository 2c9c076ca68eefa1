/* SPDX-License-Identifier: BSD-2-Clause */
/* What parses is formatted, and that parses to the same again. */
#include "uri.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *format(const char *text)
{
    struct card_uri *uri;
    char *out = NULL;
    struct error *error = card_uri_parse(text, &uri);
    if (error == NULL)
        error = card_uri_format(uri, &out);
    error_free(error);
    card_uri_free(uri);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 6);
    if (text == NULL)
        return 0;
    memcpy(text, "card:", 5);
    memcpy(text + 5, data, size);
    text[5 + size] = '\0';
    char *once = format(text);
    if (once != NULL) {
        char *twice = format(once);
        if (twice == NULL || strcmp(once, twice) != 0)
            abort();
        free(twice);
    }
    free(once);
    free(text);
    return 0;
}
