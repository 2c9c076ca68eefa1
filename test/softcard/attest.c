/* SPDX-License-Identifier: BSD-2-Clause */
#include "attest.h"

#include "crypto.h"
#include "piv.h"
#include "tlv.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

uint8_t soft_firmware[3] = {5, 7, 1};

static bool authority_extend(X509 *certificate, const char *constraints)
{
    return soft_certificate_extend(certificate, NID_basic_constraints, constraints) &&
           soft_certificate_extend(certificate, NID_key_usage, "critical,keyCertSign");
}

static bool certificate_keep(struct soft_bytes *out, const X509 *certificate)
{
    uint8_t *der = NULL;
    int length = i2d_X509(certificate, &der);

    if (length > 0)
        soft_bytes_append(out, der, (size_t)length);
    OPENSSL_free(der);
    return length > 0;
}

/* The root signs itself and F9's certificate. */
static bool chain_make(struct soft_state *state, EVP_PKEY *root_key, EVP_PKEY *card_key)
{
    X509 *root = soft_certificate_new("/CN=softcard attestation root (test)", NULL, root_key);
    X509 *card = root == NULL
                     ? NULL
                     : soft_certificate_new("/CN=softcard PIV attestation (test)", root, card_key);
    bool good = card != NULL && authority_extend(root, "critical,CA:TRUE,pathlen:1") &&
                soft_certificate_sign(root, root_key) &&
                authority_extend(card, "critical,CA:TRUE,pathlen:0") &&
                soft_certificate_sign(card, root_key) &&
                certificate_keep(&state->attestation_root, root) &&
                soft_certificate_store(state, SOFT_OBJECT_ATTESTATION, card, false);

    X509_free(card);
    X509_free(root);
    return good;
}

bool soft_attest_init(struct soft_state *state)
{
    const struct soft_algorithm *algorithm = soft_algorithm_find(SOFT_P256);
    EVP_PKEY *root_key = soft_key_generate(algorithm);
    EVP_PKEY *card_key = soft_key_generate(algorithm);
    bool good = root_key != NULL && card_key != NULL && chain_make(state, root_key, card_key);

    if (good)
        soft_piv_key_store(state, SOFT_SLOT_ATTESTATION, algorithm->id, card_key, SOFT_POLICY_NEVER,
                           SOFT_POLICY_NEVER, false);
    else
        EVP_PKEY_free(card_key);
    EVP_PKEY_free(root_key);
    return good;
}

/* Yubico's extensions: 1.3.6.1.4.1.41482.3.x, in most of them bare bytes without a type. */
static bool extension_add(X509 *certificate, const char *oid, const void *data, size_t length)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    bool good =
        object != NULL && value != NULL && ASN1_OCTET_STRING_set(value, data, (int)length) == 1;

    if (good)
        extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
    good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
    return good;
}

/* The serial number alone is DER: an INTEGER. */
static bool serial_add(X509 *certificate, uint32_t serial)
{
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    uint8_t *der = NULL;
    int length = 0;
    bool good;

    if (number != NULL && ASN1_INTEGER_set_uint64(number, serial) == 1)
        length = i2d_ASN1_INTEGER(number, &der);
    good = length > 0 && extension_add(certificate, "1.3.6.1.4.1.41482.3.7", der, (size_t)length);
    OPENSSL_free(der);
    ASN1_INTEGER_free(number);
    return good;
}

static bool extensions_add(X509 *certificate, const struct soft_state *state, uint8_t slot)
{
    const struct soft_key *key = &state->keys[slot];
    const uint8_t policies[2] = {key->pin_policy, key->touch_policy};
    const uint8_t form_factor = 0x01; /* USB-A keychain */

    return extension_add(certificate, "1.3.6.1.4.1.41482.3.3", soft_firmware,
                         sizeof(soft_firmware)) &&
           serial_add(certificate, state->serial) &&
           extension_add(certificate, "1.3.6.1.4.1.41482.3.8", policies, sizeof(policies)) &&
           extension_add(certificate, "1.3.6.1.4.1.41482.3.9", &form_factor, 1);
}

/* F9's certificate as it lies in its object: 53 { 70 certificate ... }, not compressed. */
static X509 *attestation_certificate(const struct soft_state *state)
{
    const struct soft_bytes *object = soft_state_object(state, SOFT_OBJECT_ATTESTATION);
    struct soft_tlv outer;
    struct soft_tlv inner;
    const uint8_t *place;

    if (object == NULL || !soft_tlv_find(object->data, object->length, 0x53, &outer) ||
        !soft_tlv_find(outer.value, outer.length, 0x70, &inner))
        return NULL;
    place = inner.value;
    return d2i_X509(NULL, &place, (long)inner.length);
}

bool soft_attest_key(const struct soft_state *state, uint8_t slot, struct soft_bytes *out)
{
    EVP_PKEY *signer = state->keys[SOFT_SLOT_ATTESTATION].pkey;
    X509 *issuer = attestation_certificate(state);
    X509 *certificate = NULL;
    char subject[48];
    bool good;

    snprintf(subject, sizeof(subject), "/CN=softcard PIV attestation %02x", slot);
    if (issuer != NULL && signer != NULL)
        certificate = soft_certificate_new(subject, issuer, state->keys[slot].pkey);
    good = certificate != NULL && extensions_add(certificate, state, slot) &&
           soft_certificate_sign(certificate, signer) && certificate_keep(out, certificate);
    X509_free(certificate);
    X509_free(issuer);
    return good;
}
