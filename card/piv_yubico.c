/* SPDX-License-Identifier: BSD-2-Clause */
/* PIV: which keys a card can make, and what YubiKeys do with keys beyond the standard: attest, move
   and delete them. */
#include "piv.h"

#include <string.h>

#define INS_MOVE_KEY    0xF6 /* Yubico, firmware 5.7 on */
#define MOVE_TO_NOWHERE 0xFF
#define INS_ATTEST      0xF9 /* Yubico, firmware 4.3 on */

/* The certificate of the attestation key: Yubico's. */
#define OBJECT_ATTESTATION 0x5FFF01
#define TAG_CERTIFICATE    0x70

/* ---- kinds of keys ----------------------------------------------------------------------- */

/* Yubico's, as firmware grew (docs.yubico.com, "PIV", algorithms). RSA made by 4.2.6 to 4.3.4 can
   be factored (CVE-2017-15361), so that it counts as lacking. */
static bool yubikey_has(const struct piv *piv, const struct piv_algorithm *algorithm)
{
    bool weak_rsa = piv_firmware_at_least(piv, 4, 2, 6) && !piv_firmware_at_least(piv, 4, 3, 5);
    bool rsa = strcmp(algorithm->type, "RSA") == 0;
    if (rsa && (weak_rsa || algorithm->bits < 2048))
        return false;
    if ((rsa && algorithm->bits > 2048) || strcmp(algorithm->type, "ED25519") == 0 ||
        strcmp(algorithm->type, "X25519") == 0)
        return piv_firmware_at_least(piv, 5, 7, 0);
    if (algorithm->bits == 521)
        return false;
    return algorithm->bits != 384 || piv_firmware_at_least(piv, 4, 3, 0);
}

static bool is_offered(const struct piv *piv, const struct piv_algorithm *algorithm)
{
    return memchr(piv->offered, algorithm->id, piv->offered_count) != NULL;
}

/* SP 800-78-4, table 3-1, for whoever does not say. */
static bool standard_has(const struct piv_algorithm *algorithm)
{
    return algorithm->id == 0x07 || algorithm->id == 0x11 || algorithm->id == 0x14;
}

static void add_all(const struct piv *piv, struct card_algorithms *out)
{
    const struct piv_algorithm *algorithm;
    bool said = false;
    for (size_t i = 0; (algorithm = piv_algorithm_at(i)) != NULL; i++)
        said = said || is_offered(piv, algorithm);
    out->certain = piv->version == PIV_PRESENT;
    for (size_t i = 0; (algorithm = piv_algorithm_at(i)) != NULL; i++) {
        bool has = piv->version == PIV_PRESENT ? yubikey_has(piv, algorithm)
                   : said                      ? is_offered(piv, algorithm)
                                               : standard_has(algorithm);
        if (has && algorithm->bits != 1024) /* SP 800-131A: RSA-1024 signs no more */
            card_algorithms_add(out, algorithm->name);
    }
}

struct error *piv_algorithms(struct apdu_channel *channel, void *state, const char *slot,
                             struct card_algorithms *out)
{
    struct piv *piv = state;
    (void)slot; /* each can hold each kind */
    *out = (struct card_algorithms){0};
    struct error *error = piv_learn_version(channel, piv);
    if (error == NULL)
        add_all(piv, out);
    return error;
}

/* ---- attestation ------------------------------------------------------------------------- */

static struct error *attest_refused(const char *slot, uint16_t status)
{
    struct error *error = apdu_refused("to attest the key", status);
    if (status == SW_INSTRUCTION_UNSUPPORTED || status == SW_CLASS_UNSUPPORTED)
        return error_wrap(error, ERROR_UNSUPPORTED,
                          "this card makes no attestations: YubiKeys do, from firmware 4.3 on");
    if (status == SW_FILE_NOT_FOUND || status == SW_REFERENCE_NOT_FOUND)
        return error_wrap(error, ERROR_NOT_FOUND, "slot %s is empty", slot);
    if (status == SW_WRONG_DATA || status == SW_CONDITIONS_OF_USE || status == SW_INCORRECT_P1_P2)
        return error_wrap(
            error, ERROR_UNSUPPORTED,
            "the card does not attest the key in slot %s: only keys that were made on "
            "the card are",
            slot);
    return error;
}

static struct error *read_issuer(struct apdu_channel *channel, struct buffer *out)
{
    struct buffer answer = {0};
    struct tlv content;
    struct tlv certificate;
    struct error *error = piv_get_object(channel, OBJECT_ATTESTATION, &answer, &content);
    if (error == NULL)
        error = tlv_require(content.value, content.length, TAG_CERTIFICATE, &certificate);
    if (error == NULL)
        error = buffer_append(out, certificate.value, certificate.length);
    buffer_clear(&answer);
    return error == NULL ? NULL
                         : error_wrap(error, error_code(error),
                                      "cannot read the certificate of the attestation key");
}

struct error *piv_attest(struct apdu_channel *channel, void *state, const char *slot,
                         struct buffer *statement, struct buffer *issuer)
{
    struct apdu_command command = {0x00, INS_ATTEST,     piv_slot_find(slot)->reference, 0x00, NULL,
                                   0,    APDU_ANSWER_MAX};
    uint16_t status;
    (void)state;
    struct error *error = apdu_exchange(channel, &command, statement, &status);
    if (error == NULL && status != SW_SUCCESS)
        error = attest_refused(slot, status);
    return error != NULL ? error : read_issuer(channel, issuer);
}

/* ---- moving and deleting ----------------------------------------------------------------- */

static struct error *send_move(struct apdu_channel *channel, uint8_t to, const char *from,
                               const char *what)
{
    struct apdu_command command = {0x00, INS_MOVE_KEY, to, piv_slot_find(from)->reference, NULL, 0,
                                   0};
    uint16_t status;
    struct error *error = apdu_send(channel, &command, &status);
    if (error != NULL || status == SW_SUCCESS)
        return error;
    error = apdu_refused(what, status);
    if (status == SW_INSTRUCTION_UNSUPPORTED)
        return error_wrap(
            error, ERROR_UNSUPPORTED,
            "this card cannot move or delete keys: YubiKeys can, from firmware 5.7 on "
            "(a key that is generated in the slot replaces the one that is there)");
    if (status == SW_REFERENCE_NOT_FOUND)
        return error_wrap(error, ERROR_NOT_FOUND, "slot %s is empty", from);
    return error;
}

struct error *piv_delete_key(struct apdu_channel *channel, void *state, const char *slot)
{
    (void)state;
    return send_move(channel, MOVE_TO_NOWHERE, slot, "to delete the key");
}

struct error *piv_move_key(struct apdu_channel *channel, void *state, const char *from,
                           const char *to)
{
    struct piv *piv = state;
    struct error *error = piv_learn_version(channel, piv);
    if (error == NULL && piv_firmware_at_least(piv, 5, 7, 0))
        error = piv_check_free(channel, piv, to);
    return error != NULL
               ? error
               : send_move(channel, piv_slot_find(to)->reference, from, "to move the key");
}
