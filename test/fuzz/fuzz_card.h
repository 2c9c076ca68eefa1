/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzzers of card applications share: a card whose answers come from the input. */
#ifndef FUZZ_CARD_H
#define FUZZ_CARD_H

#include "card_internal.h"
#include "transport_memory.h"

#include <stddef.h>
#include <stdint.h>

/* The input's first byte says what is answered properly; the rest are answers. */
struct fuzz_input {
    const uint8_t *next;
    size_t left;
    uint8_t proper;
};

/* Answers with those bytes. */
struct error *fuzz_give(const uint8_t *bytes, size_t length, uint8_t *response,
                        size_t *response_length);

/* Answers with the next `size` bytes of the input, or with as many as there are. */
struct error *fuzz_take(struct fuzz_input *input, size_t size, uint8_t *response,
                        size_t *response_length);

/* The same, the length being in the input: a byte, which its high bit makes four times as much.
   ERROR_CARD_REMOVED where the input is used up. */
struct error *fuzz_take_answer(struct fuzz_input *input, uint8_t *response,
                               size_t *response_length);

/* Uses the card in that reader by that URI. */
void fuzz_run(struct memory_reader *reader, const char *uri,
              void (*use)(struct card_context *context, const struct card_uri *uri));

#endif
