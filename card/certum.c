/* SPDX-License-Identifier: BSD-2-Clause */
#include "certum.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PIN_MINIMUM 4 /* the vendor's rules */
#define PIN_MAXIMUM 16

/* Application identifiers, jsign: they end in "ESIGO" and "ESIGN". */
static const uint8_t common_profile[] = {0xA0, 0x00, 0x00, 0x01, 0x67,
                                         0x45, 0x53, 0x49, 0x47, 0x4F};
static const uint8_t secure_profile[] = {0xA0, 0x00, 0x00, 0x01, 0x67,
                                         0x45, 0x53, 0x49, 0x47, 0x4E};

/* Answers to reset; the one of 3.5 says nothing of Certum. */
static const uint8_t atr_36[] = {0x3B, 0x7F, 0x96, 0x00, 0x00, 0x80, 0x31, 0x80, 0x58, 0x43,
                                 0x65, 0x72, 0x74, 0x75, 0x6D, 0x30, 0x31, 0x82, 0x90, 0x00};
static const uint8_t atr_35[] = {0x3B, 0xDD, 0x96, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x80, 0x59, 0x5F,
                                 0x53, 0x74, 0x64, 0x5F, 0x49, 0x6E, 0x69, 0x74, 0x81, 0x05, 0x9B};

/* ---- slots --------------------------------------------------------------------------------- */

static bool certum_slot_name(const char *text, char out[APP_SLOT_MAX])
{
    struct certum_entry key;
    if (!certum_slot_read(text, &key))
        return false;
    certum_slot_write(&key, out);
    return true;
}

/* ---- recognition --------------------------------------------------------------------------- */

static bool has_atr(const struct apdu_channel *channel, const uint8_t *atr, size_t length)
{
    size_t given;
    const uint8_t *bytes = apdu_channel_atr(channel, &given);
    return given == length && memcmp(bytes, atr, length) == 0;
}

/* `answer` is whatever the card says of the application: nobody has written down what that is. */
static struct error *select_profile(struct apdu_channel *channel, const uint8_t *aid, size_t length,
                                    bool *found)
{
    struct apdu_command command = {0x00, CERTUM_INS_SELECT, 0x04, 0x00, aid, length, 256};
    uint16_t status;
    struct error *error = apdu_send(channel, &command, &status);
    *found = error == NULL && status == SW_SUCCESS;
    return error;
}

/* Only on a card that is Certum's by its ATR: no other is asked for a second application. */
static struct error *explain_absence(struct apdu_channel *channel)
{
    bool secure = false;
    struct error *error = select_profile(channel, secure_profile, sizeof(secure_profile), &secure);
    if (error != NULL)
        return error;
    return error_new(ERROR_UNSUPPORTED,
                     "this Certum card has no Common profile%s: keys for code signing and the "
                     "like are in that one; the Secure profile is for qualified signatures, and "
                     "is left to Certum's PKCS#11 module for it, cryptoCertum3PKCS-*-MS.so, by "
                     "card:?module-path=PATH: see docs/certum.md",
                     secure ? ", only the Secure one" : "");
}

/*
 * A card of another kind that answers success to any identifier, as some do, has no file that is
 * the directory.
 */
static struct error *check_stranger(struct apdu_channel *channel, bool *found)
{
    struct buffer file = {0};
    struct error *error = certum_read_file(channel, CERTUM_FILE_DIRECTORY, 1, &file);
    bool refused = error != NULL && (error_code(error) == ERROR_NOT_FOUND ||
                                     error_code(error) == ERROR_CARD_STATUS ||
                                     error_code(error) == ERROR_CARD_ANSWER);
    buffer_clear(&file);
    if (error != NULL && !refused)
        return error;
    *found = error == NULL;
    error_free(error);
    return NULL;
}

