/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Managing cards, beyond what card.h has for whoever only uses keys: which cards there are, what is
 * on them, their secrets, and what a card manager does with them. The rules of card.h hold: any
 * thread may call, an operation is one transaction, nobody is asked for anything in one.
 *
 * A card that cannot do a thing gives ERROR_UNSUPPORTED, with a message that says so.
 */
#ifndef CARD_MANAGE_H
#define CARD_MANAGE_H

#include "card.h"

/* ---- which cards there are --------------------------------------------------------------- */

/* An application that was found on a card. */
struct card_application {
    const char *name;  /* "piv" */
    const char *title; /* "PIV" */
    char *serial;      /* or NULL: the card has none */
    struct card *card; /* a reference */
};

struct card_reader {
    char *name;
    bool card_present;
    char *atr;                             /* in hexadecimal digits; NULL where not known */
    struct card_application *applications; /* those that are known here */
    size_t application_count;
    struct error *failure; /* why a card, or one of its applications, cannot be used; or NULL */
};

struct card_reader_list {
    struct card_reader *items;
    size_t count;
};

/* Every reader, and what is in it. No reader at all is an empty list. ERROR_NO_SERVICE, ... */
struct error *card_readers(struct card_context *context, struct card_reader_list *out) MUST_CHECK;
void card_reader_list_clear(struct card_reader_list *list);

struct card_list {
    struct card **items;
    size_t count;
};

/* Every application of every card that fits `uri`; at least one. Errors as for card_find(). */
struct error *card_find_all(struct card_context *context, const struct card_uri *uri,
                            struct card_list *out) MUST_CHECK;
void card_list_clear(struct card_list *list);

/* What a card is called: the application's words for itself, and the reader. Belong to the card. */
const char *card_application_name(const struct card *card);
const char *card_application_title(const struct card *card);
const char *card_reader_name(const struct card *card);

/* The card's full URI, which fits no other, without slot; the caller frees it. */
struct error *card_uri_of(struct card *card, char **out) MUST_CHECK;

/* Who made it. What the card does not say is left empty. */
struct error *card_read_make(struct card *card, struct card_make *out) MUST_CHECK;

/* Whether its profile is initialised, that is: whether it can be used at all. */
struct error *card_is_initialised(struct card *card, bool *out) MUST_CHECK;

/* What the keypad of a card's reader can do with PINs. */
struct card_pad {
    bool verifies, changes;
};

struct error *card_read_pad(struct card *card, struct card_pad *out) MUST_CHECK;

/*
 * Whether a secret can be typed there for that. *why_not (the caller frees it; may be NULL) is the
 * reason where there is a keypad, and it cannot: ERROR_UNSUPPORTED.
 */
struct error *card_pad_serves(struct card *card, enum card_pad_use use, enum card_secret which,
                              bool *out, struct error **why_not) MUST_CHECK;

/* ---- what is on a card ------------------------------------------------------------------- */

/* A slot that is worth a look. */
struct card_slot {
    char *name;
    struct card_key *key;      /* or NULL */
    struct error *key_failure; /* why there is none: ERROR_NOT_FOUND, _UNSUPPORTED, _CARD_ANSWER */
    uint8_t *certificate;      /* DER, or NULL */
    size_t certificate_length;
    struct error *certificate_failure; /* why there is none, as above */
};

struct card_slot_list {
    struct card_slot *items;
    size_t count;
};

/* All slots worth a look, empty ones too, in one transaction. */
struct error *card_read_slots(struct card *card, struct card_slot_list *out) MUST_CHECK;
void card_slot_list_clear(struct card_slot_list *list);

/* The certificate in a slot; the caller frees *der. ERROR_NOT_FOUND. */
struct error *card_read_certificate(struct card *card, const char *slot, uint8_t **der,
                                    size_t *der_length) MUST_CHECK;

/* What a key in `slot` (NULL: in any) can be made to be. */
struct error *card_read_algorithms(struct card *card, const char *slot,
                                   struct card_algorithms *out) MUST_CHECK;

/* ERROR_UNSUPPORTED where no card of this kind makes keys by us; the message says what to do. */
struct error *card_check_generates(const struct card *card) MUST_CHECK;

/* The card's statement about a key, and the certificate of what signed it; DER. */
struct card_attestation {
    uint8_t *statement;
    size_t statement_length;
    uint8_t *issuer;
    size_t issuer_length;
};

/* ERROR_NOT_FOUND for an empty slot, _UNSUPPORTED for a card or a key without a statement. */
struct error *card_attest(struct card *card, const char *slot,
                          struct card_attestation *out) MUST_CHECK;
void card_attestation_clear(struct card_attestation *attestation);

/* ---- secrets ----------------------------------------------------------------------------- */

/* State and rules of a secret; costs no try. ERROR_UNSUPPORTED where such cards have none. */
struct error *card_read_secret_info(struct card *card, enum card_secret which,
                                    struct card_secret_info *out) MUST_CHECK;

/* ERROR_PIN_FORMAT where a new secret is not what the rules say, and says those. */
struct error *card_check_new_secret(const struct card_secret_info *info,
                                    struct secret *value) MUST_CHECK;

/* A secret that is to change. */
struct card_change {
    enum card_secret which;
    struct secret *proof; /* the one that info.changed_by names; NULL: what every new card has */
    struct secret *new_value;
    bool use_last_try;
    bool at_pad; /* both are typed at the reader's keypad, and are NULL here */
};

/*
 * Changes a secret. Everything that can be known is checked before anything is sent: the rules of
 * both, whether this process has seen the proof refused, the tries. ERROR_PIN_FORMAT, _PIN_WRONG,
 * _PIN_LAST_TRY, _PIN_BLOCKED; _DENIED where tries are not counted.
 */
struct error *card_change_secret(struct card *card, const struct card_change *change) MUST_CHECK;

/*
 * Gives the PIN a new value and all its tries by the secret that change->which names, which has to
 * be one that `unblocks`; change->proof is that one. Errors as above.
 */
struct error *card_unblock_pin(struct card *card, const struct card_change *change) MUST_CHECK;

/*
 * Sets the management key of a card that has one. `key` is text in hexadecimal digits; NULL: a
 * random one is made. With options->behind_pin admin->pin has to be given. *out (may be NULL) is
 * the key as text, a new secret.
 */
struct error *card_set_admin_key(struct card *card, const struct card_admin *admin,
                                 struct secret *key, const struct card_admin_key_options *options,
                                 struct secret **out) MUST_CHECK;

/* ---- changes ----------------------------------------------------------------------------- */

/* Deletes whatever key is in the slot. ERROR_NOT_FOUND, _DENIED, _UNSUPPORTED. */
struct error *card_delete_key(struct card *card, const struct card_admin *admin,
                              const char *slot) MUST_CHECK;

/* Deletes the certificate in the slot. ERROR_NOT_FOUND, _DENIED. */
struct error *card_delete_certificate(struct card *card, const struct card_admin *admin,
                                      const char *slot) MUST_CHECK;

/*
 * Moves a key to another slot, and then the certificate beside it, of which an interruption leaves
 * one too many at worst. ERROR_NOT_FOUND where there is no key, _ARGUMENT where `to` is in use,
 * _DENIED, _UNSUPPORTED.
 */
struct error *card_move_key(struct card *card, const struct card_admin *admin, const char *from,
                            const char *to) MUST_CHECK;

/*
 * Makes the card what it was when it left the factory. What is not known of it any more afterwards
 * is forgotten here, too. After an interruption the same call carries on. `admin` may be NULL.
 */
struct error *card_reset(struct card *card, const struct card_admin *admin) MUST_CHECK;

#endif
