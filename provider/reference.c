/* SPDX-License-Identifier: BSD-2-Clause */
#include "reference.h"

#include <openssl/asn1t.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 0

/* As in reference.h. The public key is left as it stands, to be read in the right context. */
struct reference_asn1 {
    int32_t version;
    ASN1_UTF8STRING *uri;
    ASN1_TYPE *public_key;
    ASN1_ENUMERATED *pin;
};

typedef struct reference_asn1 REFERENCE_ASN1;

ASN1_SEQUENCE(REFERENCE_ASN1) =
    {
        ASN1_EMBED(REFERENCE_ASN1, version, INT32),
        ASN1_SIMPLE(REFERENCE_ASN1, uri, ASN1_UTF8STRING),
        ASN1_SIMPLE(REFERENCE_ASN1, public_key, ASN1_ANY),
        ASN1_SIMPLE(REFERENCE_ASN1, pin, ASN1_ENUMERATED),
} static_ASN1_SEQUENCE_END(REFERENCE_ASN1)

    /* The ENUMERATED, in its order. */
    static const struct {
    enum card_policy policy;
    bool at_pad;
} pin_policies[] = {
    {CARD_POLICY_NEVER, false}, {CARD_POLICY_ONCE, false},  {CARD_POLICY_ALWAYS, false},
    {CARD_POLICY_ONCE, true},   {CARD_POLICY_ALWAYS, true},
};

#define PIN_POLICY_COUNT ((int64_t)(sizeof(pin_policies) / sizeof(pin_policies[0])))

/* ---- reading ----------------------------------------------------------------------------- */

static struct error *malformed(const char *what)
{
    return error_new(ERROR_ARGUMENT,
                     "this card key reference is damaged (%s): write it anew, or use the card: URI",
                     what);
}

static struct error *read_uri(const ASN1_UTF8STRING *string, struct card_uri **out)
{
    size_t length = (size_t)ASN1_STRING_length(string);
    char *text = strndup((const char *)ASN1_STRING_get0_data(string), length);
    struct error *error;

    if (text == NULL)
        return error_no_memory();
    error = strlen(text) == length ? card_uri_parse(text, out) : malformed("its URI has a NUL");
    free(text);
    return error;
}

static struct error *read_public_key(OSSL_LIB_CTX *libctx, const ASN1_TYPE *type, EVP_PKEY **out)
{
    const uint8_t *cursor;

    if (type->type != V_ASN1_SEQUENCE)
        return malformed("its public key is none");
    cursor = ASN1_STRING_get0_data(type->value.sequence);
    *out = d2i_PUBKEY_ex(NULL, &cursor, ASN1_STRING_length(type->value.sequence), libctx, NULL);
    return *out == NULL ? malformed("its public key is none") : NULL;
}

static struct error *read_fields(OSSL_LIB_CTX *libctx, const REFERENCE_ASN1 *asn1,
                                 struct reference *out)
{
    int64_t pin;
    struct error *error;

    if (asn1->version != VERSION)
        return error_new(ERROR_ARGUMENT,
                         "this card key reference is of version %d, and version %d is the newest "
                         "known here: update the card provider",
                         (int)asn1->version, VERSION);
    if (!ASN1_ENUMERATED_get_int64(&pin, asn1->pin) || pin < 0 || pin >= PIN_POLICY_COUNT)
        return malformed("how its PIN is asked for is not known");
    out->pin_policy = pin_policies[pin].policy;
    out->pin_at_pad = pin_policies[pin].at_pad;
    error = read_uri(asn1->uri, &out->uri);
    return error != NULL ? error : read_public_key(libctx, asn1->public_key, &out->public_key);
}

struct error *reference_decode(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length,
                               struct reference *out)
{
    const uint8_t *cursor = der;
    REFERENCE_ASN1 *asn1 = NULL;
    struct error *error;

    memset(out, 0, sizeof(*out));
    if (length <= INT32_MAX)
        asn1 = (REFERENCE_ASN1 *)ASN1_item_d2i(NULL, &cursor, (long)length,
                                               ASN1_ITEM_rptr(REFERENCE_ASN1));
    if (asn1 == NULL)
        return malformed("it is cut short, or something else");
    error = cursor == der + length ? read_fields(libctx, asn1, out)
                                   : malformed("it goes on after its end");
    ASN1_item_free((ASN1_VALUE *)asn1, ASN1_ITEM_rptr(REFERENCE_ASN1));
    if (error != NULL)
        reference_clear(out);
    return error;
}

/* ---- writing ----------------------------------------------------------------------------- */

static bool write_public_key(EVP_PKEY *public_key, ASN1_TYPE *type)
{
    uint8_t *der = NULL;
    int length = i2d_PUBKEY(public_key, &der);
    ASN1_STRING *sequence = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

    if (length <= 0 || sequence == NULL) {
        ASN1_STRING_free(sequence);
        OPENSSL_free(der);
        return false;
    }
    ASN1_STRING_set0(sequence, der, length);
    ASN1_TYPE_set(type, V_ASN1_SEQUENCE, sequence);
    return true;
}

static bool write_pin_policy(const struct reference *reference, ASN1_ENUMERATED *pin)
{
    for (int64_t i = 0; i < PIN_POLICY_COUNT; i++)
        if (pin_policies[i].policy == reference->pin_policy &&
            pin_policies[i].at_pad == reference->pin_at_pad)
            return ASN1_ENUMERATED_set_int64(pin, i);
    return false;
}

struct error *reference_encode(const struct reference *reference, uint8_t **der, size_t *length)
{
    REFERENCE_ASN1 *asn1 = (REFERENCE_ASN1 *)ASN1_item_new(ASN1_ITEM_rptr(REFERENCE_ASN1));
    char *uri = NULL;
    struct error *error = card_uri_format(reference->uri, &uri);
    int result = -1;

    *der = NULL;
    if (error == NULL && asn1 != NULL && ASN1_STRING_set(asn1->uri, uri, -1) &&
        write_public_key(reference->public_key, asn1->public_key) &&
        write_pin_policy(reference, asn1->pin))
        result = ASN1_item_i2d((ASN1_VALUE *)asn1, der, ASN1_ITEM_rptr(REFERENCE_ASN1));
    ASN1_item_free((ASN1_VALUE *)asn1, ASN1_ITEM_rptr(REFERENCE_ASN1));
    free(uri);
    if (error != NULL)
        return error;
    if (result <= 0)
        return error_new(ERROR_INTERNAL, "cannot encode the card key reference");
    *length = (size_t)result;
    return NULL;
}

void reference_clear(struct reference *reference)
{
    card_uri_free(reference->uri);
    EVP_PKEY_free(reference->public_key);
    memset(reference, 0, sizeof(*reference));
}
