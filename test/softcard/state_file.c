/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto.h"
#include "state.h"
#include "state_json.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
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

static json_object *reference_write(const struct soft_reference *reference)
{
    json_object *object = json_object_new_object();

    soft_json_add_hex(object, "value", reference->value, sizeof(reference->value));
    soft_json_add_number(object, "tries", reference->tries);
    soft_json_add_number(object, "limit", reference->limit);
    return object;
}

static json_object *management_write(const struct soft_management *management)
{
    json_object *object = json_object_new_object();

    soft_json_add_number(object, "algorithm", management->algorithm);
    soft_json_add_number(object, "touch_policy", management->touch_policy);
    soft_json_add_hex(object, "key", management->key, soft_cipher_key_size(management->algorithm));
    return object;
}

static json_object *key_write(const struct soft_key *key, size_t slot)
{
    json_object *object = json_object_new_object();

    soft_json_add_number(object, "slot", (uint32_t)slot);
    soft_json_add_number(object, "algorithm", key->algorithm);
    soft_json_add_number(object, "pin_policy", key->pin_policy);
    soft_json_add_number(object, "touch_policy", key->touch_policy);
    json_object_object_add(object, "generated", json_object_new_boolean(key->generated));
    soft_json_add_key(object, "private_key", key->pkey);
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

static json_object *state_write(const struct soft_state *state)
{
    json_object *root = json_object_new_object();
    const char *profile = soft_profile_name(state->profile);

    soft_json_add_number(root, "format", STATE_FORMAT);
    json_object_object_add(root, "profile", json_object_new_string(profile));
    soft_json_add_number(root, "serial", state->serial);
    soft_json_add_hex(root, "guid", state->guid, sizeof(state->guid));
    json_object_object_add(root, "pin", reference_write(&state->pin));
    json_object_object_add(root, "puk", reference_write(&state->puk));
    json_object_object_add(root, "management", management_write(&state->management));
    json_object_object_add(root, "keys", keys_write(state));
    soft_json_add_objects(root, "objects", &state->objects);
    soft_json_add_hex(root, "attestation_root", state->attestation_root.data,
                      state->attestation_root.length);
    if (state->profile != SOFT_PROFILE_PIV)
        json_object_object_add(root, "openpgp", soft_openpgp_write(&state->openpgp));
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

/* Reading */

static bool reference_read(json_object *root, const char *name, struct soft_reference *reference)
{
    json_object *object;

    return json_object_object_get_ex(root, name, &object) &&
           soft_json_fixed(object, "value", reference->value, sizeof(reference->value)) &&
           soft_json_byte(object, "tries", &reference->tries) &&
           soft_json_byte(object, "limit", &reference->limit) &&
           reference->tries <= reference->limit;
}

static bool management_read(json_object *root, struct soft_management *management)
{
    json_object *object;

    return json_object_object_get_ex(root, "management", &object) &&
           soft_json_byte(object, "algorithm", &management->algorithm) &&
           soft_cipher_key_size(management->algorithm) > 0 &&
           soft_json_byte(object, "touch_policy", &management->touch_policy) &&
           soft_json_fixed(object, "key", management->key,
                           soft_cipher_key_size(management->algorithm));
}

static bool key_read(json_object *object, struct soft_state *state)
{
    struct soft_key *key;
    uint8_t slot;

    if (!soft_json_byte(object, "slot", &slot))
        return false;
    key = &state->keys[slot];
    return key->pkey == NULL && soft_json_byte(object, "algorithm", &key->algorithm) &&
           soft_algorithm_find(key->algorithm) != NULL &&
           soft_json_byte(object, "pin_policy", &key->pin_policy) &&
           soft_json_byte(object, "touch_policy", &key->touch_policy) &&
           soft_json_boolean(object, "generated", &key->generated) &&
           soft_json_key(object, "private_key", &key->pkey);
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

static bool profile_read(json_object *root, struct soft_state *state)
{
    json_object *member;

    return json_object_object_get_ex(root, "profile", &member) &&
           json_object_is_type(member, json_type_string) &&
           soft_profile_find(json_object_get_string(member), &state->profile);
}

/* A state from before there was this application: it is as new. */
static bool openpgp_read(json_object *root, struct soft_state *state)
{
    json_object *member;

    soft_openpgp_init(&state->openpgp, state->profile == SOFT_PROFILE_YUBIKEY);
    return !json_object_object_get_ex(root, "openpgp", &member) ||
           soft_openpgp_read(member, &state->openpgp);
}

static bool state_read(json_object *root, struct soft_state *state)
{
    uint32_t format;

    return soft_json_number(root, "format", STATE_FORMAT, &format) && format == STATE_FORMAT &&
           profile_read(root, state) &&
           soft_json_number(root, "serial", UINT32_MAX, &state->serial) &&
           soft_json_fixed(root, "guid", state->guid, sizeof(state->guid)) &&
           reference_read(root, "pin", &state->pin) && reference_read(root, "puk", &state->puk) &&
           management_read(root, &state->management) && keys_read(root, state) &&
           soft_json_objects(root, "objects", &state->objects) &&
           soft_json_hex(root, "attestation_root", &state->attestation_root) &&
           openpgp_read(root, state);
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
