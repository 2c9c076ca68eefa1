/* SPDX-License-Identifier: BSD-2-Clause */
#include "certum_state.h"

#include "crypto.h"
#include "state_json.h"

#include <string.h>

#define TRIES 3

static void pin_init(struct soft_certum_pin *pin, const char *digits)
{
    memcpy(pin->value, digits, strlen(digits));
    pin->tries = TRIES;
    pin->limit = TRIES;
}

void soft_certum_init(struct soft_certum *certum, bool initialised)
{
    memset(certum, 0, sizeof(*certum));
    if (!initialised)
        return;
    pin_init(&certum->pin, "123456");
    pin_init(&certum->puk, "12345678");
}

void soft_certum_free(struct soft_certum *certum)
{
    for (size_t type = 0; type < SOFT_CERTUM_KEY_TYPES; type++) {
        for (size_t i = 0; i < SOFT_CERTUM_INDEXES; i++) {
            EVP_PKEY_free(certum->keys[type][i].pkey);
            soft_bytes_free(&certum->keys[type][i].label);
        }
    }
    for (size_t i = 0; i < SOFT_CERTUM_INDEXES; i++) {
        soft_bytes_free(&certum->certificates[i].der);
        soft_bytes_free(&certum->certificates[i].label);
    }
    OPENSSL_cleanse(certum, sizeof(*certum));
}

/* The file */

static json_object *pin_write(const struct soft_certum_pin *pin)
{
    json_object *object = json_object_new_object();

    soft_json_add_hex(object, "value", pin->value, sizeof(pin->value));
    soft_json_add_number(object, "tries", pin->tries);
    soft_json_add_number(object, "limit", pin->limit);
    return object;
}

static void keys_write(const struct soft_certum *certum, json_object *array)
{
    for (uint32_t type = 0; type < SOFT_CERTUM_KEY_TYPES; type++) {
        for (uint32_t i = 1; i < SOFT_CERTUM_INDEXES; i++) {
            const struct soft_certum_key *key = &certum->keys[type][i];
            json_object *object;

            if (key->pkey == NULL)
                continue;
            object = json_object_new_object();
            soft_json_add_number(object, "type", type);
            soft_json_add_number(object, "index", i);
            soft_json_add_number(object, "algorithm", key->algorithm);
            soft_json_add_hex(object, "label", key->label.data, key->label.length);
            soft_json_add_key(object, "private_key", key->pkey);
            json_object_array_add(array, object);
        }
    }
}

static void certificates_write(const struct soft_certum *certum, json_object *array)
{
    for (uint32_t i = 1; i < SOFT_CERTUM_INDEXES; i++) {
        const struct soft_certum_certificate *certificate = &certum->certificates[i];
        json_object *object;

        if (certificate->der.length == 0)
            continue;
        object = json_object_new_object();
        soft_json_add_number(object, "index", i);
        soft_json_add_hex(object, "label", certificate->label.data, certificate->label.length);
        soft_json_add_hex(object, "certificate", certificate->der.data, certificate->der.length);
        json_object_array_add(array, object);
    }
}

json_object *soft_certum_write(const struct soft_certum *certum)
{
    json_object *root = json_object_new_object();
    json_object *keys = json_object_new_array();
    json_object *certificates = json_object_new_array();

    keys_write(certum, keys);
    certificates_write(certum, certificates);
    json_object_object_add(root, "pin", pin_write(&certum->pin));
    json_object_object_add(root, "puk", pin_write(&certum->puk));
    json_object_object_add(root, "keys", keys);
    json_object_object_add(root, "certificates", certificates);
    return root;
}

static bool pin_read(json_object *root, const char *name, struct soft_certum_pin *pin)
{
    json_object *object;

    return json_object_object_get_ex(root, name, &object) &&
           soft_json_fixed(object, "value", pin->value, sizeof(pin->value)) &&
           soft_json_byte(object, "tries", &pin->tries) &&
           soft_json_byte(object, "limit", &pin->limit) && pin->tries <= pin->limit;
}

static bool key_read(json_object *object, struct soft_certum *certum)
{
    uint32_t type;
    uint32_t index;
    struct soft_certum_key *key;

    if (!soft_json_number(object, "type", SOFT_CERTUM_EC, &type) ||
        !soft_json_number(object, "index", SOFT_CERTUM_INDEXES - 1, &index))
        return false;
    key = &certum->keys[type][index];
    return key->pkey == NULL && soft_json_byte(object, "algorithm", &key->algorithm) &&
           soft_algorithm_find(key->algorithm) != NULL &&
           soft_json_hex(object, "label", &key->label) &&
           soft_json_key(object, "private_key", &key->pkey);
}

static bool certificate_read(json_object *object, struct soft_certum *certum)
{
    uint32_t index;

    return soft_json_number(object, "index", SOFT_CERTUM_INDEXES - 1, &index) &&
           certum->certificates[index].der.length == 0 &&
           soft_json_hex(object, "label", &certum->certificates[index].label) &&
           soft_json_hex(object, "certificate", &certum->certificates[index].der);
}

static bool list_read(json_object *root, const char *name, struct soft_certum *certum,
                      bool (*read)(json_object *object, struct soft_certum *certum))
{
    json_object *array;

    if (!json_object_object_get_ex(root, name, &array) ||
        !json_object_is_type(array, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        if (!read(json_object_array_get_idx(array, i), certum))
            return false;
    }
    return true;
}

bool soft_certum_read(json_object *root, struct soft_certum *certum)
{
    soft_certum_free(certum);
    return pin_read(root, "pin", &certum->pin) && pin_read(root, "puk", &certum->puk) &&
           list_read(root, "keys", certum, key_read) &&
           list_read(root, "certificates", certum, certificate_read);
}
