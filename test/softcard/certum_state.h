/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_CERTUM_STATE_H
#define SOFTCARD_CERTUM_STATE_H

#include "bytes.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

struct json_object;

#define SOFT_CERTUM_PIN_FIELD 16 /* bytes of a PIN, zeros after it */
#define SOFT_CERTUM_INDEXES   16 /* of objects of a kind; 0 stands for none */

/* A PIN or a PUK. With a limit of 0 there is none yet: the profile is not initialised. */
struct soft_certum_pin {
    uint8_t value[SOFT_CERTUM_PIN_FIELD];
    uint8_t tries;
    uint8_t limit;
};

enum soft_certum_type { SOFT_CERTUM_RSA, SOFT_CERTUM_EC, SOFT_CERTUM_KEY_TYPES };

struct soft_certum_key {
    EVP_PKEY *pkey;    /* NULL: there is none */
    uint8_t algorithm; /* enum soft_algorithm_id */
    struct soft_bytes label;
};

struct soft_certum_certificate {
    struct soft_bytes der; /* empty: there is none */
    struct soft_bytes label;
};

/* All that the application remembers without power. */
struct soft_certum {
    struct soft_certum_pin pin;
    struct soft_certum_pin puk;
    struct soft_certum_key keys[SOFT_CERTUM_KEY_TYPES][SOFT_CERTUM_INDEXES];
    struct soft_certum_certificate certificates[SOFT_CERTUM_INDEXES];
};

/* With PIN 123456 and PUK 12345678, or as the factory leaves it: without. */
void soft_certum_init(struct soft_certum *certum, bool initialised);

/* Gives back what it holds, wiping it. */
void soft_certum_free(struct soft_certum *certum);

/* As JSON; the caller owns it. */
struct json_object *soft_certum_write(const struct soft_certum *certum);

/* Replaces what is in `certum`. False when it is no such JSON. */
bool soft_certum_read(struct json_object *root, struct soft_certum *certum);

#endif
