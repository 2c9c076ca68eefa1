/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_PIV_H
#define SOFTCARD_PIV_H

#include "card.h"
#include "crypto.h"

/* Key references (SP 800-73-4 part 1, table 4b; F9 is Yubico's). */
#define SOFT_SLOT_AUTHENTICATION 0x9A
#define SOFT_SLOT_MANAGEMENT     0x9B
#define SOFT_SLOT_SIGNATURE      0x9C
#define SOFT_SLOT_KEY_MANAGEMENT 0x9D
#define SOFT_SLOT_CARD           0x9E
#define SOFT_SLOT_RETIRED_FIRST  0x82
#define SOFT_SLOT_RETIRED_LAST   0x95
#define SOFT_SLOT_ATTESTATION    0xF9

#define SOFT_REFERENCE_PIN 0x80
#define SOFT_REFERENCE_PUK 0x81

/* Data objects (SP 800-73-4 part 1, table 3; 5FFF01 is Yubico's). */
#define SOFT_OBJECT_CHUID       0x5FC102
#define SOFT_OBJECT_CCC         0x5FC107
#define SOFT_OBJECT_KEY_HISTORY 0x5FC10C
#define SOFT_OBJECT_DISCOVERY   0x7E
#define SOFT_OBJECT_ATTESTATION 0x5FFF01

/* A command of the PIV application: appends the answer, returns the status. */
typedef uint16_t soft_piv_command(struct soft_card *card, const struct soft_apdu *apdu,
                                  struct soft_bytes *out);

/* SP 800-73-4 part 2, section 3. */
soft_piv_command soft_piv_get_data;
soft_piv_command soft_piv_put_data;
soft_piv_command soft_piv_verify;
soft_piv_command soft_piv_change_reference;
soft_piv_command soft_piv_reset_retry;
soft_piv_command soft_piv_general_authenticate;
soft_piv_command soft_piv_generate;

/* Yubico's extensions. */
soft_piv_command soft_piv_metadata;
soft_piv_command soft_piv_serial;
soft_piv_command soft_piv_version;
soft_piv_command soft_piv_attest;
soft_piv_command soft_piv_set_retries;
soft_piv_command soft_piv_reset;
soft_piv_command soft_piv_import;
soft_piv_command soft_piv_set_management_key;
soft_piv_command soft_piv_move_key;

/* GENERAL AUTHENTICATE with the management key: `template` is what 7C holds. */
uint16_t soft_piv_administrator(struct soft_card *card, uint8_t algorithm, const uint8_t *template,
                                size_t length, struct soft_bytes *out);

/* Whether a YubiKey's firmware is that one, or a later one. */
bool soft_piv_firmware_at_least(uint8_t major, uint8_t minor);

/* Whether a slot can hold a key that is generated or imported. */
bool soft_piv_slot_is_key(const struct soft_card *card, uint8_t slot);

/* The data object that holds the certificate of the key in that slot; 0 when there is none. */
uint32_t soft_piv_slot_certificate(uint8_t slot);

/* The PIN policy that a slot has by itself. */
uint8_t soft_piv_slot_policy(uint8_t slot);

/* The algorithm if cards of this profile have it, or NULL. */
const struct soft_algorithm *soft_piv_algorithm(const struct soft_card *card, uint8_t id);

/* Puts the key in the slot, as command and option do. Default policies become the slot's. */
void soft_piv_key_store(struct soft_state *state, uint8_t slot, uint8_t algorithm, EVP_PKEY *pkey,
                        uint8_t pin_policy, uint8_t touch_policy, bool generated);

#endif