static struct error *find_profile(struct apdu_channel *channel, bool *found)
{
    bool certum = has_atr(channel, atr_36, sizeof(atr_36));
    *found = false;
    if (has_atr(channel, atr_35, sizeof(atr_35)))
        return error_new(ERROR_UNSUPPORTED,
                         "this looks like a cryptoCertum 3.5 card, which is not supported "
                         "directly, as 3.6 is: " CERTUM_MODULE);
    struct error *error = select_profile(channel, common_profile, sizeof(common_profile), found);
    if (error != NULL)
        return error;
    if (*found && !certum)
        return check_stranger(channel, found);
    return *found || !certum ? NULL : explain_absence(channel);
}

static struct error *certum_select(struct apdu_channel *channel, OSSL_LIB_CTX *libctx, void **state,
                                   bool *found)
{
    struct error *error = find_profile(channel, found);
    if (error != NULL || !*found || *state != NULL)
        return error;
    struct certum *certum = calloc(1, sizeof(*certum));
    if (certum == NULL)
        return error_no_memory();
    certum->libctx = libctx;
    *state = certum;
    return NULL;
}

/* ---- the serial number --------------------------------------------------------------------- */

/* More than this is no number for a person: a digest stands for it. */
#define SERIAL_BYTES_MAX 24
#define SERIAL_DIGEST    12

static bool is_text(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] >= 0x80 || !isalnum(bytes[i]))
            return false;
    return true;
}

static struct error *write_hex(const uint8_t *bytes, size_t length, char **out)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(2 * length + 1);
    if (text == NULL)
        return error_no_memory();
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 0x0F];
    }
    text[2 * length] = '\0';
    *out = text;
    return NULL;
}

static struct error *write_serial(OSSL_LIB_CTX *libctx, const uint8_t *bytes, size_t length,
                                  char **out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (length > SERIAL_BYTES_MAX) {
        if (EVP_Q_digest(libctx, "SHA256", NULL, bytes, length, digest, NULL) != 1)
            return error_new(ERROR_INTERNAL, "libcrypto has no SHA-256");
        return write_hex(digest, SERIAL_DIGEST, out);
    }
    if (!is_text(bytes, length))
        return write_hex(bytes, length, out);
    *out = strndup((const char *)bytes, length);
    return *out != NULL ? NULL : error_no_memory();
}

/*
 * The file holds the factory's number and the card's (jsign), in a form that is not known: so all
 * of it is the number, without what fills it up.
 */
static struct error *certum_serial(struct apdu_channel *channel, void *state, char **out)
{
    const struct certum *certum = state;
    struct buffer file = {0};
    *out = NULL;
    struct error *error = certum_read_file(channel, CERTUM_FILE_CARD, CERTUM_FILE_WHOLE, &file);
    size_t length = file.length;
    while (length > 0 && (file.bytes[length - 1] == 0x00 || file.bytes[length - 1] == 0xFF))
        length--;
    if (error == NULL && length == 0)
        error = error_new(ERROR_NOT_FOUND, "the card does not tell its serial number");
    if (error == NULL)
        error = write_serial(certum->libctx, file.bytes, length, out);
    buffer_clear(&file);
    return error;
}

static struct error *certum_make(struct apdu_channel *channel, void *state, struct card_make *out)
{
    (void)state;
    *out = (struct card_make){0};
    if (has_atr(channel, atr_36, sizeof(atr_36)))
        (void)stpcpy(out->name, "cryptoCertum 3.6");
    return NULL;
}

const struct card_app certum_app = {
    .name = "certum",
    .title = "Certum",
    .way_out = CERTUM_MODULE,
    .slot_names = "rsa1 to rsa15 and ec1 to ec15",
    .slot_name = certum_slot_name,
    .pin_minimum = PIN_MINIMUM,
    .pin_maximum = PIN_MAXIMUM,
    .select = certum_select,
    .free_state = free,
    .serial = certum_serial,
    .slots_in_use = certum_slots_in_use,
    .read_key = certum_read_key,
    .read_certificate = certum_read_certificate,
    .pin_status = certum_pin_status,
    .pin_tries = certum_pin_tries,
    .pin_tries_prove = certum_pin_tries_prove,
    .verify_pin = certum_verify_pin,
    .can = certum_can,
    .accepts = certum_accepts,
    .sign = certum_sign,
    .initialised = certum_initialised,
    .secret_info = certum_secret_info,
    .make = certum_make,
};
