/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup.h"

#include "attest.h"
#include "crypto.h"
#include "piv.h"
#include "setup_openpgp.h"
#include "tlv.h"

#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *soft_setup_problem(const char *format, ...)
{
    char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0)
        abort();
    va_end(arguments);
    return message;
}

static void object_store(struct soft_state *state, uint32_t tag, const struct soft_bytes *content)
{
    struct soft_bytes object = {0};

    soft_tlv_append(&object, 0x53, content->data, content->length);
    soft_state_object_set(state, tag, object.data, object.length);
    soft_bytes_free(&object);
}

/* SP 800-73-4 part 1, appendix A, table 9: a FASC-N of a non-federal issuer, the GUID, an expiry.
 */
static void chuid_issue(struct soft_state *state)
{
    static const uint8_t fascn[25] = {0xD4, 0xE7, 0x39, 0xDA, 0x73, 0x9C, 0xED, 0x39, 0xCE,
                                      0x73, 0x9D, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10,
                                      0x84, 0x21, 0xC8, 0x42, 0x10, 0xC3, 0xEB};
    struct soft_bytes content = {0};

    soft_tlv_append(&content, 0x30, fascn, sizeof(fascn));
    soft_tlv_append(&content, 0x34, state->guid, sizeof(state->guid));
    soft_tlv_append(&content, 0x35, "20401231", 8);
    soft_tlv_append(&content, 0x3E, NULL, 0);
    soft_tlv_append(&content, 0xFE, NULL, 0);
    object_store(state, SOFT_OBJECT_CHUID, &content);
    soft_bytes_free(&content);
}

/* SP 800-73-4 part 1, appendix A, table 8: the card capability container. */
static void ccc_issue(struct soft_state *state)
{
    static const uint8_t identifier[5] = {0xA0, 0x00, 0x00, 0x01, 0x16};
    static const uint8_t empty_tags[] = {0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE};
    struct soft_bytes card = {0};
    struct soft_bytes content = {0};

    soft_bytes_append(&card, identifier, sizeof(identifier));
    soft_bytes_append(&card, state->guid, sizeof(state->guid));
    soft_tlv_append(&content, 0xF0, card.data, card.length);
    soft_tlv_append_byte(&content, 0xF1, 0x21);
    soft_tlv_append_byte(&content, 0xF2, 0x21);
    soft_tlv_append(&content, 0xF3, NULL, 0);
    soft_tlv_append_byte(&content, 0xF4, 0x00);
    soft_tlv_append_byte(&content, 0xF5, 0x10);
    for (size_t i = 0; i < sizeof(empty_tags); i++)
        soft_tlv_append(&content, empty_tags[i], NULL, 0);
    object_store(state, SOFT_OBJECT_CCC, &content);
    soft_bytes_free(&card);
    soft_bytes_free(&content);
}

char *soft_setup_issue(struct soft_state *state)
{
    if (state->profile == SOFT_PROFILE_YUBIKEY)
        return soft_attest_init(state)
                   ? NULL
                   : soft_setup_problem("OpenSSL cannot make the attestation key");
    if (state->profile == SOFT_PROFILE_PIV) {
        chuid_issue(state);
        ccc_issue(state);
    }
    return NULL;
}

char *soft_setup_management(struct soft_state *state, const char *name)
{
    static const struct {
        const char *name;
        uint8_t id;
    } ciphers[] = {{"3des", SOFT_3DES},
                   {"aes128", SOFT_AES_128},
                   {"aes192", SOFT_AES_192},
                   {"aes256", SOFT_AES_256}};

    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        if (strcmp(ciphers[i].name, name) != 0)
            continue;
        state->management.algorithm = ciphers[i].id;
        for (size_t j = 0; j < soft_cipher_key_size(ciphers[i].id); j++)
            state->management.key[j] = (uint8_t)(j % 8 + 1);
        return NULL;
    }
    return soft_setup_problem("'%s': a management key is of 3des, aes128, aes192 or aes256", name);
}

/* Reads "SLOT=". Returns what follows, or NULL with a message. */
static const char *slot_parse(const struct soft_card *card, const char *argument, uint8_t *slot,
                              char **message)
{
    char *end;
    unsigned long number = strtoul(argument, &end, 16);

    if (*end == '=' && soft_card_has(card, &soft_piv) && number <= 0xFF &&
        soft_piv_slot_is_key(card, (uint8_t)number)) {
        *slot = (uint8_t)number;
        return end + 1;
    }
    *message = soft_setup_problem(
        "'%s' does not start with a slot of this profile: 9a=, 9c=, 9d=, 9e=, 82= to 95= "
        "of PIV, sig=, dec=, aut= of OpenPGP",
        argument);
    return NULL;
}

