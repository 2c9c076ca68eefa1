/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reader says of its keypad. */
#include "pin_pad.h"

#include <reader.h> /* PC/SC part 10's numbers; nothing of it leads to libpcsclite */

/* Each entry in the list of features: tag, length, and a control code in big-endian order. */
#define FEATURE_SIZE 6

/* Digits that a reader is trusted to take which does not say how many: all are known to. */
#define MAXIMUM_NOT_SAID 15

static struct error *malformed(const char *what)
{
    return error_new(ERROR_CARD_ANSWER, "the reader's list of %s is malformed", what);
}

/* The first entry counts. */
static void take_feature(const uint8_t *entry, uint32_t *out)
{
    if (*out == 0)
        *out = (uint32_t)entry[2] << 24 | (uint32_t)entry[3] << 16 | (uint32_t)entry[4] << 8 |
               entry[5];
}

static struct error *take_features(const uint8_t *list, size_t length, struct pin_pad *pad,
                                   uint32_t *properties)
{
    if (length % FEATURE_SIZE != 0)
        return malformed("features");
    for (const uint8_t *entry = list; entry < list + length; entry += FEATURE_SIZE) {
        if (entry[1] != FEATURE_SIZE - 2)
            return malformed("features");
        if (entry[0] == FEATURE_VERIFY_PIN_DIRECT)
            take_feature(entry, &pad->verify);
        else if (entry[0] == FEATURE_MODIFY_PIN_DIRECT)
            take_feature(entry, &pad->modify);
        else if (entry[0] == FEATURE_GET_TLV_PROPERTIES)
            take_feature(entry, properties);
    }
    return NULL;
}

static struct error *take_properties(const uint8_t *list, size_t length, struct pin_pad *pad)
{
    for (size_t at = 0; at < length; at += 2U + list[at + 1]) {
        if (length - at < 2 || list[at + 1] > length - at - 2)
            return malformed("properties");
        bool minimum = list[at] == PCSCv2_PART10_PROPERTY_bMinPINSize;
        if (!minimum && list[at] != PCSCv2_PART10_PROPERTY_bMaxPINSize)
            continue;
        if (list[at + 1] != 1)
            return malformed("properties");
        *(minimum ? &pad->minimum : &pad->maximum) = list[at + 2];
    }
    if (pad->maximum == 0) /* what readers say that do not know */
        pad->maximum = MAXIMUM_NOT_SAID;
    return pad->minimum <= pad->maximum ? NULL : malformed("properties");
}

/* An answer that may be missing: *length is 0 then. */
static struct error *ask(struct card_transport *transport, uint32_t code, uint8_t *out,
                         size_t *length)
{
    struct error *error = transport->functions->control(transport, code, NULL, 0, out, length, 0);
    if (error == NULL)
        return NULL;
    *length = 0;
    if (error_code(error) != ERROR_UNSUPPORTED)
        return error;
    error_free(error);
    return NULL;
}

struct error *pin_pad_read(struct card_transport *transport, struct pin_pad *out)
{
    uint8_t answer[256];
    size_t length = sizeof(answer);
    uint32_t properties = 0;
    struct pin_pad pad = {.maximum = MAXIMUM_NOT_SAID};
    *out = (struct pin_pad){0};
    if (transport->functions->control == NULL)
        return NULL;
    struct error *error = ask(transport, CM_IOCTL_GET_FEATURE_REQUEST, answer, &length);
    if (error == NULL)
        error = take_features(answer, length, &pad, &properties);
    if (error != NULL || pad.verify == 0)
        return error;
    length = properties == 0 ? 0 : sizeof(answer);
    if (properties != 0)
        error = ask(transport, properties, answer, &length);
    if (error == NULL)
        error = take_properties(answer, length, &pad);
    if (error == NULL)
        *out = pad;
    return error;
}

/* ---- what it serves for ------------------------------------------------------------------ */

void pin_pad_range(const struct pin_pad *pad, const struct pin_entry *entry, size_t *minimum,
                   size_t *maximum)
{
    *minimum = entry->minimum > pad->minimum ? entry->minimum : pad->minimum;
    *maximum = entry->maximum < pad->maximum ? entry->maximum : pad->maximum;
}

struct error *pin_pad_check(const struct pin_pad *pad, const struct pin_entry *entry)
{
    size_t minimum;
    size_t maximum;
    pin_pad_range(pad, entry, &minimum, &maximum);
    if (pad->verify == 0)
        return error_new(ERROR_UNSUPPORTED, "the reader has no keypad for PINs");
    if (entry->fresh && pad->modify == 0)
        return error_new(ERROR_UNSUPPORTED, "the reader's keypad can verify PINs, but not change "
                                            "them");
    if (entry->block > PIN_PAD_BLOCK_MAX)
        return error_new(ERROR_UNSUPPORTED,
                         "the card wants its PIN padded to %zu bytes, which is more than a "
                         "reader's keypad can do",
                         entry->block);
    if (minimum > maximum)
        return error_new(ERROR_UNSUPPORTED,
                         "the reader's keypad takes %u to %u digits, and the card's PIN has %zu to "
                         "%zu",
                         pad->minimum, pad->maximum, entry->minimum, entry->maximum);
    return NULL;
}
