/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto.h"
#include "hex.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <libgen.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define STATE_FORMAT 1

static char *message_new(const char *path, const char *what)
{
    char *message = NULL;

    if (asprintf(&message, "%s: %s", path, what) < 0)
        abort();
    return message;
}

char *soft_state_lock(struct soft_state *state, const char *path)
{
    char *name = NULL;

    if (asprintf(&name, "%s.lock", path) < 0)
        abort();
    state->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(name);
    if (state->lock < 0)
        return message_new(path, strerror(errno));
    if (flock(state->lock, LOCK_EX | LOCK_NB) != 0)
        return message_new(path,
                           "another softcard is using this state; end it, or name another file");
    state->path = strdup(path);
    return NULL;
}

/* Writing */

static void hex_add(json_object *object, const char *name, const uint8_t *data, size_t length)
{
    char *hex = soft_hex_encode(data, length);

    json_object_object_add(object, name, json_object_new_string(hex));
    OPENSSL_cleanse(hex, strlen(hex));
    free(hex);
}

static void number_add(json_object *object, const char *name, uint32_t value)
{
    json_object_object_add(object, name, json_object_new_int64(value));
}

static json_object *reference_write(const struct soft_reference *reference)
{
    json_object *object = json_object_new_object();

    hex_add(object, "value", reference->value, sizeof(reference->value));
    number_add(object, "tries", reference->tries);
    number_add(object, "limit", reference->limit);
    return object;
}

static json_object *management_write(const struct soft_management *management)
{
    json_object *object = json_object_new_object();

    number_add(object, "algorithm", management->algorithm);
    number_add(object, "touch_policy", management->touch_policy);
    hex_add(object, "key", management->key, soft_cipher_key_size(management->algorithm));
    return object;
}

static json_object *key_write(const struct soft_key *key, size_t slot)
{
    json_object *object = json_object_new_object();
    uint8_t *der = NULL;
    int length = i2d_PrivateKey(key->pkey, &der);

    if (length <= 0)
        abort();
    number_add(object, "slot", (uint32_t)slot);
    number_add(object, "algorithm", key->algorithm);
    number_add(object, "pin_policy", key->pin_policy);
    number_add(object, "touch_policy", key->touch_policy);
    json_object_object_add(object, "generated", json_object_new_boolean(key->generated));
    hex_add(object, "private_key", der, (size_t)length);
    OPENSSL_clear_free(der, (size_t)length);
    return object;
}

static json_object *keys_write(const struct soft_state *state)
{
    json_object *array = json_object_new_array();

    for (size_t slot = 0; slot < 256; slot++) {
        if (state->keys[slot].pkey != NULL)
            json_object_array_add(array, key_write(&state->keys[slot], slot));
    }
    return array;
}

static json_object *objects_write(const struct soft_state *state)
{
    json_object *object = json_object_new_object();
    char name[16];

    for (size_t i = 0; i < state->object_count; i++) {
        snprintf(name, sizeof(name), "%x", state->objects[i].tag);
        hex_add(object, name, state->objects[i].value.data, state->objects[i].value.length);
    }
    return object;
}

static json_object *state_write(const struct soft_state *state)
{
    json_object *root = json_object_new_object();
    const char *profile = state->profile == SOFT_PROFILE_PIV ? "piv" : "yubikey";

    number_add(root, "format", STATE_FORMAT);
    json_object_object_add(root, "profile", json_object_new_string(profile));
    number_add(root, "serial", state->serial);
    hex_add(root, "guid", state->guid, sizeof(state->guid));
    json_object_object_add(root, "pin", reference_write(&state->pin));
    json_object_object_add(root, "puk", reference_write(&state->puk));
    json_object_object_add(root, "management", management_write(&state->management));
    json_object_object_add(root, "keys", keys_write(state));
    json_object_object_add(root, "objects", objects_write(state));
    hex_add(root, "attestation_root", state->attestation_root.data, state->attestation_root.length);
    return root;
}

static bool directory_sync(const char *path)
{
    char *copy = strdup(path);
    int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = directory >= 0 && fsync(directory) == 0;

    if (directory >= 0)
        close(directory);
    free(copy);
    return good;
}

static bool text_write(int file, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, text, length);

        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return fsync(file) == 0;
}

static bool file_replace(const char *path, const char *text)
{
    char *temporary = NULL;
    int file;
    bool good;

    if (asprintf(&temporary, "%s.new", path) < 0)
        abort();
    file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    good = file >= 0 && text_write(file, text, strlen(text));
    if (file >= 0)
        good = close(file) == 0 && good;
    good = good && rename(temporary, path) == 0 && directory_sync(path);
    free(temporary);
    return good;
}

