/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_OPENPGP_STATE_H
#define SOFTCARD_OPENPGP_STATE_H

#include "objects.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

struct json_object;

#define SOFT_PASSWORD_MOST 127

/* The keys, in the order of their data objects: C1, C2, C3 and so on. */
enum soft_pgp_slot { SOFT_PGP_SIG, SOFT_PGP_DEC, SOFT_PGP_AUT, SOFT_PGP_SLOTS };

/* The passwords, in the order of C4. */
enum soft_pgp_password { SOFT_PGP_PW1, SOFT_PGP_RC, SOFT_PGP_PW3, SOFT_PGP_PASSWORDS };

/* A password, or what a host with a KDF made of it. Of length 0: there is none (a reset code). */
struct soft_password {
    uint8_t value[SOFT_PASSWORD_MOST];
    uint8_t length;
    uint8_t tries; /* left; 0 is blocked */
    uint8_t limit; /* what they are set to again */
};

/* Where a key came from, as DO DE tells it (OpenPGP card 3.4.1, 4.4.3). */
enum soft_pgp_origin { SOFT_PGP_NONE, SOFT_PGP_GENERATED, SOFT_PGP_IMPORTED };

struct soft_pgp_key {
    EVP_PKEY *pkey; /* NULL: there is none */
    uint8_t origin;
};

/* All that the OpenPGP application remembers without power. */
struct soft_openpgp {
    bool terminated;
    struct soft_password passwords[SOFT_PGP_PASSWORDS];
    struct soft_pgp_key keys[SOFT_PGP_SLOTS]; /* of the algorithms in C1, C2 and C3 */
    uint32_t signatures;                      /* DO 93, 24 bits of it */
    /* What PUT DATA wrote, by tag and without it. C1 to C3 are always there; C4 is its first byte;
     * the certificates are 7F2100 for AUT, 7F2101 for DEC, 7F2102 for SIG. */
    struct soft_objects objects;
};

/* As the factory leaves it, with the attributes and policy that this kind of card comes with. */
void soft_openpgp_init(struct soft_openpgp *openpgp, bool yubikey);

/* Gives back what it holds, wiping it. */
void soft_openpgp_free(struct soft_openpgp *openpgp);

/* Takes a key away, if there is one. */
void soft_openpgp_key_remove(struct soft_openpgp *openpgp, enum soft_pgp_slot slot);

/* Puts a key there; it is taken over. A new signature key starts counting from 0 (7.2.14). */
void soft_openpgp_key_store(struct soft_openpgp *openpgp, enum soft_pgp_slot slot, EVP_PKEY *key,
                            enum soft_pgp_origin origin);

/* As JSON; the caller owns it. */
struct json_object *soft_openpgp_write(const struct soft_openpgp *openpgp);

/* Replaces what is in `openpgp`. False when it is no such JSON. */
bool soft_openpgp_read(struct json_object *root, struct soft_openpgp *openpgp);

#endif
