/* SPDX-License-Identifier: BSD-2-Clause */
#include "openpgp_state.h"

#include "openpgp_algorithm.h"
#include "state_json.h"

#include <string.h>

#define TRIES 3

/* OpenPGP card 3.4.1, 4.3: what a new card has. There is no reset code until one is set. */
static void passwords_init(struct soft_openpgp *openpgp)
{
    static const char *const values[SOFT_PGP_PASSWORDS] = {
        [SOFT_PGP_PW1] = "123456",
        [SOFT_PGP_RC] = "",
        [SOFT_PGP_PW3] = "12345678",
    };

    for (size_t i = 0; i < SOFT_PGP_PASSWORDS; i++) {
        struct soft_password *password = &openpgp->passwords[i];

        memcpy(password->value, values[i], strlen(values[i]));
        password->length = (uint8_t)strlen(values[i]);
        password->limit = TRIES;
        password->tries = password->length > 0 ? TRIES : 0;
    }
}

/* Both kinds come with RSA-2048, of which a YubiKey says that the exponent has 17 bits. On a
 * YubiKey PW1 is good for many signatures, on others for one. */
void soft_openpgp_init(struct soft_openpgp *openpgp, bool yubikey)
{
    const uint8_t attributes[] = {0x01, 0x08, 0x00, 0x00, yubikey ? 17 : 32, 0x00};
    const uint8_t policy = yubikey ? 1 : 0;

    memset(openpgp, 0, sizeof(*openpgp));
    passwords_init(openpgp);
    for (uint32_t slot = 0; slot < SOFT_PGP_SLOTS; slot++)
        soft_objects_set(&openpgp->objects, 0xC1 + slot, attributes, sizeof(attributes));
    soft_objects_set(&openpgp->objects, 0xC4, &policy, 1);
}

void soft_openpgp_key_remove(struct soft_openpgp *openpgp, enum soft_pgp_slot slot)
{
    EVP_PKEY_free(openpgp->keys[slot].pkey);
    openpgp->keys[slot].pkey = NULL;
    openpgp->keys[slot].origin = SOFT_PGP_NONE;
}

void soft_openpgp_key_store(struct soft_openpgp *openpgp, enum soft_pgp_slot slot, EVP_PKEY *key,
                            enum soft_pgp_origin origin)
{
    soft_openpgp_key_remove(openpgp, slot);
    openpgp->keys[slot].pkey = key;
    openpgp->keys[slot].origin = (uint8_t)origin;
    if (slot == SOFT_PGP_SIG)
        openpgp->signatures = 0;
}

void soft_openpgp_free(struct soft_openpgp *openpgp)
{
    for (size_t slot = 0; slot < SOFT_PGP_SLOTS; slot++)
        soft_openpgp_key_remove(openpgp, (enum soft_pgp_slot)slot);
    soft_objects_free(&openpgp->objects);
    OPENSSL_cleanse(openpgp->passwords, sizeof(openpgp->passwords));
}

/* The file */

static json_object *password_write(const struct soft_password *password)
{
    json_object *object = json_object_new_object();

    soft_json_add_hex(object, "value", password->value, password->length);
    soft_json_add_number(object, "tries", password->tries);
    soft_json_add_number(object, "limit", password->limit);
    return object;
}

static json_object *key_write(const struct soft_pgp_key *key)
{
    json_object *object = json_object_new_object();

    soft_json_add_number(object, "origin", key->origin);
    if (key->pkey != NULL)
        soft_json_add_key(object, "private_key", key->pkey);
    return object;
}

json_object *soft_openpgp_write(const struct soft_openpgp *openpgp)
{
    json_object *root = json_object_new_object();
    json_object *passwords = json_object_new_array();
    json_object *keys = json_object_new_array();

    for (size_t i = 0; i < SOFT_PGP_PASSWORDS; i++)
        json_object_array_add(passwords, password_write(&openpgp->passwords[i]));
    for (size_t i = 0; i < SOFT_PGP_SLOTS; i++)
        json_object_array_add(keys, key_write(&openpgp->keys[i]));
    json_object_object_add(root, "terminated", json_object_new_boolean(openpgp->terminated));
    json_object_object_add(root, "passwords", passwords);
    json_object_object_add(root, "keys", keys);
    soft_json_add_number(root, "signatures", openpgp->signatures);
    soft_json_add_objects(root, "objects", &openpgp->objects);
    return root;
}

static bool password_read(json_object *object, struct soft_password *password)
{
    struct soft_bytes value = {0};
    bool good = soft_json_hex(object, "value", &value) && value.length <= SOFT_PASSWORD_MOST &&
                soft_json_byte(object, "tries", &password->tries) &&
                soft_json_byte(object, "limit", &password->limit) &&
                password->tries <= password->limit;

    if (good && value.length > 0)
        memcpy(password->value, value.data, value.length);
    password->length = good ? (uint8_t)value.length : 0;
    soft_bytes_free(&value);
    return good;
}

static bool key_read(json_object *object, struct soft_pgp_key *key)
{
    return soft_json_byte(object, "origin", &key->origin) && key->origin <= SOFT_PGP_IMPORTED &&
           (key->origin == SOFT_PGP_NONE || soft_json_key(object, "private_key", &key->pkey));
}

/* An array of so many elements, or NULL. */
static json_object *array_find(json_object *root, const char *name, size_t count)
{
    json_object *array;

    if (!json_object_object_get_ex(root, name, &array) ||
        !json_object_is_type(array, json_type_array) || json_object_array_length(array) != count)
        return NULL;
    return array;
}

static bool attributes_are_known(const struct soft_openpgp *openpgp)
{
    for (size_t slot = 0; slot < SOFT_PGP_SLOTS; slot++) {
        if (soft_pgp_algorithm(openpgp, (enum soft_pgp_slot)slot) == NULL)
            return false;
    }
    return true;
}

bool soft_openpgp_read(json_object *root, struct soft_openpgp *openpgp)
{
    json_object *passwords = array_find(root, "passwords", SOFT_PGP_PASSWORDS);
    json_object *keys = array_find(root, "keys", SOFT_PGP_SLOTS);
    bool good = passwords != NULL && keys != NULL;

    soft_openpgp_free(openpgp);
    memset(openpgp, 0, sizeof(*openpgp));
    for (size_t i = 0; good && i < SOFT_PGP_PASSWORDS; i++)
        good = password_read(json_object_array_get_idx(passwords, i), &openpgp->passwords[i]);
    for (size_t i = 0; good && i < SOFT_PGP_SLOTS; i++)
        good = key_read(json_object_array_get_idx(keys, i), &openpgp->keys[i]);
    return good && soft_json_boolean(root, "terminated", &openpgp->terminated) &&
           soft_json_number(root, "signatures", 0xFFFFFF, &openpgp->signatures) &&
           soft_json_objects(root, "objects", &openpgp->objects) && attributes_are_known(openpgp);
}
