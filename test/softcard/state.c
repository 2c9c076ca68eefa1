/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"

#include "crypto.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTESTATION_SLOT   0xF9
#define ATTESTATION_OBJECT 0x5FFF01 /* Yubico: the attestation certificate */

static const uint8_t default_management_key[24] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4,
                                                   5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8};

static const char *const profile_names[] = {
    [SOFT_PROFILE_YUBIKEY] = "yubikey",
    [SOFT_PROFILE_PIV] = "piv",
    [SOFT_PROFILE_OPENPGP] = "openpgp",
};

const char *soft_profile_name(enum soft_profile profile)
{
    return profile_names[profile];
}

bool soft_profile_find(const char *name, enum soft_profile *profile)
{
    for (size_t i = 0; i < sizeof(profile_names) / sizeof(profile_names[0]); i++) {
        if (strcmp(profile_names[i], name) == 0) {
            *profile = (enum soft_profile)i;
            return true;
        }
    }
    return false;
}

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
    soft_openpgp_init(&state->openpgp, profile == SOFT_PROFILE_YUBIKEY);
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
    for (size_t i = state->objects.count; i > 0; i--) {
        if (state->objects.list[i - 1].tag != ATTESTATION_OBJECT)
            soft_state_object_set(state, state->objects.list[i - 1].tag, NULL, 0);
    }
    secrets_init(state);
}

void soft_state_free(struct soft_state *state)
{
    for (size_t slot = 0; slot < 256; slot++)
        soft_state_key_remove(state, (uint8_t)slot);
    soft_objects_free(&state->objects);
    soft_openpgp_free(&state->openpgp);
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
    return soft_objects_find(&state->objects, tag);
}

void soft_state_object_set(struct soft_state *state, uint32_t tag, const void *value, size_t length)
{
    soft_objects_set(&state->objects, tag, value, length);
}