/* Reads ":POLICY", or nothing. Returns what follows, or NULL when it is none. */
static const char *policy_parse(const char *text, uint8_t *policy)
{
    static const char *const names[] = {
        [SOFT_POLICY_NEVER] = ":never",
        [SOFT_POLICY_ONCE] = ":once",
        [SOFT_POLICY_ALWAYS] = ":always",
    };
    size_t length = text[0] == '\0' ? 0 : 1 + strcspn(text + 1, ":");

    *policy = SOFT_POLICY_DEFAULT;
    if (length == 0)
        return text;
    for (uint8_t i = SOFT_POLICY_NEVER; i <= SOFT_POLICY_ALWAYS; i++) {
        if (strlen(names[i]) == length && strncmp(text, names[i], length) == 0) {
            *policy = i;
            return text + length;
        }
    }
    return NULL;
}

/* Touch: never, always (2) and cached (3) are Yubico's numbers, so "once" is no touch policy. */
static bool touch_parse(const char *text, uint8_t *policy)
{
    if (text[0] == '\0' || strcmp(text, ":never") == 0)
        *policy = SOFT_POLICY_NEVER;
    else if (strcmp(text, ":always") == 0)
        *policy = SOFT_POLICY_ONCE;
    else if (strcmp(text, ":cached") == 0)
        *policy = SOFT_POLICY_ALWAYS;
    else
        return false;
    return true;
}

char *soft_setup_key(struct soft_card *card, const char *argument)
{
    char *message = NULL;
    uint8_t slot;
    uint8_t pin_policy;
    uint8_t touch_policy;
    const char *name = slot_parse(card, argument, &slot, &message);
    const struct soft_algorithm *algorithm;
    const char *rest;
    EVP_PKEY *key;

    if (soft_setup_is_pgp(argument)) {
        free(message);
        return soft_setup_pgp_key(card, argument);
    }
    if (name == NULL)
        return message;
    algorithm = soft_algorithm_by_name(name, strcspn(name, ":"));
    if (algorithm == NULL || soft_piv_algorithm(card, algorithm->id) == NULL)
        return soft_setup_problem(
            "'%s': this profile has no such algorithm; there are rsa1024, rsa2048, "
            "rsa3072, p256, p384 and, on a YubiKey, rsa4096, ed25519, x25519",
            argument);
    rest = policy_parse(name + strcspn(name, ":"), &pin_policy);
    if (rest == NULL || !touch_parse(rest, &touch_policy))
        return soft_setup_problem(
            "'%s': the PIN policy is never, once or always, the touch policy never, "
            "always or cached",
            argument);
    if (card->state.keys[slot].pkey != NULL)
        return NULL;
    key = soft_key_generate(algorithm);
    if (key == NULL)
        return soft_setup_problem("'%s': OpenSSL cannot make such a key", argument);
    soft_piv_key_store(&card->state, slot, algorithm->id, key, pin_policy, touch_policy, true);
    return NULL;
}

static bool certificate_issue(struct soft_state *state, uint8_t slot, const char *subject,
                              bool gzip)
{
    EVP_PKEY *key = state->keys[slot].pkey;
    X509 *certificate = soft_certificate_new(subject, NULL, key);
    bool good = certificate != NULL &&
                soft_certificate_extend(certificate, NID_basic_constraints, "CA:FALSE") &&
                soft_certificate_sign(certificate, key) &&
                soft_certificate_store(state, soft_piv_slot_certificate(slot), certificate, gzip);

    X509_free(certificate);
    return good;
}

char *soft_setup_certificate(struct soft_card *card, const char *argument)
{
    static const char suffix[] = ",gzip";
    char *message = NULL;
    uint8_t slot;
    const char *rest = slot_parse(card, argument, &slot, &message);
    char *subject;
    bool gzip;
    bool good;

    if (soft_setup_is_pgp(argument)) {
        free(message);
        return soft_setup_pgp_certificate(card, argument);
    }
    if (rest == NULL)
        return message;
    if (card->state.keys[slot].pkey == NULL)
        return soft_setup_problem("'%s': there is no key in that slot; give --key for it, too",
                                  argument);
    if (soft_state_object(&card->state, soft_piv_slot_certificate(slot)) != NULL)
        return NULL;
    subject = strdup(rest);
    gzip = strlen(subject) >= strlen(suffix) &&
           strcmp(subject + strlen(subject) - strlen(suffix), suffix) == 0;
    if (gzip)
        subject[strlen(subject) - strlen(suffix)] = '\0';
    good = certificate_issue(&card->state, slot, subject, gzip);
    free(subject);
    return good ? NULL
                : soft_setup_problem(
                      "'%s': no certificate can be made; a subject is written /CN=name, and "
                      "an x25519 key cannot sign one",
                      argument);
}
