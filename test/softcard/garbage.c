/* SPDX-License-Identifier: BSD-2-Clause */
#include "garbage.h"

#include <openssl/rand.h>
#include <stdlib.h>

static uint8_t random_byte(void)
{
    uint8_t byte;

    if (RAND_bytes(&byte, 1) != 1)
        abort();
    return byte;
}

static void random_append(struct soft_bytes *response)
{
    for (unsigned count = random_byte(); count > 0; count--)
        soft_bytes_append_byte(response, random_byte());
}

/* A template that applications answer with, and a length that its content does not have. */
static void lie_append(struct soft_bytes *response)
{
    static const uint8_t tags[] = {0x53, 0x61, 0x70, 0x7C, 0x7E, 0x82, 0x04, 0x6E, 0x73, 0x86};
    static const uint8_t lengths[][4] = {{0x84, 0xFF, 0xFF, 0xFF}, {0x82, 0xFF, 0xFF, 0x00},
                                         {0x80, 0x00, 0x00, 0x00}, {0x83, 0x00, 0x00, 0x01},
                                         {0x7F, 0x00, 0x30, 0x80}, {0x00, 0x7F, 0x49, 0x82}};

    soft_bytes_append_byte(response, tags[random_byte() % sizeof(tags)]);
    soft_bytes_append(response, lengths[random_byte() % (sizeof(lengths) / sizeof(lengths[0]))], 4);
    random_append(response);
}

static void nest_append(struct soft_bytes *response)
{
    for (unsigned i = 0; i < 120; i++) {
        soft_bytes_append_byte(response, 0x7C);
        soft_bytes_append_byte(response, (uint8_t)(240 - 2 * i));
    }
}

void soft_garbage_answer(struct soft_bytes *response)
{
    soft_bytes_clear(response);
    switch (random_byte() % 4) {
    case 0:
        random_append(response);
        break;
    case 1:
        lie_append(response);
        break;
    case 2:
        nest_append(response);
        break;
    default:
        break;
    }
    soft_bytes_append_byte(response, 0x90);
    soft_bytes_append_byte(response, 0x00);
}
