/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"

#include "crypto.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTESTATION_SLOT   0xF9
#define ATTESTATION_OBJECT 0x5FFF01 /* Yubico: the attestation certificate */

static const uint8_t default_management_key[24] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4,
                                                   5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8};

static void reference_init(struct soft_reference *reference, const char *digits)
{
    memset(reference->value, 0xFF, SOFT_PIN_LENGTH);
    memcpy(reference->value, digits, strlen(digits));
    reference->limit = SOFT_TRIES;
    reference->tries = SOFT_TRIES;
}

static void secrets_init(struct soft_state *state)
{
    reference_init(&state->pin, "123456");
    reference_init(&state->puk, "12345678");
    memset(&state->management, 0, sizeof(state->management));
    memcpy(state->management.key, default_management_key, sizeof(default_management_key));
    state->management.touch_policy = SOFT_POLICY_NEVER;
    /* YubiKey firmware 5.7 comes with AES-192, everything before it with 3DES. */
    state->management.algorithm = state->profile == SOFT_PROFILE_YUBIKEY ? SOFT_AES_192 : SOFT_3DES;
}

void soft_state_init(struct soft_state *state, enum soft_profile profile, uint32_t serial)
{
    memset(state, 0, sizeof(*state));
    state->lock = -1;
    state->profile = profile;
    state->serial = serial;
    if (RAND_bytes(state->guid, sizeof(state->guid)) != 1)
        abort();
    state->guid[6] = (uint8_t)((state->guid[6] & 0x0F) | 0x40); /* RFC 4122, 4.4: version 4 */
    state->guid[8] = (uint8_t)((state->guid[8] & 0x3F) | 0x80);
    secrets_init(state);
}

void soft_state_key_remove(struct soft_state *state, uint8_t slot)
{
    EVP_PKEY_free(state->keys[slot].pkey);
    memset(&state->keys[slot], 0, sizeof(state->keys[slot]));
}

void soft_state_reset(struct soft_state *state)
{
    for (size_t slot = 0; slot < 256; slot++) {
        if (slot != ATTESTATION_SLOT)
            soft_state_key_remove(state, (uint8_t)slot);
    }
    for (size_t i = state->object_count; i > 0; i--) {
        if (state->objects[i - 1].tag != ATTESTATION_OBJECT)
            soft_state_object_set(state, state->objects[i - 1].tag, NULL, 0);
    }
    secrets_init(state);
}

void soft_state_free(struct soft_state *state)
{
    for (size_t slot = 0; slot < 256; slot++)
        soft_state_key_remove(state, (uint8_t)slot);
    for (size_t i = 0; i < state->object_count; i++)
        soft_bytes_free(&state->objects[i].value);
    free(state->objects);
    state->objects = NULL;
    state->object_count = 0;
    soft_bytes_free(&state->attestation_root);
    free(state->path);
    state->path = NULL;
    if (state->lock >= 0)
        close(state->lock);
    state->lock = -1;
    OPENSSL_cleanse(&state->pin, sizeof(state->pin));
    OPENSSL_cleanse(&state->puk, sizeof(state->puk));
    OPENSSL_cleanse(&state->management, sizeof(state->management));
}

const struct soft_bytes *soft_state_object(const struct soft_state *state, uint32_t tag)
{
    for (size_t i = 0; i < state->object_count; i++) {
        if (state->objects[i].tag == tag)
            return &state->objects[i].value;
    }
    return NULL;
}

static struct soft_object *object_add(struct soft_state *state, uint32_t tag)
{
    struct soft_object *objects =
        realloc(state->objects, (state->object_count + 1) * sizeof(*objects));

    if (objects == NULL) {
        fprintf(stderr, "softcard: out of memory\n");
        abort();
    }
    state->objects = objects;
    objects += state->object_count++;
    memset(objects, 0, sizeof(*objects));
    objects->tag = tag;
    return objects;
}

static void object_remove(struct soft_state *state, size_t index)
{
    soft_bytes_free(&state->objects[index].value);
    state->objects[index] = state->objects[--state->object_count];
}

void soft_state_object_set(struct soft_state *state, uint32_t tag, const void *value, size_t length)
{
    size_t index = 0;

    while (index < state->object_count && state->objects[index].tag != tag)
        index++;
    if (length == 0) {
        if (index < state->object_count)
            object_remove(state, index);
        return;
    }
    if (index == state->object_count)
        object_add(state, tag);
    soft_bytes_set(&state->objects[index].value, value, length);
}
