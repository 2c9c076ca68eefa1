/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PIV: what YubiKeys do beyond the standard with a whole card: tell their firmware, and reset. A
 * reset is granted only to whoever has used up all tries of PIN and PUK.
 */
#include "piv.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define FIELD         8
#define INS_RESET     0xFB /* Yubico */
#define INS_VERSION   0xFD /* Yubico */
#define ATTEMPTS_MOST 600  /* 255 tries are the most that a YubiKey can be set to, of each */
#define ACCEPTED_MOST 3    /* guesses of eight digits are not right that often */

/* ---- the firmware ------------------------------------------------------------------------ */

struct error *piv_learn_version(struct apdu_channel *channel, struct piv *piv)
{
    struct apdu_command command = {0x00, INS_VERSION, 0x00, 0x00, NULL, 0, 256};
    struct buffer answer = {0};
    uint16_t status;
    if (piv->version != PIV_NOT_TRIED)
        return NULL;
    struct error *error = apdu_exchange(channel, &command, &answer, &status);
    if (error == NULL && status == SW_SUCCESS && answer.length == sizeof(piv->firmware)) {
        memcpy(piv->firmware, answer.bytes, sizeof(piv->firmware));
        piv->version = PIV_PRESENT;
    } else if (error == NULL) {
        piv->version = PIV_ABSENT;
    }
    buffer_clear(&answer);
    return error;
}

bool piv_firmware_at_least(const struct piv *piv, unsigned major, unsigned minor, unsigned patch)
{
    unsigned own =
        (unsigned)piv->firmware[0] << 16 | (unsigned)piv->firmware[1] << 8 | piv->firmware[2];
    return piv->version == PIV_PRESENT && own >= (major << 16 | minor << 8 | patch);
}

struct error *piv_make(struct apdu_channel *channel, void *state, struct card_make *out)
{
    struct piv *piv = state;
    struct error *error = piv_learn_version(channel, piv);
    if (error != NULL || piv->version != PIV_PRESENT)
        return error;
    (void)snprintf(out->name, sizeof(out->name), "YubiKey");
    out->version_known = true;
    for (size_t i = 0; i < 3; i++)
        out->version[i] = piv->firmware[i];
    return NULL;
}

/* ---- reset ------------------------------------------------------------------------------- */

/* One try with digits that nobody chose. Should they be right, others are tried. */
static struct error *waste_try(struct apdu_channel *channel, struct piv *piv, uint8_t instruction,
                               uint16_t *status)
{
    uint8_t fields[2 * FIELD];
    size_t length = instruction == PIV_INS_VERIFY ? FIELD : 2 * FIELD;
    struct apdu_command command = {0x00, instruction, 0x00, PIV_PIN, fields, length, 0};
    if (RAND_bytes_ex(piv->libctx, fields, sizeof(fields), 0) != 1)
        return error_new(ERROR_INTERNAL, "libcrypto has no random numbers");
    for (size_t i = 0; i < sizeof(fields); i++)
        fields[i] = (uint8_t)('0' + fields[i] % 10);
    struct error *error = apdu_send(channel, &command, status);
    return error;
}

/* Uses up the tries of the PIN (VERIFY) or of the PUK (RESET RETRY COUNTER). */
static struct error *block(struct apdu_channel *channel, struct piv *piv, uint8_t instruction)
{
    uint16_t status = 0;
    int accepted = 0;
    for (int i = 0; i < ATTEMPTS_MOST && accepted < ACCEPTED_MOST; i++) {
        struct error *error = waste_try(channel, piv, instruction, &status);
        if (error != NULL || status == SW_AUTHENTICATION_BLOCKED || status == SW_WARNING_COUNTER)
            return error;
        if (status == SW_SUCCESS)
            accepted++;
        else if ((status & 0xFFF0) != SW_WARNING_COUNTER)
            break;
    }
    if (status == SW_SUCCESS)
        return error_new(ERROR_CARD_ANSWER, "the card takes any PIN or PUK for the right one");
    return apdu_refused("using up the tries of PIN and PUK", status);
}

static struct error *send_reset(struct apdu_channel *channel)
{
    struct apdu_command command = {0x00, INS_RESET, 0x00, 0x00, NULL, 0, 0};
    uint16_t status;
    struct error *error = apdu_send(channel, &command, &status);
    if (error != NULL || status == SW_SUCCESS)
        return error;
    return apdu_refused("its reset", status);
}

/* The PIN goes first: until the PUK is blocked, too, it can bring the PIN back. Should a wasted try
   have been the right PUK, the PIN has tries again, so it is looked at twice. */
struct error *piv_reset(struct apdu_channel *channel, void *state, const struct app_admin *admin)
{
    struct piv *piv = state;
    (void)admin;
    struct error *error = piv_learn_version(channel, piv);
    if (error == NULL && piv->version != PIV_PRESENT)
        return error_new(ERROR_UNSUPPORTED,
                         "this PIV card cannot be reset: the standard knows no such command, and "
                         "the card has not Yubico's; nothing was changed");
    if (error != NULL)
        return error;
    error = block(channel, piv, PIV_INS_VERIFY);
    if (error == NULL)
        error = block(channel, piv, PIV_INS_RESET_RETRY);
    if (error == NULL)
        error = block(channel, piv, PIV_INS_VERIFY);
    if (error == NULL)
        error = send_reset(channel);
    if (error == NULL)
        return NULL;
    return error_wrap(error, error_code(error),
                      "the reset was not finished: by now PIN and PUK may be blocked, the keys are "
                      "there still; reset the card again to finish it");
}
