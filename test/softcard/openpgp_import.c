/* SPDX-License-Identifier: BSD-2-Clause */
/* Import of keys: PUT DATA with the odd instruction and an extended header list (4.4.3.12). */
#include "openpgp.h"
#include "tlv.h"

#include <openssl/core_names.h>
#include <string.h>

/* What 7F48 lists, and 5F48 has one after another: 91 to 97 and 99. */
#define TAG_EXPONENT 0x91 /* or the public exponent; of EC keys nothing */
#define TAG_FIRST    0x92 /* p, or the private value of an EC key */
#define TAG_SECOND   0x93 /* q */
#define TAG_LAST     0x99 /* the public point */
#define PART_COUNT   (TAG_LAST - TAG_EXPONENT + 1)

struct parts {
    struct soft_tlv part[PART_COUNT]; /* by tag; a length of 0: not given */
};

static const struct soft_tlv *part_of(const struct parts *parts, uint8_t tag)
{
    return &parts->part[tag - TAG_EXPONENT];
}

/* A length without its value: one byte up to 7F, or 81 or 82 and as many bytes. */
static bool bare_length_read(struct soft_tlv_reader *list, size_t *length)
{
    size_t more;

    if (list->length == 0)
        return false;
    *length = list->data[0];
    more = *length > 0x7F ? *length & 0x7F : 0;
    if (more > 2 || list->length < 1 + more || *length == 0x80)
        return false;
    if (more > 0)
        *length = 0;
    for (size_t i = 0; i < more; i++)
        *length = *length << 8 | list->data[1 + i];
    list->data += 1 + more;
    list->length -= 1 + more;
    return true;
}

/* Deals the bytes of 5F48 out as 7F48 says: tags and lengths. */
static bool parts_read(const struct soft_tlv *list, const struct soft_tlv *values,
                       struct parts *parts)
{
    struct soft_tlv_reader reader = {list->value, list->length};
    size_t used = 0;

    memset(parts, 0, sizeof(*parts));
    while (reader.length > 0) {
        struct soft_tlv part = {.tag = reader.data[0], .value = values->value + used};

        reader.data++;
        reader.length--;
        if (!bare_length_read(&reader, &part.length) || part.tag < TAG_EXPONENT ||
            part.tag > TAG_LAST || part.length > values->length - used)
            return false;
        parts->part[part.tag - TAG_EXPONENT] = part;
        used += part.length;
    }
    return used == values->length;
}

/* Whether the key has that number; one that is not given fits any. */
static bool number_fits(EVP_PKEY *key, const char *name, const struct soft_tlv *part)
{
    BIGNUM *given = BN_bin2bn(part->value, (int)part->length, NULL);
    BIGNUM *has = NULL;
    bool fits =
        part->length == 0 ||
        (given != NULL && EVP_PKEY_get_bn_param(key, name, &has) == 1 && BN_cmp(given, has) == 0);

    BN_free(given);
    BN_free(has);
    return fits;
}

/* The last byte of the attributes tells the format: bit 1 with modulus, bit 2 with CRT numbers. */
static bool rsa_is_complete(const struct parts *parts, uint8_t format)
{
    static const uint8_t crt[] = {0x94, 0x95, 0x96};

    for (uint8_t tag = TAG_EXPONENT; tag <= TAG_SECOND; tag++) {
        if (part_of(parts, tag)->length == 0)
            return false;
    }
    for (size_t i = 0; (format & 0x02) != 0 && i < sizeof(crt); i++) {
        if (part_of(parts, crt[i])->length == 0)
            return false;
    }
    return (format & 0x01) == 0 || part_of(parts, 0x97)->length > 0;
}

static EVP_PKEY *rsa_import(const struct soft_algorithm *algorithm, const struct parts *parts,
                            uint8_t format)
{
    static const struct {
        uint8_t tag;
        const char *name;
    } numbers[] = {
        {0x91, OSSL_PKEY_PARAM_RSA_E},
        {0x94, OSSL_PKEY_PARAM_RSA_COEFFICIENT1}, /* the inverse of q modulo p */
        {0x95, OSSL_PKEY_PARAM_RSA_EXPONENT1},
        {0x96, OSSL_PKEY_PARAM_RSA_EXPONENT2},
        {0x97, OSSL_PKEY_PARAM_RSA_N},
    };
    const struct soft_tlv *p = part_of(parts, TAG_FIRST);
    const struct soft_tlv *q = part_of(parts, TAG_SECOND);
    EVP_PKEY *key = NULL;
    bool good = rsa_is_complete(parts, format);

    if (good)
        key = soft_key_import(algorithm, p->value, p->length, q->value, q->length);
    good = key != NULL;
    for (size_t i = 0; good && i < sizeof(numbers) / sizeof(numbers[0]); i++)
        good = number_fits(key, numbers[i].name, part_of(parts, numbers[i].tag));
    if (!good)
        EVP_PKEY_free(key);
    return good ? key : NULL;
}

