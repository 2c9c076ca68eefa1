/* SPDX-License-Identifier: BSD-2-Clause */
#include "piv.h"
#include "tlv.h"

#include <string.h>

#define OBJECT_MOST 3052 /* bytes that an object of a YubiKey 5 holds */

/* SP 800-73-4 part 1, table 2: read only with the PIN. */
static bool object_needs_pin(uint32_t tag)
{
    return tag == 0x5FC103 || tag == 0x5FC108 || tag == 0x5FC109 || tag == 0x5FC121;
}

/* The tag list 5C: one tag of one, two or three bytes. Returns false when it is none. */
static bool tag_list_read(const uint8_t *data, size_t length, uint32_t *tag, size_t *used)
{
    struct soft_tlv_reader reader = {data, length};
    struct soft_tlv list;

    if (!soft_tlv_next(&reader, &list) || list.tag != 0x5C || list.length < 1 || list.length > 3)
        return false;
    *tag = 0;
    for (size_t i = 0; i < list.length; i++)
        *tag = *tag << 8 | list.value[i];
    *used = length - reader.length;
    return true;
}

/* SP 800-73-4 part 1, 3.3.2: the application's AID, and which PIN it takes: its own only. */
static void discovery_append(struct soft_bytes *out)
{
    static const uint8_t discovery[] = {0x4F, 0x0B, 0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00,
                                        0x10, 0x00, 0x01, 0x00, 0x5F, 0x2F, 0x02, 0x40, 0x00};

    soft_tlv_append(out, SOFT_OBJECT_DISCOVERY, discovery, sizeof(discovery));
}

/* SP 800-73-4 part 1, 3.3.3. Nobody writes it here, so it counts the certificates that there are.
 */
static void key_history_append(const struct soft_state *state, struct soft_bytes *out)
{
    struct soft_bytes content = {0};
    uint8_t count = 0;

    for (unsigned slot = SOFT_SLOT_RETIRED_FIRST; slot <= SOFT_SLOT_RETIRED_LAST; slot++) {
        if (soft_state_object(state, soft_piv_slot_certificate((uint8_t)slot)) != NULL)
            count++;
    }
    soft_tlv_append_byte(&content, 0xC1, count);
    soft_tlv_append_byte(&content, 0xC2, 0);
    soft_tlv_append(&content, 0xFE, NULL, 0);
    soft_tlv_append(out, 0x53, content.data, content.length);
    soft_bytes_free(&content);
}

/* SP 800-73-4 part 2, 3.1.2. */
uint16_t soft_piv_get_data(struct soft_card *card, const struct soft_apdu *apdu,
                           struct soft_bytes *out)
{
    const struct soft_bytes *object;
    uint32_t tag;
    size_t used;

    if (apdu->p1 != 0x3F || apdu->p2 != 0xFF)
        return SOFT_WRONG_PARAMETERS;
    if (!tag_list_read(apdu->data, apdu->length, &tag, &used) || used != apdu->length)
        return SOFT_WRONG_DATA;
    if (object_needs_pin(tag) && !card->piv.pin_verified)
        return SOFT_SECURITY_STATUS;
    object = soft_state_object(&card->state, tag);
    if (object != NULL)
        soft_bytes_append(out, object->data, object->length);
    else if (tag == SOFT_OBJECT_DISCOVERY)
        discovery_append(out);
    else if (tag == SOFT_OBJECT_KEY_HISTORY && card->state.profile == SOFT_PROFILE_PIV)
        key_history_append(&card->state, out);
    else
        return SOFT_NOT_FOUND;
    return SOFT_OK;
}

/* The object to write: a tag list and 53, or the discovery object by itself. */
static uint16_t object_read(const struct soft_card *card, const struct soft_apdu *apdu,
                            uint32_t *tag, struct soft_tlv *object)
{
    size_t most = card->options.object_most > 0 ? card->options.object_most : OBJECT_MOST;
    struct soft_tlv_reader reader;
    size_t used;

    if (!tag_list_read(apdu->data, apdu->length, tag, &used))
        return SOFT_WRONG_DATA;
    reader.data = apdu->data + used;
    reader.length = apdu->length - used;
    if (!soft_tlv_next(&reader, object) || object->tag != 0x53 || reader.length != 0)
        return SOFT_WRONG_DATA;
    return object->length > most ? SOFT_NO_SPACE : SOFT_OK;
}

/* SP 800-73-4 part 2, 3.3.1. An object without content is taken away. */
uint16_t soft_piv_put_data(struct soft_card *card, const struct soft_apdu *apdu,
                           struct soft_bytes *out)
{
    struct soft_bytes whole = {0};
    struct soft_tlv object;
    uint32_t tag;
    uint16_t status;

    (void)out;
    if (apdu->p1 != 0x3F || apdu->p2 != 0xFF)
        return SOFT_WRONG_PARAMETERS;
    if (!card->piv.administrator)
        return SOFT_SECURITY_STATUS;
    status = object_read(card, apdu, &tag, &object);
    if (status != SOFT_OK)
        return status;
    /* 5FC1xx is the standard's, 5FFFxx Yubico's; 7E and 7F61 cannot be written here. */
    if (tag >> 8 != 0x5FC1 && (tag >> 8 != 0x5FFF || card->state.profile == SOFT_PROFILE_PIV))
        return SOFT_NOT_FOUND;
    if (object.length > 0)
        soft_tlv_append(&whole, 0x53, object.value, object.length);
    soft_state_object_set(&card->state, tag, whole.data, whole.length);
    soft_bytes_free(&whole);
    return soft_card_save(card);
}
