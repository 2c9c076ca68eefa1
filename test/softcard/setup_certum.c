/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup_certum.h"

#include "attest.h"
#include "certum.h"
#include "crypto.h"
#include "setup.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct slot {
    enum soft_certum_type type;
    unsigned index;
    char label[8];
    const char *rest; /* what follows the = */
};

static bool slot_parse(const char *argument, struct slot *slot)
{
    static const char *const names[SOFT_CERTUM_KEY_TYPES] = {"rsa", "ec"};
    const char *equals = strchr(argument, '=');
    char *end;

    if (equals == NULL || (size_t)(equals - argument) >= sizeof(slot->label))
        return false;
    memset(slot, 0, sizeof(*slot));
    memcpy(slot->label, argument, (size_t)(equals - argument));
    slot->rest = equals + 1;
    for (unsigned type = 0; type < SOFT_CERTUM_KEY_TYPES; type++) {
        size_t length = strlen(names[type]);

        if (strncmp(slot->label, names[type], length) != 0)
            continue;
        slot->type = (enum soft_certum_type)type;
        slot->index = (unsigned)strtoul(slot->label + length, &end, 10);
        return *end == '\0' && slot->label[length] >= '1' && slot->label[length] <= '9' &&
               slot->index < SOFT_CERTUM_INDEXES;
    }
    return false;
}

bool soft_setup_is_certum(const char *argument)
{
    struct slot slot;

    return slot_parse(argument, &slot);
}

/* The slot, in a card that has it; or a message. */
static char *slot_find(const struct soft_card *card, const char *argument, struct slot *slot)
{
    if (slot_parse(argument, slot) && soft_card_has(card, &soft_certum_application))
        return NULL;
    return soft_setup_problem("'%s': this profile has no Certum application", argument);
}

char *soft_setup_certum_key(struct soft_card *card, const char *argument)
{
    struct slot slot;
    char *message = slot_find(card, argument, &slot);
    const struct soft_algorithm *algorithm;
    struct soft_certum_key *key;

    if (message != NULL)
        return message;
    algorithm = soft_algorithm_by_name(slot.rest, strlen(slot.rest));
    if (algorithm == NULL || soft_certum_algorithm(slot.type, algorithm->id) == 0)
        return soft_setup_problem("'%s': a Certum key in rsa1 to rsa15 is of rsa1024, rsa2048, "
                                  "rsa3072 or rsa4096, in ec1 to ec15 of p256, p384 or p521",
                                  argument);
    key = &card->state.certum.keys[slot.type][slot.index];
    if (key->pkey != NULL)
        return NULL;
    key->pkey = soft_key_generate(algorithm);
    if (key->pkey == NULL)
        return soft_setup_problem("'%s': OpenSSL cannot make such a key", argument);
    key->algorithm = algorithm->id;
    soft_bytes_set(&key->label, slot.label, strlen(slot.label));
    return NULL;
}

static bool has_label(const struct soft_certum_certificate *certificate, const char *label)
{
    return certificate->der.length > 0 && certificate->label.length == strlen(label) &&
           memcmp(certificate->label.data, label, strlen(label)) == 0;
}

static bool certificate_issue(EVP_PKEY *key, const char *subject, struct soft_bytes *out)
{
    X509 *certificate = soft_certificate_new(subject, NULL, key);
    uint8_t *der = NULL;
    int length = 0;

    if (certificate != NULL &&
        soft_certificate_extend(certificate, NID_basic_constraints, "CA:FALSE") &&
        soft_certificate_sign(certificate, key))
        length = i2d_X509(certificate, &der);
    if (length > 0)
        soft_bytes_set(out, der, (size_t)length);
    OPENSSL_free(der);
    X509_free(certificate);
    return length > 0;
}

char *soft_setup_certum_certificate(struct soft_card *card, const char *argument)
{
    struct soft_certum *certum = &card->state.certum;
    struct slot slot;
    char *message = slot_find(card, argument, &slot);
    EVP_PKEY *key;
    unsigned file = 1;

    if (message != NULL)
        return message;
    key = certum->keys[slot.type][slot.index].pkey;
    if (key == NULL)
        return soft_setup_problem("'%s': there is no such key; give --key for it, too", argument);
    for (unsigned i = 1; i < SOFT_CERTUM_INDEXES; i++) {
        if (has_label(&certum->certificates[i], slot.label))
            return NULL;
    }
    while (file < SOFT_CERTUM_INDEXES && certum->certificates[file].der.length > 0)
        file++;
    if (file == SOFT_CERTUM_INDEXES)
        return soft_setup_problem("'%s': there is no room for another certificate", argument);
    if (!certificate_issue(key, slot.rest, &certum->certificates[file].der))
        return soft_setup_problem("'%s': no certificate can be made; a subject is written /CN=name",
                                  argument);
    soft_bytes_set(&certum->certificates[file].label, slot.label, strlen(slot.label));
    return NULL;
}
