/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup_openpgp.h"

#include "attest.h"
#include "hex.h"
#include "openpgp.h"
#include "setup.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const slot_names[SOFT_PGP_SLOTS] = {"sig=", "dec=", "aut="};

/* Reads "SLOT=". Returns what follows, or NULL. */
static const char *slot_parse(const char *argument, enum soft_pgp_slot *slot)
{
    for (unsigned i = 0; i < SOFT_PGP_SLOTS; i++) {
        if (strncmp(argument, slot_names[i], strlen(slot_names[i])) == 0) {
            *slot = (enum soft_pgp_slot)i;
            return argument + strlen(slot_names[i]);
        }
    }
    return NULL;
}

bool soft_setup_is_pgp(const char *argument)
{
    enum soft_pgp_slot slot;

    return slot_parse(argument, &slot) != NULL;
}

static char *application_missing(const struct soft_card *card, const char *argument)
{
    if (soft_card_has(card, &soft_openpgp))
        return NULL;
    return soft_setup_problem("'%s': this profile has no OpenPGP application", argument);
}

static void number_store(struct soft_openpgp *openpgp, uint32_t tag, uint32_t number)
{
    const uint8_t bytes[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                             (uint8_t)(number >> 8), (uint8_t)number};

    soft_objects_set(&openpgp->objects, tag, bytes, sizeof(bytes));
}

/* The key, and what a host writes beside it when it has generated one. */
static bool key_make(struct soft_openpgp *openpgp, enum soft_pgp_slot slot,
                     const struct soft_algorithm *algorithm, const struct soft_bytes *attributes)
{
    uint32_t now = (uint32_t)time(NULL);
    struct soft_bytes fingerprint = {0};
    EVP_PKEY *key = soft_key_generate(algorithm);
    bool good = key != NULL && soft_pgp_fingerprint(slot, algorithm, key, now, &fingerprint);

    if (good) {
        soft_objects_set(&openpgp->objects, SOFT_PGP_ATTRIBUTES + (uint32_t)slot, attributes->data,
                         attributes->length);
        soft_objects_set(&openpgp->objects, SOFT_PGP_FINGERPRINT + (uint32_t)slot, fingerprint.data,
                         fingerprint.length);
        number_store(openpgp, SOFT_PGP_TIME + (uint32_t)slot, now);
        soft_openpgp_key_store(openpgp, slot, key, SOFT_PGP_GENERATED);
    } else {
        EVP_PKEY_free(key);
    }
    soft_bytes_free(&fingerprint);
    return good;
}

char *soft_setup_pgp_key(struct soft_card *card, const char *argument)
{
    enum soft_pgp_slot slot = SOFT_PGP_SLOTS;
    const char *name = slot_parse(argument, &slot);
    const struct soft_algorithm *algorithm = soft_algorithm_by_name(name, strlen(name));
    struct soft_bytes attributes = {0};
    char *message = application_missing(card, argument);

    if (message == NULL &&
        (algorithm == NULL ||
         !soft_pgp_attributes_append(slot, algorithm, soft_pgp_exponent_bits(card), &attributes)))
        message = soft_setup_problem(
            "'%s': this key has no such algorithm; there are rsa2048, rsa3072, rsa4096, p256, "
            "p384, p521, secp256k1, brainpool256, brainpool384, brainpool512, ed25519 (sig and "
            "aut) and x25519 (dec)",
            argument);
    if (message == NULL && card->state.openpgp.keys[slot].pkey == NULL &&
        !key_make(&card->state.openpgp, slot, algorithm, &attributes))
        message = soft_setup_problem("'%s': OpenSSL cannot make such a key", argument);
    soft_bytes_free(&attributes);
    return message;
}

static bool certificate_issue(struct soft_openpgp *openpgp, enum soft_pgp_slot slot,
                              const char *subject)
{
    EVP_PKEY *key = openpgp->keys[slot].pkey;
    X509 *certificate = soft_certificate_new(subject, NULL, key);
    uint8_t *der = NULL;
    int length = 0;

    if (certificate != NULL &&
        soft_certificate_extend(certificate, NID_basic_constraints, "CA:FALSE") &&
        soft_certificate_sign(certificate, key))
        length = i2d_X509(certificate, &der);
    if (length > 0)
        soft_objects_set(&openpgp->objects,
                         soft_pgp_certificate_tag(soft_pgp_certificate_occurrence(slot)), der,
                         (size_t)length);
    OPENSSL_free(der);
    X509_free(certificate);
    return length > 0;
}

char *soft_setup_pgp_certificate(struct soft_card *card, const char *argument)
{
    struct soft_openpgp *openpgp = &card->state.openpgp;
    enum soft_pgp_slot slot = SOFT_PGP_SLOTS;
    const char *subject = slot_parse(argument, &slot);
    uint32_t tag = soft_pgp_certificate_tag(soft_pgp_certificate_occurrence(slot));
    char *message = application_missing(card, argument);

    if (message != NULL)
        return message;
    if (openpgp->keys[slot].pkey == NULL)
        return soft_setup_problem("'%s': there is no such key; give --key for it, too", argument);
    if (soft_objects_find(&openpgp->objects, tag) != NULL ||
        certificate_issue(openpgp, slot, subject))
        return NULL;
    return soft_setup_problem("'%s': no certificate can be made; a subject is written /CN=name, "
                              "and an x25519 key cannot sign one",
                              argument);
}

char *soft_setup_pgp_object(struct soft_card *card, const char *argument)
{
    char *end;
    unsigned long tag = strtoul(argument, &end, 16);
    struct soft_bytes value = {0};
    char *message = application_missing(card, argument);

    if (message == NULL && (*end != '=' || tag == 0 || tag > 0xFFFFFF ||
                            (tag >= 0xC1 && tag <= 0xC4) || !soft_hex_decode(end + 1, &value)))
        message = soft_setup_problem("'%s': an object is written TAG=VALUE, both in hexadecimal, "
                                     "and C1 to C4 are none that can be set",
                                     argument);
    if (message == NULL)
        soft_objects_set(&card->state.openpgp.objects, (uint32_t)tag, value.data, value.length);
    soft_bytes_free(&value);
    return message;
}

void soft_setup_pgp_exponent(struct soft_card *card)
{
    for (uint32_t slot = 0; slot < SOFT_PGP_SLOTS; slot++) {
        const struct soft_bytes *now =
            soft_pgp_attributes(&card->state.openpgp, (enum soft_pgp_slot)slot);
        uint8_t attributes[6];

        if (now->length != sizeof(attributes) || now->data[0] != SOFT_PGP_RSA)
            continue;
        memcpy(attributes, now->data, sizeof(attributes));
        attributes[4] = soft_pgp_exponent_bits(card);
        soft_objects_set(&card->state.openpgp.objects, SOFT_PGP_ATTRIBUTES + slot, attributes,
                         sizeof(attributes));
    }
}
