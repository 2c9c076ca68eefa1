/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenPGP: data objects, and what the card says of itself in them. Section 4.4. */
#include "openpgp.h"
#include "trace.h"

#include <string.h>

/* Inside of 6E, 4.4.1. */
#define TAG_AID             0x4F
#define TAG_HISTORICAL      0x5F52
#define TAG_EXTENDED_LENGTH 0x7F66
#define TAG_DISCRETIONARY   0x73
#define TAG_CAPABILITIES    0xC0
#define TAG_KEY_INFORMATION 0xDE

/* C0, 4.4.3.7. */
#define CAPABILITY_KDF        0x01
#define CAPABILITY_ATTRIBUTES 0x04

/* ---- reading and writing ----------------------------------------------------------------- */

struct error *openpgp_get_data(struct apdu_channel *channel, uint16_t tag, struct buffer *answer,
                               struct tlv *out)
{
    struct apdu_command command = {
        0x00, OPENPGP_INS_GET_DATA, (uint8_t)(tag >> 8), (uint8_t)tag, NULL, 0, APDU_ANSWER_MAX};
    uint16_t status;
    bool wrapped = false;
    struct tlv outer;
    if (tag == OPENPGP_DO_STATUS)
        command.expected = 256;
    *out = (struct tlv){0};
    struct error *error = apdu_exchange(channel, &command, answer, &status);
    if (error != NULL)
        return error;
    if (status == SW_REFERENCE_NOT_FOUND || status == SW_FILE_NOT_FOUND)
        return error_new(ERROR_NOT_FOUND, "the card has no data object %02X", tag);
    if (status != SW_SUCCESS)
        return apdu_refused("reading a data object", status);
    *out = (struct tlv){tag, answer->bytes, answer->length};
    struct tlv_reader reader;
    tlv_reader_init(&reader, answer->bytes, answer->length);
    error = tlv_read(&reader, &outer);
    wrapped = error == NULL && outer.tag == tag && tlv_reader_done(&reader);
    error_free(error); /* a primitive object's value need not be data objects */
    if (wrapped && tag != OPENPGP_DO_CERTIFICATE)
        *out = outer;
    return NULL;
}

struct error *openpgp_put_data(struct apdu_channel *channel, uint16_t tag, const uint8_t *bytes,
                               size_t length, uint16_t *status)
{
    struct apdu_command command = {
        0x00, OPENPGP_INS_PUT_DATA, (uint8_t)(tag >> 8), (uint8_t)tag, bytes, length, 0};
    struct buffer answer = {0};
    uint16_t answered = 0;
    struct error *error = apdu_exchange(channel, &command, &answer, &answered);
    buffer_clear(&answer);
    if (status != NULL)
        *status = answered;
    if (error != NULL || answered == SW_SUCCESS)
        return error;
    error = apdu_refused("writing a data object", answered);
    if (answered == SW_SECURITY_STATUS)
        error = error_wrap(error, ERROR_DENIED, "the card wants its admin PIN");
    else if (answered == SW_NOT_ENOUGH_MEMORY)
        error = error_wrap(error, ERROR_UNSUPPORTED, "the card has no room for %zu bytes", length);
    return error;
}

/* ---- what the card says of itself -------------------------------------------------------- */

static struct error *take_aid(struct openpgp *openpgp, const struct tlv *related, bool *found)
{
    static const uint8_t start[] = {0xD2, 0x76, 0x00, 0x01, 0x24, 0x01};
    struct tlv aid;
    struct error *error = tlv_find(related->value, related->length, TAG_AID, &aid, found);
    if (error != NULL || !*found || aid.length < sizeof(start) ||
        memcmp(aid.value, start, sizeof(start)) != 0) {
        error_free(error); /* what answers like that is not OpenPGP */
        *found = false;
        return NULL;
    }
    if (aid.length != sizeof(openpgp->aid))
        return error_new(ERROR_CARD_ANSWER, "the card's AID has %zu bytes instead of %zu",
                         aid.length, sizeof(openpgp->aid));
    memcpy(openpgp->aid, aid.value, sizeof(openpgp->aid));
    if (openpgp->aid[6] < 2)
        return error_new(ERROR_UNSUPPORTED,
                         "this is an OpenPGP card of version %u, which nobody has made since 2009: "
                         "cards from version 2 on are known here",
                         openpgp->aid[6]);
    return NULL;
}

