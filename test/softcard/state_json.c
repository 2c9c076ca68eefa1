/* SPDX-License-Identifier: BSD-2-Clause */
#include "state_json.h"

#include "hex.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void soft_json_add_hex(json_object *object, const char *name, const uint8_t *data, size_t length)
{
    char *hex = soft_hex_encode(data, length);

    json_object_object_add(object, name, json_object_new_string(hex));
    OPENSSL_cleanse(hex, strlen(hex));
    free(hex);
}

void soft_json_add_number(json_object *object, const char *name, uint32_t value)
{
    json_object_object_add(object, name, json_object_new_int64(value));
}

void soft_json_add_key(json_object *object, const char *name, const EVP_PKEY *key)
{
    uint8_t *der = NULL;
    int length = i2d_PrivateKey(key, &der);

    if (length <= 0)
        abort();
    soft_json_add_hex(object, name, der, (size_t)length);
    OPENSSL_clear_free(der, (size_t)length);
}

void soft_json_add_objects(json_object *object, const char *name,
                           const struct soft_objects *objects)
{
    json_object *member = json_object_new_object();
    char tag[16];

    for (size_t i = 0; i < objects->count; i++) {
        const struct soft_bytes *value = &objects->list[i].value;

        snprintf(tag, sizeof(tag), "%x", objects->list[i].tag);
        soft_json_add_hex(member, tag, value->data, value->length);
    }
    json_object_object_add(object, name, member);
}

bool soft_json_number(json_object *object, const char *name, uint32_t most, uint32_t *value)
{
    json_object *member;
    int64_t number;

    if (!json_object_object_get_ex(object, name, &member) ||
        !json_object_is_type(member, json_type_int))
        return false;
    number = json_object_get_int64(member);
    *value = (uint32_t)number;
    return number >= 0 && number <= most;
}

bool soft_json_byte(json_object *object, const char *name, uint8_t *value)
{
    uint32_t number;

    if (!soft_json_number(object, name, 0xFF, &number))
        return false;
    *value = (uint8_t)number;
    return true;
}

bool soft_json_boolean(json_object *object, const char *name, bool *value)
{
    json_object *member;

    if (!json_object_object_get_ex(object, name, &member) ||
        !json_object_is_type(member, json_type_boolean))
        return false;
    *value = json_object_get_boolean(member);
    return true;
}

bool soft_json_hex(json_object *object, const char *name, struct soft_bytes *out)
{
    json_object *member;

    return json_object_object_get_ex(object, name, &member) &&
           json_object_is_type(member, json_type_string) &&
           soft_hex_decode(json_object_get_string(member), out);
}

bool soft_json_fixed(json_object *object, const char *name, uint8_t *out, size_t length)
{
    struct soft_bytes bytes = {0};
    bool good = soft_json_hex(object, name, &bytes) && bytes.length == length;

    if (good && length > 0)
        memcpy(out, bytes.data, length);
    soft_bytes_free(&bytes);
    return good;
}

bool soft_json_key(json_object *object, const char *name, EVP_PKEY **key)
{
    struct soft_bytes der = {0};
    const uint8_t *place;

    *key = NULL;
    if (soft_json_hex(object, name, &der)) {
        place = der.data;
        *key = d2i_AutoPrivateKey(NULL, &place, (long)der.length);
    }
    soft_bytes_free(&der);
    return *key != NULL;
}

bool soft_json_objects(json_object *object, const char *name, struct soft_objects *objects)
{
    json_object *member;
    struct soft_bytes value = {0};
    bool good = true;

    if (!json_object_object_get_ex(object, name, &member) ||
        !json_object_is_type(member, json_type_object))
        return false;
    json_object_object_foreach(member, tag, text)
    {
        good = good && json_object_is_type(text, json_type_string);
        soft_bytes_clear(&value);
        good = good && soft_hex_decode(json_object_get_string(text), &value);
        if (good)
            soft_objects_set(objects, (uint32_t)strtoul(tag, NULL, 16), value.data, value.length);
    }
    soft_bytes_free(&value);
    return good;
}