/* Whether the public point that may come along is the key's. */
static bool point_fits(const struct soft_algorithm *algorithm, EVP_PKEY *key,
                       const struct soft_tlv *given)
{
    struct soft_bytes public = {0};
    struct soft_tlv point;
    bool fits = given->length == 0 || (soft_key_public(algorithm, key, &public) &&
                                       soft_tlv_find(public.data, public.length, 0x86, &point) &&
                                       point.length == given->length &&
                                       memcmp(point.value, given->value, point.length) == 0);

    soft_bytes_free(&public);
    return fits;
}

/* A number with leading zeros or without. X25519 keys come most significant byte first, unlike in
 * RFC 7748 and unlike everything else about them: so GnuPG sends them, and Yubico's tools. */
static EVP_PKEY *ec_import(const struct soft_algorithm *algorithm, const struct parts *parts)
{
    const struct soft_tlv *given = part_of(parts, TAG_FIRST);
    uint8_t value[SOFT_COORDINATE_MOST] = {0};
    EVP_PKEY *key;

    if (given->length == 0 || given->length > algorithm->size)
        return NULL;
    memcpy(value + algorithm->size - given->length, given->value, given->length);
    for (size_t i = 0; algorithm->type == SOFT_TYPE_X25519 && i < algorithm->size / 2; i++) {
        uint8_t byte = value[i];

        value[i] = value[algorithm->size - 1 - i];
        value[algorithm->size - 1 - i] = byte;
    }
    key = soft_key_import(algorithm, value, algorithm->size, NULL, 0);
    OPENSSL_cleanse(value, sizeof(value));
    if (key != NULL && !point_fits(algorithm, key, part_of(parts, TAG_LAST))) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

static EVP_PKEY *key_import(const struct soft_openpgp *openpgp, enum soft_pgp_slot slot,
                            const struct soft_tlv *list, const struct soft_tlv *values)
{
    const struct soft_algorithm *algorithm = soft_pgp_algorithm(openpgp, slot);
    const struct soft_bytes *attributes = soft_pgp_attributes(openpgp, slot);
    struct parts parts;

    if (!parts_read(list, values, &parts))
        return NULL;
    if (algorithm->type == SOFT_TYPE_RSA)
        return rsa_import(algorithm, &parts, attributes->data[attributes->length - 1]);
    return ec_import(algorithm, &parts);
}

/* 4D { B6 or B8 or A4, 7F48 { tags and lengths }, 5F48 values }. */
uint16_t soft_pgp_import(struct soft_card *card, const struct soft_apdu *apdu,
                         struct soft_bytes *out)
{
    struct soft_tlv_reader reader;
    struct soft_tlv header;
    struct soft_tlv template;
    struct soft_tlv list;
    struct soft_tlv values;
    enum soft_pgp_slot slot;
    EVP_PKEY *key;

    (void)out;
    if (apdu->p1 != 0x3F || apdu->p2 != 0xFF)
        return SOFT_WRONG_PARAMETERS;
    if (!card->openpgp.admin)
        return SOFT_SECURITY_STATUS;
    if (!soft_tlv_find(apdu->data, apdu->length, 0x4D, &header))
        return SOFT_WRONG_DATA;
    reader = (struct soft_tlv_reader){header.value, header.length};
    if (!soft_tlv_next(&reader, &template) || !soft_tlv_next(&reader, &list) ||
        list.tag != 0x7F48 || !soft_tlv_next(&reader, &values) || values.tag != 0x5F48)
        return SOFT_WRONG_DATA;
    slot = soft_pgp_template_slot(template.tag);
    key = slot == SOFT_PGP_SLOTS ? NULL : key_import(&card->state.openpgp, slot, &list, &values);
    if (key == NULL)
        return SOFT_WRONG_DATA;
    soft_openpgp_key_store(&card->state.openpgp, slot, key, SOFT_PGP_IMPORTED);
    return soft_card_save(card);
}
