/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card application: PIV, OpenPGP, ... as a table of functions. A card that cannot do a thing has
 * NULL for it, and the caller gets an error that says so. What the card at hand can do is
 * discovered from the card and kept in the application's own state, never assumed from its name.
 *
 * Every function is called inside a transaction, and all but `detect` with the application
 * selected. They return the card's refusal as ERROR_CARD_STATUS; card.c decides whether that
 * means that another process changed the card's state, and starts afresh once.
 */
#ifndef CARD_APP_H
#define CARD_APP_H

#include "apdu.h"
#include "card.h"

/* A slot as an application shows it. */
struct app_key {
    char slot[8];                  /* the URI's word for it */
    const char *label;             /* or NULL; belongs to the application's state */
    EVP_PKEY *public_key;          /* owned by whoever holds the struct */
    enum card_policy pin_policy;   /* NEVER, ONCE or ALWAYS */
    enum card_policy touch_policy; /* NEVER, ALWAYS, CACHED, or DEFAULT for not known */
};

struct app_state; /* each application's own, made by detect */

struct card_app {
    const char *name;        /* the URI's word for it: "piv" */
    const char *const *slots; /* NULL-terminated, in the order in which they are listed */

    /* What a person calls it, such as "PIV". */
    const char *title;

    /* PIN lengths, in bytes, that can be right. */
    size_t pin_minimum, pin_maximum;

    /*
     * Selects the application. *found says whether the card has it. *state is new where it was
     * NULL, and brought up to date where it was not (after a reset).
     */
    struct error *(*select)(struct apdu_channel *channel, OSSL_LIB_CTX *libctx,
                            struct app_state **state, bool *found);
    void (*free_state)(struct app_state *state);

    /* The serial number as text; the caller frees it. */
    struct error *(*serial)(struct apdu_channel *channel, struct app_state *state, char **out);

    /*
     * What is in `slot`. ERROR_NOT_FOUND for an empty slot, or one whose public half the card
     * does not show (the message says which).
     */
    struct error *(*read_key)(struct apdu_channel *channel, struct app_state *state,
                              const char *slot, struct app_key *out);

    /* The certificate in `slot`, decompressed; the caller frees it. ERROR_NOT_FOUND. */
    struct error *(*read_certificate)(struct apdu_channel *channel, struct app_state *state,
                                      const char *slot, uint8_t **der, size_t *length);

    struct error *(*pin_status)(struct apdu_channel *channel, struct app_state *state,
                                struct card_pin_status *out);

    /* Sends the PIN. A refusal is ERROR_PIN_WRONG or _PIN_BLOCKED, with *tries_left set. */
    struct error *(*verify_pin)(struct apdu_channel *channel, struct app_state *state,
                                struct secret *pin, int *tries_left);

    bool (*can)(const struct app_state *state, const struct app_key *key,
                enum card_mechanism mechanism);
    struct error *(*sign)(struct apdu_channel *channel, struct app_state *state,
                          const struct app_key *key, enum card_mechanism mechanism,
                          const uint8_t *in, size_t in_length, uint8_t *out, size_t *out_length);

    struct error *(*authenticate_admin)(struct apdu_channel *channel, struct app_state *state,
                                        struct secret *admin);
    struct error *(*generate_key)(struct apdu_channel *channel, struct app_state *state,
                                  const char *slot, const struct card_generate_options *options,
                                  EVP_PKEY **public_key);
    struct error *(*store_certificate)(struct apdu_channel *channel, struct app_state *state,
                                       const char *slot, const uint8_t *der, size_t length);
};

extern const struct card_app piv_app;

#endif
