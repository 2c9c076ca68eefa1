/* SPDX-License-Identifier: BSD-2-Clause */
/* What a CA would like in requests: CsrAttrs (RFC 7030, 4.5.2). */
#include "est.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More wishes than any CA has. */
#define WISHES_MAX 64

/* CsrAttrs ::= SEQUENCE SIZE (0..MAX) OF AttrOrOID, which are read one by one. */
typedef STACK_OF(ASN1_TYPE) WISHES;

static WISHES *parse(const struct buffer *attributes)
{
    const unsigned char *cursor = attributes->bytes;
    WISHES *wishes = d2i_ASN1_SEQUENCE_ANY(NULL, &cursor, (long)attributes->length);

    if (wishes != NULL && (cursor != attributes->bytes + attributes->length ||
                           sk_ASN1_TYPE_num(wishes) > WISHES_MAX)) {
        sk_ASN1_TYPE_pop_free(wishes, ASN1_TYPE_free);
        wishes = NULL;
    }
    return wishes;
}

/* A wish: an OID, or an Attribute, which is a SEQUENCE of one and a SET of values. Both are for
   their free(). */
static bool read_wish(const ASN1_TYPE *wish, ASN1_OBJECT **name, X509_ATTRIBUTE **attribute)
{
    const unsigned char *cursor;

    *name = NULL;
    *attribute = NULL;
    if (wish->type == V_ASN1_OBJECT) {
        *name = OBJ_dup(wish->value.object);
    } else if (wish->type == V_ASN1_SEQUENCE) {
        cursor = wish->value.sequence->data;
        *attribute = d2i_X509_ATTRIBUTE(NULL, &cursor, wish->value.sequence->length);
        if (*attribute != NULL)
            *name = OBJ_dup(X509_ATTRIBUTE_get0_object(*attribute));
    }
    return *name != NULL;
}

/* ---- keys -------------------------------------------------------------------------------- */

static struct error *other_key(const char *wanted)
{
    return error_new(ERROR_CA_REFUSED,
                     "the CA certifies other keys than this one: it wants %s. Cancel the job, and "
                     "start again with that, by --alg",
                     wanted);
}

static struct error *check_rsa(const EVP_PKEY *key, const X509_ATTRIBUTE *attribute)
{
    const ASN1_TYPE *value =
        attribute == NULL ? NULL
                          : X509_ATTRIBUTE_get0_type((X509_ATTRIBUTE *)(uintptr_t)attribute, 0);
    long bits = value != NULL && value->type == V_ASN1_INTEGER
                    ? ASN1_INTEGER_get(value->value.integer)
                    : -1;
    char wanted[64] = "an RSA key";

    if (bits > 0)
        (void)snprintf(wanted, sizeof(wanted), "an RSA key of %ld bits", bits);
    return EVP_PKEY_is_a(key, "RSA") && (bits <= 0 || EVP_PKEY_get_bits(key) == bits)
               ? NULL
               : other_key(wanted);
}

static struct error *check_ec(const EVP_PKEY *key, const X509_ATTRIBUTE *attribute)
{
    const ASN1_TYPE *value =
        attribute == NULL ? NULL
                          : X509_ATTRIBUTE_get0_type((X509_ATTRIBUTE *)(uintptr_t)attribute, 0);
    int curve = value != NULL && value->type == V_ASN1_OBJECT ? OBJ_obj2nid(value->value.object)
                                                              : NID_undef;
    char group[64] = "", wanted[128] = "an EC key";
    size_t length;

    if (curve != NID_undef)
        (void)snprintf(wanted, sizeof(wanted), "an EC key on the curve %s", OBJ_nid2sn(curve));
    if (EVP_PKEY_is_a(key, "EC") &&
        (curve == NID_undef || (EVP_PKEY_get_group_name(key, group, sizeof(group), &length) == 1 &&
                                OBJ_txt2nid(group) == curve)))
        return NULL;
    ERR_clear_error();
    return other_key(wanted);
}

/* ---- other wishes ------------------------------------------------------------------------ */

/* A digest or signature algorithm: what signs a request is not what the certificate is signed by.
 */
static bool is_algorithm(const ASN1_OBJECT *name)
{
    int nid = OBJ_obj2nid(name);

    return EVP_get_digestbynid(nid) != NULL || OBJ_find_sigid_algs(nid, NULL, NULL) == 1;
}

static bool has(X509_REQ *request, const ASN1_OBJECT *name)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    bool found = X509_REQ_get_attr_by_OBJ(request, name, -1) >= 0 ||
                 X509v3_get_ext_by_OBJ(extensions, name, -1) >= 0;

    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return found;
}

static struct error *note_missing(const ASN1_OBJECT *name, char **list)
{
    char text[128];
    char *longer = NULL;

    (void)OBJ_obj2txt(text, sizeof(text), name, 0);
    if (asprintf(&longer, "%s%s%s", *list != NULL ? *list : "", *list != NULL ? ", " : "", text) <
        0)
        return error_no_memory();
    free(*list);
    *list = longer;
    return NULL;
}

static struct error *check_wish(const ASN1_TYPE *wish, X509_REQ *request, char **list)
{
    const EVP_PKEY *key = X509_REQ_get0_pubkey(request);
    X509_ATTRIBUTE *attribute;
    ASN1_OBJECT *name;
    struct error *error = NULL;

    if (!read_wish(wish, &name, &attribute))
        error = error_new(ERROR_SERVER_ANSWER, "one of the CA's wishes is malformed");
    else if (OBJ_obj2nid(name) == NID_rsaEncryption)
        error = check_rsa(key, attribute);
    else if (OBJ_obj2nid(name) == NID_X9_62_id_ecPublicKey)
        error = check_ec(key, attribute);
    else if (!is_algorithm(name) && !has(request, name))
        error = note_missing(name, list);
    X509_ATTRIBUTE_free(attribute);
    ASN1_OBJECT_free(name);
    return error;
}

struct error *est_csrattrs_check(const struct buffer *attributes, X509_REQ *request, char **out)
{
    WISHES *wishes = attributes->length == 0 ? NULL : parse(attributes);
    struct error *error = NULL;

    *out = NULL;
    ERR_clear_error();
    if (attributes->length > 0 && wishes == NULL)
        return error_new(ERROR_SERVER_ANSWER, "what the CA wants in requests is malformed");
    for (int i = 0; error == NULL && i < sk_ASN1_TYPE_num(wishes); i++)
        error = check_wish(sk_ASN1_TYPE_value(wishes, i), request, out);
    sk_ASN1_TYPE_pop_free(wishes, ASN1_TYPE_free);
    ERR_clear_error();
    if (error != NULL) {
        free(*out);
        *out = NULL;
    }
    return error;
}