/* The last three historical bytes are life cycle and status; a life cycle of 00 is not told of and
   not there (6). */
static struct error *take_historical(struct openpgp *openpgp, const struct tlv *related)
{
    struct tlv bytes;
    bool found;
    struct error *error = tlv_find(related->value, related->length, TAG_HISTORICAL, &bytes, &found);
    openpgp->life_cycle =
        error == NULL && found && bytes.length >= 4 && bytes.value[bytes.length - 3] != 0;
    return error;
}

/* 4.1.3.1: two integers, the first is the longest command. */
static struct error *take_extended_length(struct openpgp *openpgp, const struct tlv *related)
{
    struct tlv lengths;
    struct tlv command;
    bool found;
    struct error *error =
        tlv_find(related->value, related->length, TAG_EXTENDED_LENGTH, &lengths, &found);
    openpgp->command_most = 0;
    if (error != NULL || !found)
        return error;
    error = tlv_require(lengths.value, lengths.length, 0x02, &command);
    for (size_t i = 0; error == NULL && i < command.length && i < 4; i++)
        openpgp->command_most = openpgp->command_most << 8 | command.value[i];
    return error;
}

/* 4.4.3.7. Version 3 has the maxima of certificates in bytes 5 and 6, version 2 as well. */
static struct error *take_capabilities(struct openpgp *openpgp, const struct tlv *discretionary)
{
    struct tlv bytes;
    struct error *error =
        tlv_require(discretionary->value, discretionary->length, TAG_CAPABILITIES, &bytes);
    if (error != NULL)
        return error;
    if (bytes.length < 6)
        return error_new(ERROR_CARD_ANSWER, "the card's capabilities have %zu bytes instead of 10",
                         bytes.length);
    /* Before version 3 the first bit told something else. */
    openpgp->has_kdf = openpgp->aid[6] >= 3 && (bytes.value[0] & CAPABILITY_KDF) != 0;
    openpgp->attributes_changeable = (bytes.value[0] & CAPABILITY_ATTRIBUTES) != 0;
    openpgp->certificate_most = (size_t)bytes.value[4] << 8 | bytes.value[5];
    return NULL;
}

static struct error *take_attributes(struct openpgp *openpgp, enum openpgp_slot slot,
                                     const struct tlv *discretionary)
{
    struct openpgp_attributes *out = &openpgp->attributes[slot];
    struct tlv bytes;
    struct error *error = tlv_require(discretionary->value, discretionary->length,
                                      OPENPGP_DO_ATTRIBUTES + (uint32_t)slot, &bytes);
    out->length = 0;
    if (error != NULL)
        return error;
    if (bytes.length == 0 || bytes.length > sizeof(out->bytes))
        return error_new(ERROR_CARD_ANSWER, "the card's algorithm attributes have %zu bytes",
                         bytes.length);
    memcpy(out->bytes, bytes.value, bytes.length);
    out->length = bytes.length;
    return NULL;
}

/* Version 3.4 on: for each key its number, from 01 on, and how it came there. */
static struct error *take_key_information(struct openpgp *openpgp, const struct tlv *discretionary)
{
    struct tlv bytes;
    struct error *error = tlv_find(discretionary->value, discretionary->length, TAG_KEY_INFORMATION,
                                   &bytes, &openpgp->keys_told);
    memset(openpgp->keys, 0, sizeof(openpgp->keys));
    if (error != NULL || !openpgp->keys_told)
        return error;
    if (bytes.length % 2 != 0)
        return error_new(ERROR_CARD_ANSWER, "the card's key information has %zu bytes",
                         bytes.length);
    for (size_t i = 0; i < bytes.length; i += 2)
        if (bytes.value[i] >= 1 && bytes.value[i] <= OPENPGP_SLOTS)
            openpgp->keys[bytes.value[i] - 1] = bytes.value[i + 1];
    return NULL;
}