bool soft_state_save(const struct soft_state *state)
{
    json_object *root;
    bool good;

    if (state->path == NULL)
        return true;
    root = state_write(state);
    good = file_replace(state->path, json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
    json_object_put(root);
    return good;
}

/* Reading: nothing is believed, a state may have been edited by hand. */

static bool number_read(json_object *object, const char *name, uint32_t most, uint32_t *value)
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

static bool byte_read(json_object *object, const char *name, uint8_t *value)
{
    uint32_t number;

    if (!number_read(object, name, 0xFF, &number))
        return false;
    *value = (uint8_t)number;
    return true;
}

static bool hex_read(json_object *object, const char *name, struct soft_bytes *out)
{
    json_object *member;

    return json_object_object_get_ex(object, name, &member) &&
           json_object_is_type(member, json_type_string) &&
           soft_hex_decode(json_object_get_string(member), out);
}

/* Reads exactly `length` bytes. */
static bool fixed_read(json_object *object, const char *name, uint8_t *out, size_t length)
{
    struct soft_bytes bytes = {0};
    bool good = hex_read(object, name, &bytes) && bytes.length == length;

    if (good)
        memcpy(out, bytes.data, length);
    soft_bytes_free(&bytes);
    return good;
}

static bool reference_read(json_object *root, const char *name, struct soft_reference *reference)
{
    json_object *object;

    return json_object_object_get_ex(root, name, &object) &&
           fixed_read(object, "value", reference->value, sizeof(reference->value)) &&
           byte_read(object, "tries", &reference->tries) &&
           byte_read(object, "limit", &reference->limit) && reference->tries <= reference->limit;
}

static bool management_read(json_object *root, struct soft_management *management)
{
    json_object *object;

    return json_object_object_get_ex(root, "management", &object) &&
           byte_read(object, "algorithm", &management->algorithm) &&
           soft_cipher_key_size(management->algorithm) > 0 &&
           byte_read(object, "touch_policy", &management->touch_policy) &&
           fixed_read(object, "key", management->key, soft_cipher_key_size(management->algorithm));
}

static bool key_read(json_object *object, struct soft_state *state)
{
    struct soft_bytes der = {0};
    const uint8_t *place;
    json_object *generated;
    struct soft_key *key;
    uint8_t slot;

    if (!byte_read(object, "slot", &slot))
        return false;
    key = &state->keys[slot];
    if (key->pkey != NULL || !byte_read(object, "algorithm", &key->algorithm) ||
        soft_algorithm_find(key->algorithm) == NULL ||
        !byte_read(object, "pin_policy", &key->pin_policy) ||
        !byte_read(object, "touch_policy", &key->touch_policy) ||
        !json_object_object_get_ex(object, "generated", &generated) ||
        !hex_read(object, "private_key", &der)) {
        soft_bytes_free(&der);
        return false;
    }
    key->generated = json_object_get_boolean(generated);
    place = der.data;
    key->pkey = d2i_AutoPrivateKey(NULL, &place, (long)der.length);
    soft_bytes_free(&der);
    return key->pkey != NULL;
}

static bool keys_read(json_object *root, struct soft_state *state)
{
    json_object *array;

    if (!json_object_object_get_ex(root, "keys", &array) ||
        !json_object_is_type(array, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        if (!key_read(json_object_array_get_idx(array, i), state))
            return false;
    }
    return true;
}

static bool objects_read(json_object *root, struct soft_state *state)
{
    json_object *objects;
    struct soft_bytes value = {0};
    bool good = true;

    if (!json_object_object_get_ex(root, "objects", &objects) ||
        !json_object_is_type(objects, json_type_object))
        return false;
    json_object_object_foreach(objects, name, member)
    {
        good = good && json_object_is_type(member, json_type_string);
        soft_bytes_clear(&value);
        good = good && soft_hex_decode(json_object_get_string(member), &value);
        if (good)
            soft_state_object_set(state, (uint32_t)strtoul(name, NULL, 16), value.data,
                                  value.length);
    }
    soft_bytes_free(&value);
    return good;
}

static bool profile_read(json_object *root, struct soft_state *state)
{
    json_object *member;
    const char *name;

    if (!json_object_object_get_ex(root, "profile", &member))
        return false;
    name = json_object_get_string(member);
    state->profile =
        name != NULL && strcmp(name, "piv") == 0 ? SOFT_PROFILE_PIV : SOFT_PROFILE_YUBIKEY;
    return name != NULL && (strcmp(name, "piv") == 0 || strcmp(name, "yubikey") == 0);
}

static bool state_read(json_object *root, struct soft_state *state)
{
    uint32_t format;

    return number_read(root, "format", STATE_FORMAT, &format) && format == STATE_FORMAT &&
           profile_read(root, state) && number_read(root, "serial", UINT32_MAX, &state->serial) &&
           fixed_read(root, "guid", state->guid, sizeof(state->guid)) &&
           reference_read(root, "pin", &state->pin) && reference_read(root, "puk", &state->puk) &&
           management_read(root, &state->management) && keys_read(root, state) &&
           objects_read(root, state) &&
           hex_read(root, "attestation_root", &state->attestation_root);
}

char *soft_state_load(struct soft_state *state, bool *found)
{
    json_object *root;
    bool good;

    *found = access(state->path, F_OK) == 0;
    if (!*found)
        return errno == ENOENT ? NULL : message_new(state->path, strerror(errno));
    root = json_object_from_file(state->path);
    good = root != NULL && state_read(root, state);
    json_object_put(root);
    return good ? NULL
                : message_new(state->path, "this is no softcard state; remove it to start afresh");
}
