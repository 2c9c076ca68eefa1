/* SPDX-License-Identifier: BSD-2-Clause */
#include "pkcs11_public_key.h"

#include "public_key.h"

#include <openssl/asn1.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

#define TAG_PRINTABLE_STRING 0x13

/* The curve behind a DER object identifier, by OpenSSL's name for it; NULL where there is none. */
static const char *curve_by_identifier(const struct pkcs11_value *params)
{
    const uint8_t *end = params->bytes;
    (void)ERR_set_mark();
    ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &end, (long)params->length);
    int nid =
        object != NULL && end == params->bytes + params->length ? OBJ_obj2nid(object) : NID_undef;
    ASN1_OBJECT_free(object);
    (void)ERR_pop_to_mark();
    const char *name = EC_curve_nid2nist(nid);
    return name != NULL || nid == NID_undef ? name : OBJ_nid2sn(nid);
}

/* The curves of PKCS #11 v3.0, 2.3.5, also have names as such. */
static bool is_named(const struct pkcs11_value *params, const char *name)
{
    return params->length == strlen(name) + 2 && params->bytes[0] == TAG_PRINTABLE_STRING &&
           params->bytes[1] == strlen(name) && memcmp(params->bytes + 2, name, strlen(name)) == 0;
}

static const char *raw_name(CK_KEY_TYPE type, const struct pkcs11_value *params)
{
    const char *curve = curve_by_identifier(params);
    if (type == CKK_EC_EDWARDS &&
        (is_named(params, "edwards25519") || (curve != NULL && strcmp(curve, SN_ED25519) == 0)))
        return "ED25519";
    if (type == PKCS11_CKK_EC_MONTGOMERY &&
        (is_named(params, "curve25519") || (curve != NULL && strcmp(curve, SN_X25519) == 0)))
        return "X25519";
    return NULL;
}

static struct error *make_key(OSSL_LIB_CTX *libctx, CK_KEY_TYPE type, const char *name,
                              const uint8_t *bytes, size_t length, EVP_PKEY **out)
{
    return type == CKK_EC ? public_key_ec(libctx, name, bytes, length, out)
                          : public_key_raw(libctx, name, bytes, length, out);
}

/*
 * The point is in an OCTET STRING, but modules were made that leave that away (and for Edwards
 * curves standards, too): then its first byte may look like one all the same.
 */
static struct error *take_point(OSSL_LIB_CTX *libctx, CK_KEY_TYPE type, const char *name,
                                const struct pkcs11_value *point, EVP_PKEY **out)
{
    const uint8_t *end = point->bytes;
    (void)ERR_set_mark();
    ASN1_OCTET_STRING *inner = d2i_ASN1_OCTET_STRING(NULL, &end, (long)point->length);
    (void)ERR_pop_to_mark();
    struct error *error = NULL;
    if (inner != NULL && end == point->bytes + point->length)
        error = make_key(libctx, type, name, ASN1_STRING_get0_data(inner),
                         (size_t)ASN1_STRING_length(inner), out);
    ASN1_OCTET_STRING_free(inner);
    if (*out != NULL)
        return NULL;
    error_free(error);
    return make_key(libctx, type, name, point->bytes, point->length, out);
}

struct error *pkcs11_public_key_ec(OSSL_LIB_CTX *libctx, CK_KEY_TYPE type,
                                   const struct pkcs11_value *params,
                                   const struct pkcs11_value *point, EVP_PKEY **out)
{
    *out = NULL;
    if (params->bytes == NULL || params->length == 0 || point->bytes == NULL)
        return error_new(ERROR_NOT_FOUND, "the token does not show the key's public half");
    const char *name = type == CKK_EC ? curve_by_identifier(params) : raw_name(type, params);
    if (name == NULL)
        return error_new(ERROR_UNSUPPORTED, "the key is on a curve that is not known here");
    return take_point(libctx, type, name, point, out);
}
