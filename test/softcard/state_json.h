/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_STATE_JSON_H
#define SOFTCARD_STATE_JSON_H

#include "bytes.h"
#include "objects.h"

#include <json-c/json.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Members of a JSON object, written. Bytes are written as hexadecimal digits. */
void soft_json_add_hex(json_object *object, const char *name, const uint8_t *data, size_t length);
void soft_json_add_number(json_object *object, const char *name, uint32_t value);
void soft_json_add_key(json_object *object, const char *name, const EVP_PKEY *key);
void soft_json_add_objects(json_object *object, const char *name,
                           const struct soft_objects *objects);

/*
 * The same members, read. Nothing is believed, a state may have been edited by hand: false when the
 * member is missing, of another type, or not what it should be.
 */
bool soft_json_number(json_object *object, const char *name, uint32_t most, uint32_t *value);
bool soft_json_byte(json_object *object, const char *name, uint8_t *value);
bool soft_json_boolean(json_object *object, const char *name, bool *value);

/* Appends bytes of any number. */
bool soft_json_hex(json_object *object, const char *name, struct soft_bytes *out);

/* Reads exactly `length` bytes. */
bool soft_json_fixed(json_object *object, const char *name, uint8_t *out, size_t length);

/* Reads a private key; the caller owns it. */
bool soft_json_key(json_object *object, const char *name, EVP_PKEY **key);

/* Adds the data objects that there are. */
bool soft_json_objects(json_object *object, const char *name, struct soft_objects *objects);

#endif
