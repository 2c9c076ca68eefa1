/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_STATE_H
#define SOFTCARD_STATE_H

#include "bytes.h"
#include "objects.h"
#include "openpgp_state.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOFT_PIN_LENGTH 8
#define SOFT_TRIES      3

enum soft_profile { SOFT_PROFILE_YUBIKEY, SOFT_PROFILE_PIV, SOFT_PROFILE_OPENPGP };

/* The profile's name, as the option --profile takes it. */
const char *soft_profile_name(enum soft_profile profile);

/* Finds a profile by its name. False when there is none of it. */
bool soft_profile_find(const char *name, enum soft_profile *profile);

/* Policies, as Yubico's tags AA and AB number them. */
enum soft_policy { SOFT_POLICY_DEFAULT, SOFT_POLICY_NEVER, SOFT_POLICY_ONCE, SOFT_POLICY_ALWAYS };

/* A PIN or a PUK. */
struct soft_reference {
    uint8_t value[SOFT_PIN_LENGTH];
    uint8_t tries; /* left; 0 is blocked */
    uint8_t limit; /* what they are set to again */
};

struct soft_key {
    EVP_PKEY *pkey; /* NULL: the slot is empty */
    uint8_t algorithm;
    uint8_t pin_policy;
    uint8_t touch_policy;
    bool generated; /* or else imported */
};

/* The management key (9B). */
struct soft_management {
    uint8_t algorithm;
    uint8_t touch_policy;
    uint8_t key[32];
};

/* All that a card remembers without power. */
struct soft_state {
    char *path; /* NULL: it lives in memory only */
    int lock;   /* held while this process uses the file, or -1 */
    enum soft_profile profile;
    uint32_t serial;
    uint8_t guid[16];
    struct soft_reference pin;
    struct soft_reference puk;
    struct soft_management management;
    struct soft_key keys[256];          /* by slot */
    struct soft_objects objects;        /* what PIV's GET DATA answers, with the outer tag */
    struct soft_bytes attestation_root; /* the test root's certificate, DER */
    struct soft_openpgp openpgp;        /* the other application; a plain PIV card has it idle */
};

/* A new card's state, in memory, as the factory leaves it: no keys, default PINs. */
void soft_state_init(struct soft_state *state, enum soft_profile profile, uint32_t serial);

/* Of PIV: sets PIN, PUK and management key to their defaults and forgets all keys but F9 and all
 * objects but F9's certificate. */
void soft_state_reset(struct soft_state *state);

/* Gives back what the state holds; the file stays. */
void soft_state_free(struct soft_state *state);

/*
 * Takes the lock of the file at `path`, so that no second card uses the same state. Returns NULL,
 * or what is wrong, to be freed by the caller.
 */
char *soft_state_lock(struct soft_state *state, const char *path);

/*
 * Reads the state from state->path. `*found` says whether there is such a file. Returns NULL, or
 * what is wrong with it, to be freed by the caller.
 */
char *soft_state_load(struct soft_state *state, bool *found);

/*
 * Writes the state so that a crash at any moment leaves the old file or the new one: temporary
 * file, fsync, rename, fsync of the directory. Without a path it does nothing. Returns false when a
 * step fails, errno says why.
 */
bool soft_state_save(const struct soft_state *state);

/* PIV's object with that tag, or NULL. */
const struct soft_bytes *soft_state_object(const struct soft_state *state, uint32_t tag);

/* Replaces or adds one of PIV's objects; a length of 0 removes it. */
void soft_state_object_set(struct soft_state *state, uint32_t tag, const void *value,
                           size_t length);

/* Empties a slot. */
void soft_state_key_remove(struct soft_state *state, uint8_t slot);

#endif
