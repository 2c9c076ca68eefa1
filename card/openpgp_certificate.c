/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenPGP: certificates, DO 7F21. From version 3 on there are three of them, chosen by SELECT DATA
 * (7.2.5); before, and on some cards still, there is one, for the authentication key.
 */
#include "certificate.h"
#include "openpgp.h"
#include "public_key.h"

#include <string.h>

#define YUBICO 0x0006 /* 4.2.1 */

/* ---- choosing one ------------------------------------------------------------------------ */

/* The first is that of the authentication key, the last that of the signature key: 7.2.5. */
static uint8_t occurrence(enum openpgp_slot slot)
{
    return (uint8_t)(OPENPGP_AUT - slot);
}

static struct error *send_choice(struct apdu_channel *channel, enum openpgp_slot slot, bool longer,
                                 uint16_t *status)
{
    /* 60 { 5C { 7F21 } }; YubiKeys before firmware 5.4.4 want one more length before it
       (Yubico/yubikey-manager#403). */
    static const uint8_t path[] = {0x06, 0x60, 0x04, 0x5C, 0x02, 0x7F, 0x21};
    struct apdu_command command = {
        0x00, OPENPGP_INS_SELECT_DATA,  occurrence(slot),
        0x04, longer ? path : path + 1, longer ? sizeof(path) : sizeof(path) - 1,
        0};
    struct error *error = apdu_send(channel, &command, status);
    return error;
}

/* A card that has but one certificate lacks the command; what it has is the first, anyway. */
static struct error *choose(struct apdu_channel *channel, const struct openpgp *openpgp,
                            enum openpgp_slot slot)
{
    uint16_t status = 0;
    struct error *error = send_choice(channel, slot, false, &status);
    bool yubico = (openpgp->aid[8] << 8 | openpgp->aid[9]) == YUBICO;
    if (error == NULL && yubico && (status == SW_WRONG_DATA || status == SW_WRONG_LENGTH))
        error = send_choice(channel, slot, true, &status);
    if (error != NULL || status == SW_SUCCESS)
        return error;
    if (status == SW_SECURITY_STATUS)
        return apdu_refused("choosing a certificate", status);
    if (slot == OPENPGP_AUT)
        return NULL;
    return error_new(ERROR_UNSUPPORTED,
                     "this card keeps one certificate only, for the key in slot aut: none for slot "
                     "%s (SELECT DATA: status %04X)",
                     openpgp_slot_text(slot), status);
}

/* ---- reading ----------------------------------------------------------------------------- */

struct error *openpgp_read_certificate(struct apdu_channel *channel, void *state, const char *name,
                                       struct buffer *der)
{
    const struct openpgp *openpgp = state;
    struct buffer answer = {0};
    struct tlv certificate;
    struct error *error = openpgp_check_active(openpgp);
    if (error == NULL)
        error = choose(channel, openpgp, openpgp_slot_of(name));
    if (error == NULL)
        error = openpgp_get_data(channel, OPENPGP_DO_CERTIFICATE, &answer, &certificate);
    if (error == NULL && certificate.length > 0)
        error = buffer_append(der, certificate.value, certificate.length);
    else if (error == NULL || error_code(error) == ERROR_NOT_FOUND) {
        error_free(error);
        error = error_new(ERROR_NOT_FOUND, "there is no certificate in slot %s", name);
    }
    buffer_clear(&answer);
    return error;
}

/* ---- writing ----------------------------------------------------------------------------- */

static struct error *check_certificate(struct apdu_channel *channel, struct openpgp *openpgp,
                                       const char *name, const uint8_t *der, size_t length)
{
    EVP_PKEY *wanted = NULL;
    struct app_key key = {0};
    struct error *error = certificate_public_key(openpgp->libctx, der, length, &wanted);
    if (error != NULL)
        return error_wrap(error, ERROR_ARGUMENT, "cannot store that in slot %s", name);
    if (openpgp->certificate_most > 0 && length > openpgp->certificate_most)
        error = error_new(ERROR_UNSUPPORTED,
                          "the certificate has %zu bytes, but this card holds %zu at most: nothing "
                          "was written",
                          length, openpgp->certificate_most);
    if (error == NULL)
        error = openpgp_read_key(channel, openpgp, name, &key);
    if (error == NULL && !public_key_equal(key.public_key, wanted))
        error = error_new(ERROR_OTHER_KEY,
                          "the certificate is for another key than the one in slot %s: nothing was "
                          "written",
                          name);
    EVP_PKEY_free(key.public_key);
    EVP_PKEY_free(wanted);
    return error;
}

struct error *openpgp_store_certificate(struct apdu_channel *channel, void *state, const char *name,
                                        const uint8_t *der, size_t length)
{
    struct error *error = check_certificate(channel, state, name, der, length);
    if (error == NULL)
        error = choose(channel, state, openpgp_slot_of(name));
    return error != NULL ? error
                         : openpgp_put_data(channel, OPENPGP_DO_CERTIFICATE, der, length, NULL);
}

/* An empty one is none. */
struct error *openpgp_delete_certificate(struct apdu_channel *channel, void *state,
                                         const char *name)
{
    struct error *error = choose(channel, state, openpgp_slot_of(name));
    return error != NULL ? error : openpgp_put_data(channel, OPENPGP_DO_CERTIFICATE, NULL, 0, NULL);
}
