/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card application: PIV, OpenPGP, ... as a table of functions. A card that cannot do a thing has
 * NULL for it, and the caller gets an error that says so. What the card at hand can do is
 * discovered from the card and kept in the application's own state, never assumed from its name.
 *
 * Every function is called inside a transaction, and all but `select` with the application
 * selected, as far as is known. They return the card's refusal as ERROR_CARD_STATUS; the session
 * decides whether that means that another process changed the card's state, and starts afresh
 * once.
 */
#ifndef CARD_APP_H
#define CARD_APP_H

#include "apdu.h"
#include "error.h"
#include "secret.h"
#include "types.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app_key;

/*
 * Uses a private key by a mechanism that `can` affirms. `out` has room for EVP_PKEY_get_size()
 * bytes of the public key; *out_length is set. A result that the public key can check is checked
 * before it is handed out.
 */
typedef struct error *app_key_function(struct apdu_channel *channel, void *state,
                                       const struct app_key *key, enum card_mechanism mechanism,
                                       const uint8_t *in, size_t in_length, uint8_t *out,
                                       size_t *out_length);

/* What is in a slot. */
struct app_key {
    char slot[8];                  /* the URI's word for it */
    EVP_PKEY *public_key;          /* owned by whoever holds the struct */
    enum card_policy pin_policy;   /* NEVER, ONCE or ALWAYS */
    enum card_policy touch_policy; /* NEVER, ALWAYS, CACHED, or DEFAULT for not known */
};

struct card_app {
    const char *name;         /* the URI's word for it: "piv" */
    const char *const *slots; /* NULL-terminated, in the order in which they are listed */

    /* What a person calls it, such as "PIV". */
    const char *title;

    /* PIN lengths, in bytes, that can be right. */
    size_t pin_minimum, pin_maximum;

    /*
     * Selects the application. *found says whether the card has it. *state, the application's
     * own, is made where it was NULL.
     */
    struct error *(*select)(struct apdu_channel *channel, OSSL_LIB_CTX *libctx, void **state,
                            bool *found);
    void (*free_state)(void *state);

    /* The serial number as text; the caller frees it. ERROR_NOT_FOUND where the card has none. */
    struct error *(*serial)(struct apdu_channel *channel, void *state, char **out);

    /* How many of `slots`, from the first, are worth a look when every key is wanted. */
    struct error *(*slots_in_use)(struct apdu_channel *channel, void *state, size_t *count);

    /*
     * What is in `slot`. ERROR_NOT_FOUND for an empty slot, or one whose public half the card
     * does not show (the message says which); _UNSUPPORTED for a key of an unknown kind.
     */
    struct error *(*read_key)(struct apdu_channel *channel, void *state, const char *slot,
                              struct app_key *out);

    /* The certificate in `slot`, decompressed, into an empty buffer. ERROR_NOT_FOUND. */
    struct error *(*read_certificate)(struct apdu_channel *channel, void *state, const char *slot,
                                      struct buffer *der);

    /* The PIN's state, whether it is verified included. */
    struct error *(*pin_status)(struct apdu_channel *channel, void *state,
                                struct card_pin_status *out);

    /*
     * The PIN's tries, in one exchange and in the way that says most about who answers: *proven
     * tells that only this application can have answered like that.
     */
    struct error *(*pin_tries)(struct apdu_channel *channel, void *state,
                               struct card_pin_status *out, bool *proven);

    /* Whether pin_tries will prove that. */
    bool (*pin_tries_prove)(const void *state);

    /*
     * Sends the PIN, whose length is right. A refusal is ERROR_PIN_WRONG or _PIN_BLOCKED, with
     * *tries_left set.
     */
    struct error *(*verify_pin)(struct apdu_channel *channel, void *state, struct secret *pin,
                                int *tries_left);

    bool (*can)(const EVP_PKEY *key, enum card_mechanism mechanism);

    /* Signatures; decryption; key agreement (ECDH, X25519): who can do none of a kind has NULL. */
    app_key_function *sign;
    app_key_function *decrypt;
    app_key_function *derive;

    struct error *(*authenticate_admin)(struct apdu_channel *channel, void *state,
                                        struct secret *admin);

    /* The first slot that the card shows to be free. ERROR_NOT_FOUND, _UNSUPPORTED. */
    struct error *(*free_slot)(struct apdu_channel *channel, void *state, const char **slot);
    struct error *(*generate_key)(struct apdu_channel *channel, void *state, const char *slot,
                                  const struct card_generate_options *options, struct app_key *out);
    struct error *(*delete_key)(struct apdu_channel *channel, void *state, const char *slot);
    struct error *(*store_certificate)(struct apdu_channel *channel, void *state, const char *slot,
                                       const uint8_t *der, size_t length);
};

extern const struct card_app piv_app;

#endif
