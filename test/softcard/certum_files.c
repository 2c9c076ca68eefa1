/* SPDX-License-Identifier: BSD-2-Clause */
/* Files: made from the state when they are selected. */
#include "certum.h"
#include "crypto.h"

#include <stdio.h>
#include <string.h>

#define FILE_DIRECTORY   0x5032
#define FILE_CARD        0x5034
#define FILE_KEY         0x1000
#define FILE_CERTIFICATE 0x2000

#define DIRECTORY_START   0x24
#define TYPE_CERTIFICATE  2
#define CERTIFICATE_ENTRY 0x40
#define OBJECT_LENGTH_AT  0x84
#define LABEL_MOST        (OBJECT_LENGTH_AT - 3)
#define CARD_FILE_LENGTH  32

static void zeros_append(struct soft_bytes *out, size_t until)
{
    while (out->length < until)
        soft_bytes_append_byte(out, 0x00);
}

uint8_t soft_certum_algorithm(enum soft_certum_type type, uint8_t algorithm)
{
    static const uint8_t algorithms[SOFT_CERTUM_KEY_TYPES][4] = {
        {SOFT_RSA_2048, SOFT_RSA_3072, SOFT_RSA_4096, SOFT_RSA_1024},
        {SOFT_P256, SOFT_P384, SOFT_P521, 0},
    };

    for (uint8_t i = 0; i < 4; i++) {
        if (algorithm != 0 && algorithms[type][i] == algorithm)
            return (uint8_t)(0x41 + i);
    }
    return 0;
}

static void entry_append(struct soft_bytes *out, unsigned type, unsigned index, uint8_t algorithm)
{
    soft_bytes_append_byte(out, algorithm == 0 ? 0x00 : (uint8_t)(type << 4 | index));
    soft_bytes_append_byte(out, algorithm);
}

/* Two bytes for each object that there could be, and two at the end. */
static void directory_make(const struct soft_certum *certum, struct soft_bytes *out)
{
    zeros_append(out, DIRECTORY_START);
    for (unsigned type = 0; type < SOFT_CERTUM_KEY_TYPES; type++) {
        for (unsigned i = 1; i < SOFT_CERTUM_INDEXES; i++) {
            const struct soft_certum_key *key = &certum->keys[type][i];

            entry_append(out, type, i,
                         key->pkey == NULL
                             ? 0
                             : soft_certum_algorithm((enum soft_certum_type)type, key->algorithm));
        }
    }
    for (unsigned i = 1; i < SOFT_CERTUM_INDEXES; i++)
        entry_append(out, TYPE_CERTIFICATE, i,
                     certum->certificates[i].der.length == 0 ? 0 : CERTIFICATE_ENTRY);
    zeros_append(out, out->length + 2);
}

/* The factory's number and the card's, as digits, and zeros. */
static void card_make(const struct soft_state *state, struct soft_bytes *out)
{
    char digits[17];

    snprintf(digits, sizeof(digits), "000036%010u", state->serial);
    soft_bytes_append(out, digits, strlen(digits));
    zeros_append(out, CARD_FILE_LENGTH);
}

static void label_append(struct soft_bytes *out, const struct soft_bytes *label)
{
    size_t length = label->length < LABEL_MOST ? label->length : LABEL_MOST;

    zeros_append(out, 2);
    soft_bytes_append_byte(out, (uint8_t)length);
    if (length > 0)
        soft_bytes_append(out, label->data, length);
    zeros_append(out, OBJECT_LENGTH_AT);
}

static bool key_file(const struct soft_certum *certum, unsigned reference, struct soft_bytes *out)
{
    unsigned type = reference >> 4;
    const struct soft_certum_key *key;

    if (type != 2 && type != 3)
        return false;
    key = &certum->keys[type == 2 ? SOFT_CERTUM_RSA : SOFT_CERTUM_EC][reference & 0x0F];
    if (key->pkey == NULL)
        return false;
    label_append(out, &key->label);
    return true;
}

static bool certificate_file(const struct soft_certum *certum, unsigned index,
                             struct soft_bytes *out)
{
    const struct soft_bytes *der;

    if (index >= SOFT_CERTUM_INDEXES)
        return false;
    der = &certum->certificates[index].der;
    if (der->length == 0)
        return false;
    label_append(out, &certum->certificates[index].label);
    soft_bytes_append_byte(out, (uint8_t)(der->length >> 8));
    soft_bytes_append_byte(out, (uint8_t)der->length);
    soft_bytes_append(out, der->data, der->length);
    return true;
}

bool soft_certum_file(const struct soft_card *card, uint16_t identifier, struct soft_bytes *out)
{
    const struct soft_certum *certum = &card->state.certum;

    if (identifier == FILE_DIRECTORY)
        directory_make(certum, out);
    else if (identifier == FILE_CARD)
        card_make(&card->state, out);
    else if ((identifier & 0xFF00) == FILE_KEY)
        return key_file(certum, identifier & 0xFF, out);
    else if ((identifier & 0xFF00) == FILE_CERTIFICATE)
        return certificate_file(certum, identifier & 0xFF, out);
    else
        return false;
    return true;
}
