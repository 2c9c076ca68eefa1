/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz_card.h"

#include <string.h>

struct error *fuzz_give(const uint8_t *bytes, size_t length, uint8_t *response,
                        size_t *response_length)
{
    memcpy(response, bytes, length);
    *response_length = length;
    return NULL;
}

struct error *fuzz_take(struct fuzz_input *input, size_t size, uint8_t *response,
                        size_t *response_length)
{
    if (size > input->left)
        size = input->left;
    struct error *error = fuzz_give(input->next, size, response, response_length);
    input->next += size;
    input->left -= size;
    return error;
}

struct error *fuzz_take_answer(struct fuzz_input *input, uint8_t *response, size_t *response_length)
{
    if (input->left == 0)
        return error_new(ERROR_CARD_REMOVED, "the input is used up");
    size_t size = *input->next++;
    input->left--;
    if (size >= 0x80)
        size = (size & 0x7F) * 4;
    return fuzz_take(input, size, response, response_length);
}

void fuzz_run(struct memory_reader *reader, const char *text,
              void (*use)(struct card_context *context, const struct card_uri *uri))
{
    struct memory_system system;
    struct card_context *context;
    struct card_uri *uri;
    memory_system_init(&system, reader, 1);
    error_free(card_uri_parse(text, &uri));
    error_free(card_context_new_with(NULL, &system.base, &context));
    if (uri != NULL && context != NULL)
        use(context, uri);
    card_context_free(context);
    card_uri_free(uri);
}
