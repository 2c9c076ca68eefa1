/* SPDX-License-Identifier: BSD-2-Clause */
#include "piv.h"

#include "attest.h"
#include "tlv.h"

#include <string.h>

#define INS_VERIFY 0x20

/* SP 800-73-4 part 1, 2.2: RID, PIX, version 1.0. Version and the two bytes before it may be left
 * out. */
static const uint8_t piv_aid[] = {0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00};

struct piv_instruction {
    uint8_t ins;
    bool yubikey_only;
    bool chains;
    soft_piv_command *command;
};

/* SP 800-73-4 part 2, table 2, and Yubico's extensions. */
static const struct piv_instruction instructions[] = {
    {INS_VERIFY, false, false, soft_piv_verify},
    {0x24, false, false, soft_piv_change_reference},
    {0x2C, false, false, soft_piv_reset_retry},
    {0x47, false, true, soft_piv_generate},
    {0x87, false, true, soft_piv_general_authenticate},
    {0xCB, false, false, soft_piv_get_data},
    {0xDB, false, true, soft_piv_put_data},
    {0xF6, true, false, soft_piv_move_key},
    {0xF7, true, false, soft_piv_metadata},
    {0xF8, true, false, soft_piv_serial},
    {0xF9, true, false, soft_piv_attest},
    {0xFA, true, false, soft_piv_set_retries},
    {0xFB, true, false, soft_piv_reset},
    {0xFD, true, false, soft_piv_version},
    {0xFE, true, true, soft_piv_import},
    {0xFF, true, false, soft_piv_set_management_key},
};

bool soft_piv_firmware_at_least(uint8_t major, uint8_t minor)
{
    return soft_firmware[0] > major || (soft_firmware[0] == major && soft_firmware[1] >= minor);
}

/* Yubico's instructions came with one firmware or another. */
static bool firmware_knows(uint8_t ins)
{
    switch (ins) {
    case 0xF6:
        return soft_piv_firmware_at_least(5, 7);
    case 0xF7:
        return soft_piv_firmware_at_least(5, 3);
    case 0xF8:
        return soft_piv_firmware_at_least(5, 0);
    case 0xF9:
        return soft_piv_firmware_at_least(4, 3);
    default:
        return true;
    }
}

static const struct piv_instruction *instruction_find(const struct soft_card *card, uint8_t ins)
{
    for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
        const struct piv_instruction *instruction = &instructions[i];

        if (instruction->ins == ins &&
            (!instruction->yubikey_only ||
             (card->state.profile == SOFT_PROFILE_YUBIKEY && firmware_knows(ins))))
            return instruction;
    }
    return NULL;
}

static bool piv_chains(const struct soft_card *card, uint8_t ins)
{
    const struct piv_instruction *instruction = instruction_find(card, ins);

    return instruction != NULL && instruction->chains;
}

static uint16_t piv_command(struct soft_card *card, const struct soft_apdu *apdu,
                            struct soft_bytes *out)
{
    const struct piv_instruction *instruction = instruction_find(card, apdu->ins);
    uint16_t status = SOFT_INS_UNSUPPORTED;

    if (instruction != NULL)
        status = instruction->command(card, apdu, out);
    /* "PIN always" means: verified by the command just before (SP 800-73-4 part 1, table 4b). */
    card->piv.pin_fresh = apdu->ins == INS_VERIFY && apdu->length > 0 && status == SOFT_OK;
    return status;
}

/* SP 800-73-4 part 2, table 3: the application property template. */
static uint16_t piv_select(struct soft_card *card, struct soft_bytes *out)
{
    static const uint8_t authority[] = {0x4F, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08};
    static const char label[] = "softcard plain PIV";
    static const uint8_t supported[] = {SOFT_RSA_2048, SOFT_P256, SOFT_P384, SOFT_P521};
    struct soft_bytes algorithms = {0};
    struct soft_bytes template = {0};

    soft_tlv_append(&template, 0x4F, piv_aid + 5, sizeof(piv_aid) - 5);
    soft_tlv_append(&template, 0x79, authority, sizeof(authority));
    if (card->state.profile == SOFT_PROFILE_PIV) {
        soft_tlv_append(&template, 0x50, label, sizeof(label) - 1);
        for (size_t i = 0; i < sizeof(supported); i++)
            if (soft_piv_algorithm(card, supported[i]) != NULL)
                soft_tlv_append_byte(&algorithms, 0x80, supported[i]);
        soft_tlv_append_byte(&algorithms, 0x06, 0x00);
        soft_tlv_append(&template, 0xAC, algorithms.data, algorithms.length);
    }
    soft_bytes_free(&algorithms);
    soft_tlv_append(out, 0x61, template.data, template.length);
    soft_bytes_free(&template);
    card->piv.pin_fresh = false;
    return SOFT_OK;
}

