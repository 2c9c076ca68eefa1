/* SPDX-License-Identifier: BSD-2-Clause */
#include "refusals.h"

#include "atomic_file.h"
#include "card/pin_store.h"
#include "file_load.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct refusals {
    struct pin_store store;
    struct state *state;
    bool again;
};

/* ---- the key ----------------------------------------------------------------------------- */

static struct error *make_key(const char *path, uint8_t key[PIN_STORE_KEY_SIZE])
{
    if (RAND_bytes(key, PIN_STORE_KEY_SIZE) != 1)
        return error_new(ERROR_INTERNAL, "there are no random numbers");
    return atomic_file_write(path, ATOMIC_FILE_REPLACE, 0600, key, PIN_STORE_KEY_SIZE);
}

/* A key that is damaged or lost is made anew: then what was refused costs one more try. */
static struct error *load_key(const struct state *state, uint8_t key[PIN_STORE_KEY_SIZE])
{
    struct buffer bytes = {0};
    char *path;
    struct error *error = state_path(state, &path, "refusals.key");
    bool there = error == NULL && access(path, F_OK) == 0;

    if (there)
        error = file_load_secret(path, PIN_STORE_KEY_SIZE, &bytes);
    if (error == NULL && bytes.length == PIN_STORE_KEY_SIZE)
        memcpy(key, bytes.bytes, PIN_STORE_KEY_SIZE);
    else if (error == NULL)
        error = make_key(path, key);
    buffer_clear(&bytes);
    free(path);
    return error;
}

/* ---- the store --------------------------------------------------------------------------- */

static void to_text(const uint8_t digest[PIN_STORE_DIGEST_SIZE],
                    char out[2 * PIN_STORE_DIGEST_SIZE + 1])
{
    for (size_t i = 0; i < PIN_STORE_DIGEST_SIZE; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static struct error *add(void *argument, const struct pin_refusal *refusal)
{
    const struct refusals *refusals = argument;
    char digest[2 * PIN_STORE_DIGEST_SIZE + 1];

    to_text(refusal->digest, digest);
    return state_run(refusals->state,
                     "INSERT OR IGNORE INTO refusal (app, card, digest) VALUES (?1, ?2, ?3)",
                     STATE_VALUES(refusal->app, refusal->identity, digest));
}

static struct error *take_match(void *argument, const char *const *row)
{
    (void)row;
    *(bool *)argument = true;
    return NULL;
}

static struct error *look(void *argument, const struct pin_refusal *refusal, bool *refused)
{
    const struct refusals *refusals = argument;
    char digest[2 * PIN_STORE_DIGEST_SIZE + 1];

    *refused = false;
    if (refusals->again)
        return NULL;
    to_text(refusal->digest, digest);
    return state_query(refusals->state,
                       "SELECT 1 FROM refusal WHERE app = ?1 AND card = ?2 AND digest = ?3",
                       STATE_VALUES(refusal->app, refusal->identity, digest), take_match, refused);
}

static struct error *forget(void *argument, const struct pin_refusal *refusal)
{
    const struct refusals *refusals = argument;

    return state_run(refusals->state, "DELETE FROM refusal WHERE app = ?1 AND card = ?2",
                     STATE_VALUES(refusal->app, refusal->identity));
}

/* ---- opening ----------------------------------------------------------------------------- */

struct error *refusals_open(struct state *state, bool again, struct refusals **out)
{
    struct refusals *refusals = calloc(1, sizeof(*refusals));
    struct error *error;

    *out = NULL;
    if (refusals == NULL)
        return error_no_memory();
    refusals->store =
        (struct pin_store){.argument = refusals, .add = add, .look = look, .forget = forget};
    refusals->state = state;
    refusals->again = again;
    error = load_key(state, refusals->store.key);
    if (error != NULL) {
        free(refusals);
        return error;
    }
    pin_store_use(&refusals->store);
    *out = refusals;
    return NULL;
}

void refusals_close(struct refusals *refusals)
{
    if (refusals == NULL)
        return;
    pin_store_use(NULL);
    OPENSSL_cleanse(refusals->store.key, sizeof(refusals->store.key));
    free(refusals);
}
