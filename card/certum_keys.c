/* SPDX-License-Identifier: BSD-2-Clause */
/* Certum: slots, and the keys in them. */
#include "certum.h"
#include "public_key.h"
#include "tlv.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- slots --------------------------------------------------------------------------------- */

/* The references of keys begin here, jsign. */
#define REFERENCE_RSA 0x20
#define REFERENCE_EC  0x30

static const struct {
    uint8_t type, algorithm; /* of the directory, jsign */
    const char *name;
} kinds[] = {
    {CERTUM_RSA, 0x44, "RSA-1024"}, {CERTUM_RSA, 0x41, "RSA-2048"}, {CERTUM_RSA, 0x42, "RSA-3072"},
    {CERTUM_RSA, 0x43, "RSA-4096"}, {CERTUM_EC, 0x41, "P-256"},     {CERTUM_EC, 0x42, "P-384"},
    {CERTUM_EC, 0x43, "P-521"},
};

const char *certum_kind(const struct certum_entry *key)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].type == key->type && kinds[i].algorithm == key->algorithm)
            return kinds[i].name;
    return NULL;
}

uint8_t certum_key_reference(const struct certum_entry *key)
{
    return (uint8_t)((key->type == CERTUM_RSA ? REFERENCE_RSA : REFERENCE_EC) + key->index);
}

void certum_slot_write(const struct certum_entry *key, char out[APP_SLOT_MAX])
{
    (void)snprintf(out, APP_SLOT_MAX, "%s%u", key->type == CERTUM_RSA ? "rsa" : "ec", key->index);
}

bool certum_slot_read(const char *text, struct certum_entry *out)
{
    char name[APP_SLOT_MAX];
    for (uint8_t type = CERTUM_RSA; type <= CERTUM_EC; type++)
        for (uint8_t index = 1; index <= 15; index++) {
            *out = (struct certum_entry){type, index, 0};
            certum_slot_write(out, name);
            if (strcasecmp(text, name) == 0)
                return true;
        }
    return false;
}

struct error *certum_slots_in_use(struct apdu_channel *channel, void *state,
                                  struct app_slot_list *out)
{
    struct certum_directory directory;
    char name[APP_SLOT_MAX];
    (void)state;
    struct error *error = certum_read_directory(channel, &directory);
    for (size_t i = 0; error == NULL && i < directory.count; i++) {
        if (directory.entries[i].type != CERTUM_RSA && directory.entries[i].type != CERTUM_EC)
            continue;
        certum_slot_write(&directory.entries[i], name);
        error = app_slot_list_add(out, name);
    }
    return error;
}

/* ---- the public half, as the card says it -------------------------------------------------- */

#define TAG_MODULUS  0x81
#define TAG_EXPONENT 0x82
#define MODULUS_MAX  512 /* bytes, of RSA-4096 */

/* The second of the data objects in the answer, or where that is all one object, in that. */
static struct error *second_object(const struct buffer *answer, struct tlv *out)
{
    struct tlv_reader reader;
    tlv_reader_init(&reader, answer->bytes, answer->length);
    struct error *error = tlv_read(&reader, out);
    if (error == NULL && tlv_reader_done(&reader)) {
        tlv_reader_init(&reader, out->value, out->length);
        error = tlv_read(&reader, out);
    }
    return error != NULL ? error : tlv_read(&reader, out);
}

/*
 * jsign takes the first data object in the second one for the modulus. The exponent may come after
 * it. Where it does not, it is the one that everybody uses: a signature under any other would not
 * verify.
 */
static struct error *take_modulus(OSSL_LIB_CTX *libctx, const struct buffer *answer, EVP_PKEY **out)
{
    static const uint8_t usual_exponent[] = {0x01, 0x00, 0x01};
    struct tlv_reader reader;
    struct tlv object;
    struct tlv exponent = {TAG_EXPONENT, usual_exponent, sizeof(usual_exponent)};
    struct tlv modulus = {0};
    struct error *error = second_object(answer, &object);
    if (error == NULL) {
        tlv_reader_init(&reader, object.value, object.length);
        error = tlv_read(&reader, &modulus);
    }
    if (error == NULL && !tlv_reader_done(&reader))
        error = tlv_read(&reader, &exponent);
    if (error == NULL && (modulus.tag != TAG_MODULUS || exponent.tag != TAG_EXPONENT))
        error = error_new(ERROR_CARD_ANSWER, "what should be an RSA key is none");
    return error != NULL ? error
                         : public_key_rsa(libctx, modulus.value, modulus.length, exponent.value,
                                          exponent.length, out);
}

/* *out stays NULL where the card does not show it: there may be no such key, or it wants its PIN
   first. */