static void piv_identify(const struct soft_card *card, struct soft_bytes *aid)
{
    (void)card;
    soft_bytes_append(aid, piv_aid, sizeof(piv_aid));
}

static void piv_forget(struct soft_card *card)
{
    OPENSSL_cleanse(&card->piv, sizeof(card->piv));
}

const struct soft_application soft_piv = {
    .name = "PIV",
    .profiles = 1u << SOFT_PROFILE_YUBIKEY | 1u << SOFT_PROFILE_PIV,
    .identify = piv_identify,
    .aid_least = 5,
    .select = piv_select,
    .command = piv_command,
    .forget = piv_forget,
    .chains = piv_chains,
};

static bool slot_is_retired(uint8_t slot)
{
    return slot >= SOFT_SLOT_RETIRED_FIRST && slot <= SOFT_SLOT_RETIRED_LAST;
}

bool soft_piv_slot_is_key(const struct soft_card *card, uint8_t slot)
{
    return slot == SOFT_SLOT_AUTHENTICATION || slot == SOFT_SLOT_SIGNATURE ||
           slot == SOFT_SLOT_KEY_MANAGEMENT || slot == SOFT_SLOT_CARD || slot_is_retired(slot) ||
           (slot == SOFT_SLOT_ATTESTATION && card->state.profile == SOFT_PROFILE_YUBIKEY);
}

uint32_t soft_piv_slot_certificate(uint8_t slot)
{
    switch (slot) {
    case SOFT_SLOT_AUTHENTICATION:
        return 0x5FC105;
    case SOFT_SLOT_SIGNATURE:
        return 0x5FC10A;
    case SOFT_SLOT_KEY_MANAGEMENT:
        return 0x5FC10B;
    case SOFT_SLOT_CARD:
        return 0x5FC101;
    case SOFT_SLOT_ATTESTATION:
        return SOFT_OBJECT_ATTESTATION;
    default:
        return slot_is_retired(slot) ? 0x5FC10Du + slot - SOFT_SLOT_RETIRED_FIRST : 0;
    }
}

uint8_t soft_piv_slot_policy(uint8_t slot)
{
    if (slot == SOFT_SLOT_SIGNATURE)
        return SOFT_POLICY_ALWAYS;
    return slot == SOFT_SLOT_CARD ? SOFT_POLICY_NEVER : SOFT_POLICY_ONCE;
}

const struct soft_algorithm *soft_piv_algorithm(const struct soft_card *card, uint8_t id)
{
    const struct soft_algorithm *algorithm = soft_algorithm_find(id);

    if (algorithm == NULL)
        return NULL;
    if ((algorithm->home == SOFT_HOME_YUBIKEY || id == SOFT_RSA_3072) &&
        !soft_piv_firmware_at_least(5, 7))
        return NULL;
    if (algorithm->home == SOFT_HOME_PIV || (id == SOFT_P521 && card->options.p521))
        return algorithm;
    return algorithm->home == SOFT_HOME_YUBIKEY && card->state.profile == SOFT_PROFILE_YUBIKEY
               ? algorithm
               : NULL;
}

void soft_piv_key_store(struct soft_state *state, uint8_t slot, uint8_t algorithm, EVP_PKEY *pkey,
                        uint8_t pin_policy, uint8_t touch_policy, bool generated)
{
    struct soft_key *key = &state->keys[slot];

    soft_state_key_remove(state, slot);
    key->pkey = pkey;
    key->algorithm = algorithm;
    key->pin_policy = pin_policy == SOFT_POLICY_DEFAULT ? soft_piv_slot_policy(slot) : pin_policy;
    key->touch_policy = touch_policy == SOFT_POLICY_DEFAULT ? SOFT_POLICY_NEVER : touch_policy;
    key->generated = generated;
}