/* "User interaction flag", 4.4.3.6: there where the card has a button or the like. */
static struct error *take_touch(struct openpgp *openpgp, enum openpgp_slot slot,
                                const struct tlv *discretionary)
{
    struct tlv bytes;
    bool found;
    struct error *error = tlv_find(discretionary->value, discretionary->length,
                                   OPENPGP_DO_TOUCH + (uint32_t)slot, &bytes, &found);
    openpgp->touch_told[slot] = error == NULL && found && bytes.length > 0;
    openpgp->touch[slot] = openpgp->touch_told[slot] ? bytes.value[0] : 0;
    return error;
}

static struct error *take_status(struct openpgp *openpgp, const struct tlv *bytes)
{
    if (bytes->length != sizeof(openpgp->status))
        return error_new(ERROR_CARD_ANSWER, "the state of the card's PINs has %zu bytes, not %zu",
                         bytes->length, sizeof(openpgp->status));
    memcpy(openpgp->status, bytes->value, sizeof(openpgp->status));
    openpgp->status_read_at = trace_clock();
    return NULL;
}

static struct error *take_discretionary(struct openpgp *openpgp, const struct tlv *objects)
{
    struct tlv status;
    struct error *error = take_capabilities(openpgp, objects);
    if (error == NULL)
        error = tlv_require(objects->value, objects->length, OPENPGP_DO_STATUS, &status);
    if (error == NULL)
        error = take_status(openpgp, &status);
    if (error == NULL)
        error = take_key_information(openpgp, objects);
    for (size_t i = 0; error == NULL && i < OPENPGP_SLOTS; i++) {
        error = take_attributes(openpgp, (enum openpgp_slot)i, objects);
        if (error == NULL)
            error = take_touch(openpgp, (enum openpgp_slot)i, objects);
    }
    return error;
}

/* The discretionary data objects are inside of 73; some cards leave that away. */
static struct error *take_application(struct openpgp *openpgp, const struct tlv *related,
                                      bool *found)
{
    struct tlv discretionary;
    bool inside;
    struct error *error = take_aid(openpgp, related, found);
    if (error != NULL || !*found)
        return error;
    error = take_historical(openpgp, related);
    if (error == NULL)
        error = take_extended_length(openpgp, related);
    if (error == NULL)
        error =
            tlv_find(related->value, related->length, TAG_DISCRETIONARY, &discretionary, &inside);
    return error != NULL ? error : take_discretionary(openpgp, inside ? &discretionary : related);
}

static void forget(struct openpgp *openpgp)
{
    for (size_t i = 0; i < OPENPGP_SLOTS; i++) {
        EVP_PKEY_free(openpgp->shown[i]);
        openpgp->shown[i] = NULL;
    }
    openpgp->kdf = (struct openpgp_kdf){0};
}

struct error *openpgp_read_application(struct apdu_channel *channel, struct openpgp *openpgp,
                                       bool *found)
{
    struct buffer answer = {0};
    struct tlv related;
    *found = false;
    forget(openpgp);
    struct error *error = openpgp_get_data(channel, OPENPGP_DO_APPLICATION, &answer, &related);
    if (error == NULL)
        error = take_application(openpgp, &related, found);
    else if (error_code(error) == ERROR_NOT_FOUND || error_code(error) == ERROR_CARD_STATUS) {
        error_free(error); /* it was not OpenPGP that answered the SELECT */
        error = NULL;
    }
    buffer_clear(&answer);
    return error;
}

struct error *openpgp_read_status(struct apdu_channel *channel, struct openpgp *openpgp)
{
    struct buffer answer = {0};
    struct tlv status;
    struct error *error = openpgp_get_data(channel, OPENPGP_DO_STATUS, &answer, &status);
    if (error == NULL)
        error = take_status(openpgp, &status);
    else if (error_code(error) == ERROR_NOT_FOUND)
        error = error_wrap(error, ERROR_CARD_STATUS, "the card does not tell its PIN's tries");
    buffer_clear(&answer);
    return error;
}
