/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cryptoCertum card, as far as anybody has written down how it behaves: jsign's CryptoCertumCard
 * (what it sends, and where it looks in the answers). Everything else is this program's choice, and
 * the strict one: short commands over T=0, READ BINARY by pages, the PIN used up by a signature.
 */
#include "certum.h"

#define INS_VERIFY         0x20
#define INS_ENVIRONMENT    0x22
#define INS_OPERATION      0x2A
#define INS_SELECT         0xA4
#define INS_READ_BINARY    0xB0
#define INS_GET_DATA       0xCB
#define OFFSET_OUTSIDE     0x6B00
#define SHORT_FILE_REFUSED 0x6986 /* command not allowed: no file is selected */

#define AID_LENGTH 10

void soft_certum_atr(const struct soft_card *card, struct soft_bytes *out)
{
    static const uint8_t make_36[] = {0x3B, 0x7F, 0x96, 0x00, 0x00, 0x80, 0x31, 0x80, 0x58, 0x43,
                                      0x65, 0x72, 0x74, 0x75, 0x6D, 0x30, 0x31, 0x82, 0x90, 0x00};
    static const uint8_t make_35[] = {0x3B, 0xDD, 0x96, 0xFF, 0x81, 0x31, 0xFE, 0x45,
                                      0x80, 0x59, 0x5F, 0x53, 0x74, 0x64, 0x5F, 0x49,
                                      0x6E, 0x69, 0x74, 0x81, 0x05, 0x9B};

    if (card->options.certum_make == SOFT_CERTUM_35)
        soft_bytes_append(out, make_35, sizeof(make_35));
    else
        soft_bytes_append(out, make_36, sizeof(make_36));
}

void soft_certum_protocol(struct soft_card *card)
{
    if (card->state.profile != SOFT_PROFILE_CERTUM)
        return;
    card->options.extended = false;
    card->options.t0 = card->options.certum_make != SOFT_CERTUM_35;
}

/* A card of 3.5 has another application, which nobody has described: none here. */
static void certum_identify(const struct soft_card *card, struct soft_bytes *aid)
{
    static const uint8_t start[AID_LENGTH - 1] = {0xA0, 0x00, 0x00, 0x01, 0x67,
                                                  0x45, 0x53, 0x49, 0x47};
    bool secure = card->options.certum_make == SOFT_CERTUM_SECURE;

    if (card->options.certum_make == SOFT_CERTUM_35)
        return;
    soft_bytes_append(aid, start, sizeof(start));
    soft_bytes_append_byte(aid, secure ? 'N' : 'O');
}

static void certum_forget(struct soft_card *card)
{
    soft_bytes_free(&card->certum.file);
    soft_bytes_free(&card->certum.hash);
    card->certum = (struct soft_certum_session){0};
}

static uint16_t certum_select(struct soft_card *card, struct soft_bytes *out)
{
    static const uint8_t description[] = {0x6F, 0x02, 0x85, 0x00};

    certum_forget(card);
    soft_bytes_append(out, description, sizeof(description));
    return SOFT_OK;
}

static uint16_t file_select(struct soft_card *card, const struct soft_apdu *apdu)
{
    struct soft_bytes file = {0};
    uint16_t identifier;

    if (apdu->p1 != 0x02 || apdu->p2 != 0x0C)
        return SOFT_WRONG_PARAMETERS;
    if (apdu->length != 2)
        return SOFT_WRONG_LENGTH;
    identifier = (uint16_t)(apdu->data[0] << 8 | apdu->data[1]);
    if (!soft_certum_file(card, identifier, &file))
        return SOFT_NOT_FOUND;
    soft_bytes_free(&card->certum.file);
    card->certum.file = file;
    return SOFT_OK;
}

/* At most 256 bytes, whatever was asked for; beyond the file's end there is nothing. */
static uint16_t binary_read(const struct soft_card *card, const struct soft_apdu *apdu,
                            struct soft_bytes *out)
{
    const struct soft_bytes *file = &card->certum.file;
    size_t offset = (size_t)apdu->p1 << 8 | apdu->p2;
    size_t left;

    if (file->length == 0)
        return SHORT_FILE_REFUSED;
    if ((apdu->p1 & 0x80) != 0)
        return SOFT_WRONG_PARAMETERS;
    if (offset >= file->length)
        return OFFSET_OUTSIDE;
    left = file->length - offset;
    soft_bytes_append(out, file->data + offset, left < 256 ? left : 256);
    return SOFT_OK;
}

static uint16_t certum_command(struct soft_card *card, const struct soft_apdu *apdu,
                               struct soft_bytes *out)
{
    if (card->options.certum_make == SOFT_CERTUM_SECURE)
        return SOFT_INS_UNSUPPORTED;
    switch (apdu->ins) {
    case INS_SELECT:
        return file_select(card, apdu);
    case INS_READ_BINARY:
        return binary_read(card, apdu, out);
    case INS_GET_DATA:
        return soft_certum_get_data(card, apdu, out);
    case INS_VERIFY:
        return soft_certum_verify(card, apdu);
    case INS_ENVIRONMENT:
        return soft_certum_environment(card, apdu);
    case INS_OPERATION:
        return soft_certum_operation(card, apdu, out);
    default:
        return SOFT_INS_UNSUPPORTED;
    }
}

static bool certum_chains(const struct soft_card *card, uint8_t ins)
{
    (void)card;
    (void)ins;
    return false;
}

const struct soft_application soft_certum_application = {
    .name = "Certum",
    .profiles = 1u << SOFT_PROFILE_CERTUM,
    .identify = certum_identify,
    .aid_least = AID_LENGTH,
    .selects_files = true,
    .select = certum_select,
    .command = certum_command,
    .forget = certum_forget,
    .chains = certum_chains,
};