static struct error *ask_for_rsa(struct apdu_channel *channel, struct certum *certum,
                                 const struct certum_entry *key, EVP_PKEY **out)
{
    const uint8_t template[] = {0xB6, 0x03, 0x83, 0x01, certum_key_reference(key),
                                0x7F, 0x49, 0x02, 0x81, 0x00};
    struct apdu_command command = {
        0x00, CERTUM_INS_GET_DATA, 0x00, 0xFF, template, sizeof(template), MODULUS_MAX + 32};
    struct buffer answer = {0};
    uint16_t status;
    *out = NULL;
    struct error *error = apdu_exchange(channel, &command, &answer, &status);
    if (error == NULL && status == SW_SUCCESS)
        error = take_modulus(certum->libctx, &answer, out);
    buffer_clear(&answer);
    return error;
}

/* ---- keys ---------------------------------------------------------------------------------- */

static struct error *look_up(struct apdu_channel *channel, const struct certum_entry *wanted,
                             const char *slot, struct certum_directory *directory,
                             const struct certum_entry **out)
{
    struct error *error = certum_read_directory(channel, directory);
    if (error != NULL)
        return error;
    *out = certum_find_entry(directory, wanted->type, wanted->index);
    if (*out == NULL)
        return error_new(ERROR_NOT_FOUND, "slot %s is empty", slot);
    if (certum_kind(*out) == NULL)
        return error_new(ERROR_UNSUPPORTED, "slot %s holds a key of a kind not known here (%02X)",
                         slot, (*out)->algorithm);
    return NULL;
}

/* An EC key's public half is nowhere but in its certificate. */
static struct error *read_by_certificate(struct apdu_channel *channel, struct certum *certum,
                                         const struct certum_entry *wanted, const char *slot,
                                         EVP_PKEY **out)
{
    struct certum_directory directory;
    const struct certum_entry *key = NULL;
    struct certum_certificate certificate = {0};
    struct error *error = look_up(channel, wanted, slot, &directory, &key);
    if (error != NULL)
        return error;
    error = certum_find_certificate(channel, certum, &directory, key, NULL, &certificate);
    if (error == NULL) {
        *out = certificate.public_key;
        certificate.public_key = NULL;
    } else if (error_code(error) == ERROR_NOT_FOUND)
        error = error_wrap(error, ERROR_NOT_FOUND,
                           "slot %s holds a key whose public half cannot be read (the card shows "
                           "it in a certificate only): store one for the key, with the key's "
                           "label, by Certum's card manager",
                           slot);
    certum_certificate_clear(&certificate);
    return error;
}

static struct error *read_public_key(struct apdu_channel *channel, struct certum *certum,
                                     const struct certum_entry *key, const char *slot,
                                     EVP_PKEY **out)
{
    struct error *error = key->type == CERTUM_RSA ? ask_for_rsa(channel, certum, key, out) : NULL;
    if (error != NULL || *out != NULL)
        return error;
    return read_by_certificate(channel, certum, key, slot, out);
}

/* The PIN is wanted for each signature: jsign sends it so. */
struct error *certum_read_key(struct apdu_channel *channel, void *state, const char *slot,
                              struct app_key *out)
{
    struct certum_entry key;
    *out = (struct app_key){.pin_policy = CARD_POLICY_ALWAYS, .touch_policy = CARD_POLICY_NEVER};
    if (!certum_slot_read(slot, &key))
        return error_new(ERROR_NOT_FOUND, "a Certum card has no slot \"%s\"", slot);
    certum_slot_write(&key, out->slot);
    return read_public_key(channel, state, &key, out->slot, &out->public_key);
}

struct error *certum_read_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                      struct buffer *der)
{
    struct certum_directory directory;
    struct certum_entry wanted;
    const struct certum_entry *key = NULL;
    struct certum_certificate certificate = {0};
    EVP_PKEY *public_key = NULL;
    if (!certum_slot_read(slot, &wanted))
        return error_new(ERROR_NOT_FOUND, "a Certum card has no slot \"%s\"", slot);
    struct error *error = look_up(channel, &wanted, slot, &directory, &key);
    if (error == NULL && wanted.type == CERTUM_RSA)
        error = ask_for_rsa(channel, state, &wanted, &public_key);
    if (error == NULL)
        error = certum_find_certificate(channel, state, &directory, key, public_key, &certificate);
    if (error == NULL)
        error = buffer_append(der, certificate.der, certificate.length);
    else if (error_code(error) == ERROR_NOT_FOUND && key != NULL)
        error = error_wrap(error, ERROR_NOT_FOUND, "there is no certificate for slot %s", slot);
    certum_certificate_clear(&certificate);
    EVP_PKEY_free(public_key);
    return error;
}
