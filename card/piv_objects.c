/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV data objects: certificates, CHUID, key history. */
#include "certificate.h"
#include "piv.h"
#include "public_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SP 800-73-4 part 2, 3.1.2 and 3.3.2. */
#define TAG_LIST 0x5C
#define TAG_DATA 0x53

/* A certificate's data object, SP 800-73-4 part 1, table 10. */
#define TAG_CERTIFICATE      0x70
#define TAG_CERTIFICATE_INFO 0x71
#define TAG_ERROR_DETECTION  0xFE
#define INFO_GZIP            0x01

/* CHUID, SP 800-73-4 part 1, table 9; key history, table 12. */
#define TAG_CHUID_GUID            0x34
#define TAG_KEYS_WITH_CERTIFICATE 0xC1
#define FIRST_RETIRED             4 /* of the slots, as they are listed */
#define RETIRED_MAX               20

static struct error *append_tag_list(struct buffer *out, uint32_t object)
{
    const uint8_t bytes[3] = {(uint8_t)(object >> 16), (uint8_t)(object >> 8), (uint8_t)object};
    return tlv_append(out, TAG_LIST, bytes, sizeof(bytes));
}

static struct error *take_content(const struct buffer *answer, uint16_t status, struct tlv *content)
{
    if (status == SW_FILE_NOT_FOUND)
        return error_new(ERROR_NOT_FOUND, "the card has no such object");
    if (status != SW_SUCCESS)
        return apdu_refused("reading an object", status);
    struct error *error = tlv_require(answer->bytes, answer->length, TAG_DATA, content);
    if (error == NULL && content->length == 0) /* how an object is deleted */
        error = error_new(ERROR_NOT_FOUND, "the card's object is empty");
    return error;
}

struct error *piv_get_object(struct apdu_channel *channel, uint32_t object, struct buffer *answer,
                             struct tlv *content)
{
    struct buffer list = {0};
    uint16_t status;
    struct error *error = append_tag_list(&list, object);
    if (error == NULL) {
        struct apdu_command command = {0x00,       PIV_INS_GET_DATA, 0x3F,           0xFF,
                                       list.bytes, list.length,      APDU_ANSWER_MAX};
        error = apdu_exchange(channel, &command, answer, &status);
    }
    if (error == NULL)
        error = take_content(answer, status, content);
    buffer_clear(&list);
    return error;
}

/* ---- certificates ------------------------------------------------------------------------ */

static struct error *take_certificate(const struct tlv *object, struct buffer *der)
{
    struct tlv certificate;
    struct tlv info;
    bool has_info = false;
    struct error *error = tlv_require(object->value, object->length, TAG_CERTIFICATE, &certificate);
    if (error == NULL)
        error = tlv_find(object->value, object->length, TAG_CERTIFICATE_INFO, &info, &has_info);
    if (error != NULL)
        return error;
    if (has_info && info.length > 0 && (info.value[0] & INFO_GZIP) != 0)
        return certificate_decompress(certificate.value, certificate.length, der);
    return buffer_append(der, certificate.value, certificate.length);
}

struct error *piv_read_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                   struct buffer *der)
{
    (void)state;
    struct buffer answer = {0};
    struct tlv object;
    struct error *error = piv_get_object(channel, piv_slot_find(slot)->object, &answer, &object);
    if (error == NULL)
        error = take_certificate(&object, der);
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error);
        error = error_new(ERROR_NOT_FOUND, "there is no certificate in slot %s", slot);
    }
    buffer_clear(&answer);
    return error;
}

static struct error *append_certificate(struct buffer *out, const uint8_t *der, size_t length)
{
    const uint8_t plain = 0;
    struct error *error = tlv_append(out, TAG_CERTIFICATE, der, length);
    if (error == NULL)
        error = tlv_append(out, TAG_CERTIFICATE_INFO, &plain, sizeof(plain));
    return error != NULL ? error : tlv_append(out, TAG_ERROR_DETECTION, NULL, 0);
}

struct error *piv_put_object(struct apdu_channel *channel, uint32_t object,
                             const struct buffer *content)
{
    struct buffer data = {0};
    uint16_t status = 0;
    struct error *error = append_tag_list(&data, object);
    if (error == NULL)
        error = tlv_append(&data, TAG_DATA, content->bytes, content->length);
    if (error == NULL) {
        struct apdu_command command = {0x00,       PIV_INS_PUT_DATA, 0x3F, 0xFF,
                                       data.bytes, data.length,      0};
        error = apdu_send(channel, &command, &status);
    }
    if (error == NULL && status == SW_NOT_ENOUGH_MEMORY)
        error = error_new(ERROR_UNSUPPORTED,
                          "the card has no room for %zu bytes: delete a "
                          "certificate that is not needed any more",
                          content->length);
    else if (error == NULL && status == SW_WRONG_LENGTH)
        error = error_new(ERROR_UNSUPPORTED, "%zu bytes are more than the card takes in one object",
                          content->length);
    else if (error == NULL && status != SW_SUCCESS)
        error = apdu_refused("writing an object", status);
    buffer_clear(&data);
    return error;
}

/* The slot's key, where the card shows it, has to be the certificate's. What only an older
   certificate tells does not count: that one is being replaced. */
static struct error *compare_key(struct apdu_channel *channel, struct piv *piv, const char *slot,
                                 EVP_PKEY *wanted)
{
    struct app_key key = {0};
    if (piv->metadata == PIV_ABSENT)
        return NULL;
    struct error *error = piv_read_key(channel, piv, slot, &key);
    if (error == NULL && !public_key_equal(key.public_key, wanted))
        error = error_new(ERROR_OTHER_KEY,
                          "the certificate is for another key than the one in "
                          "slot %s: nothing was written",
                          slot);
    EVP_PKEY_free(key.public_key);
    return error;
}

