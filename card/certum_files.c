/* SPDX-License-Identifier: BSD-2-Clause */
/* Certum: files, and what is in all of them. */
#include "certum.h"

#include <string.h>

/* READ BINARY, ISO/IEC 7816-4 11.3.3: P1 and P2 are the offset, below 0x8000. */
#define PAGE           256
#define SW_END_OF_FILE 0x6282 /* reached before as much was read as was asked for */
#define SW_WRONG_P1_P2 0x6B00 /* the offset is outside of the file */

/* jsign: where the entries of the directory begin, and how many bytes at its end are none. */
#define DIRECTORY_START 0x24
#define DIRECTORY_END   2

/* jsign: a label's length, its text, and what comes after it in a certificate's file. */
#define LABEL_LENGTH 2
#define LABEL_TEXT   3
#define LABEL_END    0x84

/* ---- reading ------------------------------------------------------------------------------- */

static struct error *select_file(struct apdu_channel *channel, uint16_t file)
{
    const uint8_t identifier[] = {(uint8_t)(file >> 8), (uint8_t)file};
    struct apdu_command command = {0x00,       CERTUM_INS_SELECT,  0x02, 0x0C,
                                   identifier, sizeof(identifier), 0};
    uint16_t status;
    struct error *error = apdu_send(channel, &command, &status);
    if (error == NULL && status == SW_FILE_NOT_FOUND)
        error = error_new(ERROR_NOT_FOUND, "the card has no file %04X", file);
    else if (error == NULL && status != SW_SUCCESS)
        error = apdu_refused("to select a file", status);
    return error;
}

/* Reads one page and says whether more may follow. */
static struct error *read_page(struct apdu_channel *channel, size_t page, struct buffer *out,
                               bool *more)
{
    struct apdu_command command = {.ins = CERTUM_INS_READ_BINARY,
                                   .p1 = (uint8_t)page, /* the offset is page * 256 */
                                   .expected = PAGE};
    struct buffer answer = {0};
    uint16_t status;
    struct error *error = apdu_exchange(channel, &command, &answer, &status);
    *more = false;
    if (error == NULL && page > 0 && (status == SW_WRONG_P1_P2 || status == SW_INCORRECT_P1_P2))
        ; /* it ended with the page before */
    else if (error == NULL && status != SW_SUCCESS && status != SW_END_OF_FILE)
        error = apdu_refused("to read a file", status);
    else if (error == NULL && answer.length > PAGE)
        error = error_new(ERROR_CARD_ANSWER, "the card answers more of a file than it was asked");
    else if (error == NULL) {
        *more = status == SW_SUCCESS && answer.length == PAGE;
        error = buffer_append(out, answer.bytes, answer.length);
    }
    buffer_clear(&answer);
    return error;
}

struct error *certum_read_file(struct apdu_channel *channel, uint16_t file, size_t most,
                               struct buffer *out)
{
    bool more = true;
    struct error *error = select_file(channel, file);
    for (size_t page = 0; error == NULL && more && out->length < most; page++) {
        if (page == CERTUM_FILE_WHOLE / PAGE)
            return error_new(ERROR_CARD_ANSWER, "the card's file %04X does not end", file);
        error = read_page(channel, page, out, &more);
    }
    if (error == NULL && more && most == CERTUM_FILE_WHOLE)
        error = error_new(ERROR_CARD_ANSWER, "the card's file %04X does not end", file);
    return error;
}

struct certum_label certum_label_of(const struct buffer *file)
{
    if (file->length <= LABEL_LENGTH)
        return (struct certum_label){0};
    size_t length = file->bytes[LABEL_LENGTH];
    if (length > LABEL_END - LABEL_TEXT || length > file->length - LABEL_TEXT)
        return (struct certum_label){0};
    return (struct certum_label){file->bytes + LABEL_TEXT, length};
}

/* ---- the directory ------------------------------------------------------------------------- */

const struct certum_entry *certum_find_entry(const struct certum_directory *directory, uint8_t type,
                                             uint8_t index)
{
    for (size_t i = 0; i < directory->count; i++)
        if (directory->entries[i].type == type && directory->entries[i].index == index)
            return &directory->entries[i];
    return NULL;
}

/* An index of 0 is an entry that is free; what is there twice counts once. */
static void take_entries(const struct buffer *file, struct certum_directory *out)
{
    out->count = 0;
    for (size_t at = DIRECTORY_START; at + 2 + DIRECTORY_END <= file->length; at += 2) {
        struct certum_entry entry = {file->bytes[at] >> 4, file->bytes[at] & 0x0F,
                                     file->bytes[at + 1]};
        if (entry.index != 0 && certum_find_entry(out, entry.type, entry.index) == NULL)
            out->entries[out->count++] = entry;
    }
}

static bool has_key(const struct certum_directory *directory)
{
    for (size_t i = 0; i < directory->count; i++)
        if (directory->entries[i].type == CERTUM_RSA || directory->entries[i].type == CERTUM_EC)
            return true;
    return false;
}

/* No key may be the sign of a card that is new: then that is what has to be said. */
struct error *certum_read_directory(struct apdu_channel *channel, struct certum_directory *out)
{
    struct buffer file = {0};
    struct card_pin_status status;
    out->count = 0;
    struct error *error =
        certum_read_file(channel, CERTUM_FILE_DIRECTORY, CERTUM_FILE_WHOLE, &file);
    if (error == NULL)
        take_entries(&file, out);
    buffer_clear(&file);
    if (error != NULL && error_code(error) != ERROR_NOT_FOUND)
        return error;
    error_free(error); /* without a directory there is nothing */
    return has_key(out) ? NULL : certum_pin_status(channel, NULL, &status);
}