struct error *piv_store_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                    const uint8_t *der, size_t length)
{
    struct piv *piv = state;
    EVP_PKEY *wanted = NULL;
    struct buffer content = {0};
    struct error *error = certificate_public_key(piv->libctx, der, length, &wanted);
    if (error != NULL)
        return error_wrap(error, ERROR_ARGUMENT, "cannot store that in slot %s", slot);
    error = compare_key(channel, piv, slot, wanted);
    if (error == NULL)
        error = append_certificate(&content, der, length);
    if (error == NULL)
        error = piv_put_object(channel, piv_slot_find(slot)->object, &content);
    EVP_PKEY_free(wanted);
    buffer_clear(&content);
    return error;
}

struct error *piv_delete_certificate(struct apdu_channel *channel, void *state, const char *slot)
{
    static const struct buffer nothing = {0};
    (void)state;
    return piv_put_object(channel, piv_slot_find(slot)->object, &nothing);
}

/* ---- the card's identity ----------------------------------------------------------------- */

static char *hexadecimal(const uint8_t *bytes, size_t length)
{
    char *text = calloc(length + 1, 2);
    for (size_t i = 0; text != NULL && i < length; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

static bool all_zero(const struct tlv *object)
{
    for (size_t i = 0; i < object->length; i++)
        if (object->value[i] != 0)
            return false;
    return true;
}

/* The GUID in the CHUID: 16 bytes, zero where the issuer did not care (part 1, 3.1.2). */
static struct error *read_guid(struct apdu_channel *channel, char **out)
{
    struct buffer answer = {0};
    struct tlv object;
    struct tlv guid = {0};
    bool found = false;
    struct error *error = piv_get_object(channel, PIV_OBJECT_CHUID, &answer, &object);
    if (error == NULL)
        error = tlv_find(object.value, object.length, TAG_CHUID_GUID, &guid, &found);
    if (error == NULL && (guid.length != 16 || all_zero(&guid)))
        error = error_new(ERROR_NOT_FOUND, "the card has no serial number");
    if (error == NULL) {
        *out = hexadecimal(guid.value, guid.length);
        error = *out == NULL ? error_no_memory() : NULL;
    }
    buffer_clear(&answer);
    return error;
}

static struct error *take_serial(const struct buffer *answer, char **out)
{
    const uint8_t *bytes = answer->bytes;
    if (answer->length != 4)
        return error_new(ERROR_CARD_ANSWER, "the card's serial number has %zu bytes instead of 4",
                         answer->length);
    unsigned long serial = (unsigned long)bytes[0] << 24 | (unsigned long)bytes[1] << 16 |
                           (unsigned long)bytes[2] << 8 | bytes[3];
    return asprintf(out, "%lu", serial) < 0 ? error_no_memory() : NULL;
}

struct error *piv_serial(struct apdu_channel *channel, void *state, char **out)
{
    (void)state;
    struct apdu_command command = {0x00, PIV_INS_GET_SERIAL, 0x00, 0x00, NULL, 0, 256};
    struct buffer answer = {0};
    uint16_t status;
    *out = NULL;
    struct error *error = apdu_exchange(channel, &command, &answer, &status);
    if (error == NULL && status == SW_SUCCESS)
        error = take_serial(&answer, out);
    else if (error == NULL)
        error = read_guid(channel, out);
    buffer_clear(&answer);
    return error;
}

/* ---- which slots are in use -------------------------------------------------------------- */

/*
 * Retired keys with certificates on the card fill their slots from 82 on, and the key history
 * counts them (SP 800-73-4 part 1, 3.3.3). It has to be there where such keys are: without it,
 * none is looked for, which saves twenty exchanges; `slot=` reaches them all the same.
 */
static struct error *count_retired(struct apdu_channel *channel, size_t *count)
{
    struct buffer answer = {0};
    struct tlv object;
    struct tlv number;
    bool found = false;
    *count = 0;
    struct error *error = piv_get_object(channel, PIV_OBJECT_KEY_HISTORY, &answer, &object);
    if (error == NULL)
        error = tlv_find(object.value, object.length, TAG_KEYS_WITH_CERTIFICATE, &number, &found);
    if (error == NULL && found && number.length == 1)
        *count = number.value[0] > RETIRED_MAX ? RETIRED_MAX : number.value[0];
    if (error != NULL && error_code(error) == ERROR_NOT_FOUND) {
        error_free(error);
        error = NULL;
    }
    buffer_clear(&answer);
    return error;
}

/* Whether the card knows metadata, by asking for those of its PIN. */
static struct error *try_metadata(struct apdu_channel *channel, struct piv *piv)
{
    struct piv_metadata metadata;
    uint16_t status;
    if (piv->metadata != PIV_NOT_TRIED)
        return NULL;
    struct error *error = piv_read_metadata(channel, piv, PIV_PIN, &metadata, &status);
    buffer_clear(&metadata.bytes);
    return error;
}

struct error *piv_slots_in_use(struct apdu_channel *channel, void *state, struct app_slot_list *out)
{
    struct piv *piv = state;
    size_t retired = RETIRED_MAX; /* metadata tells each slot, with a certificate or without */
    struct error *error = try_metadata(channel, piv);
    if (error == NULL && piv->metadata == PIV_ABSENT)
        error = count_retired(channel, &retired);
    for (size_t i = 0; error == NULL && i < FIRST_RETIRED + retired; i++)
        error = app_slot_list_add(out, piv_slot_at(i)->name);
    return error;
}
