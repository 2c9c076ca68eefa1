/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files behind card.h share: the context, cards, and sessions with them. */
#ifndef CARD_CARD_INTERNAL_H
#define CARD_CARD_INTERNAL_H

#include "app.h"
#include "card.h"
#include "lock.h"
#include "pin_memory.h"
#include "transport.h"

#include <stdatomic.h>
#include <sys/types.h>

struct card_context {
    atomic_int references;
    OSSL_LIB_CTX *libctx;
    const struct transport_system *system;
    char *module_path;           /* where the URI names none, or NULL */
    card_pad_notice *pad_notice; /* or NULL */
    unsigned module_seconds;     /* that a module may take for an ordinary call */
    struct lock lock;            /* of the lists; never held while a card is spoken to */
    struct card *cards;
    struct waiting_pin *waiting_pins; /* under the same lock: see waiting_pin.h */
    struct context_module *modules;   /* the PKCS #11 modules in use */
};

/* As card_context_new(), with readers from elsewhere than PC/SC. `system` outlives all. */
struct error *card_context_new_with(OSSL_LIB_CTX *libctx, const struct transport_system *system,
                                    struct card_context **out) MUST_CHECK;

struct card;

/* What the applications of one reader's card share. */
struct card_place {
    atomic_int references;
    _Atomic(const struct card *) selected; /* whose application was selected last, by us */
};

/*
 * One application of the card in a reader, and a connection to it. All keys that hold on to one of
 * these were read from the same card: when another one turns up in the reader, a search starts a
 * new struct.
 */
struct card {
    atomic_int references;
    struct card *next; /* in the context's list, which holds a reference; under its lock */
    OSSL_LIB_CTX *libctx;
    const struct transport_system *system;
    char *reader;
    const struct card_app *app;
    struct card_place *place;
    card_pad_notice *pad_notice; /* the context's */

    struct lock lock; /* of all that follows */
    pid_t process;    /* whose connection it is */
    struct card_transport *transport;
    struct apdu_channel *channel;
    void *state; /* the application's */
    bool connected;
    bool selected;         /* the application, when we last looked */
    unsigned pin_verified; /* likewise, for each pin_use a bit */
    bool doubtful;  /* it may be another card by now: nothing was compared since reconnecting */
    bool fresh;     /* selected, and compared where doubtful, in this very transaction */
    bool proven;    /* in this transaction an answer showed that the application is selected */
    bool shared;    /* there were signs that others use the card */
    bool stale;     /* they may have done so since our last transaction */
    double left_at; /* when that ended, on trace_clock() */

    char *serial;                    /* or NULL: not asked yet */
    bool serial_lacking;             /* asked, and the card has none */
    char witness_slot[APP_SLOT_MAX]; /* a key that tells this card from others, ... */
    EVP_PKEY *witness;               /* ... its public half, or NULL */

    bool pin_typed;             /* at the reader's keypad, where it stays, and accepted */
    struct secret *pin;         /* what is known for it, or NULL */
    bool pin_accepted;          /* by the card, in this process */
    bool pin_refused;           /* the last one was, and there is no other */
    enum pin_answer pin_answer; /* and when, as it was last looked up */
    int pin_tries_left;         /* after that refusal; -1 where not said */
    int pin_tries_seen;         /* the most tries it was seen to have left, or -1 */
    int pin_tries_asked;        /* what was said last, in this transaction, or -1 */
    int pin_doubtful_tries; /* what a refusal said that may be another application's, or -1 ... */
    int pin_tries_before;   /* ... and the tries before it, or -1 */
};

struct card_key {
    atomic_int references;
    const struct card_app *app;
    struct card
        *card; /* NULL until key_find_card() has found the one that a reference stands for */
    struct app_key key;
    struct card_uri *uri; /* where its PIN comes from, and use-last-try */
    enum card_pin_place pin_place;

    /* Of a key that came from a reference. */
    struct card_context *context; /* where to look for its card; NULL: the card is known */
    struct lock lock;             /* of the search, and of the PIN that waits for its end */
    struct secret *pin;
};

/* ---- context.c --------------------------------------------------------------------------- */

/*
 * The context's card in that system's reader of that name, with that application, new where there
 * is none; for card_free(). ERROR_NO_MEMORY.
 */
struct error *context_card(struct card_context *context, const struct transport_system *system,
                           const char *reader, const struct card_app *app,
                           struct card **out) MUST_CHECK;

/*
 * Where `uri` looks: the readers, or a PKCS #11 module's slots. *out is for context_system_free().
 * ERROR_ARGUMENT where it wants a module and nothing says which.
 */
struct error *context_system(struct card_context *context, const struct card_uri *uri,
                             const struct transport_system **out) MUST_CHECK;
void context_system_free(const struct transport_system *system);

/* Takes a card out of the list: it is not what is wanted, or not the one in the reader any more. */
void context_forget(struct card_context *context, struct card *card);

struct card *card_ref(struct card *card);

/* One more reference to the context; card_context_free() drops one. */
struct card_context *context_ref(struct card_context *context);

/* ---- session.c --------------------------------------------------------------------------- */

/* What is done with a card: inside a transaction, its application selected as far as is known. */
typedef struct error *card_operation(struct card *card, void *argument);

/*
 * Runs `operation` in one transaction, and once more from a fresh start where it failed in a way
 * that another process's doings can explain. A fresh start selects the application and makes sure
 * that the card is the one that was found: by `key` (NULL: by what is known of the card), whose
 * slot has to show the same public key. ERROR_OTHER_KEY where it is not the same.
 */
struct error *session_run(struct card *card, const struct card_key *key, card_operation *operation,
                          void *argument) MUST_CHECK;

/* The same for what happens rarely: begins with a fresh start. */
struct error *session_run_fresh(struct card *card, const struct card_key *key,
                                card_operation *operation, void *argument) MUST_CHECK;

/* Inside of an operation: selects the application, which makes sure that it is. */
struct error *session_select(struct card *card) MUST_CHECK;

/* ---- card.c ------------------------------------------------------------------------------ */

/* Inside of an operation: asks for the serial number, unless that has been done. */
struct error *card_learn_serial(struct card *card) MUST_CHECK;

/* The card as messages and prompts call it, such as "PIV card 12345678"; the caller frees it. */
char *card_describe(const struct card *card);

/* The same for a card that is not there; the caller frees it. */
char *card_describe_wanted(const struct card *card);

/* The card's full URI, without slot and type, as fields that belong to the card. */
struct card_uri card_uri_fields(const struct card *card);

/* ---- card_secret.c ----------------------------------------------------------------------- */

/* Inside of operations: the state and the rules of a secret. */
struct error *secret_inform(struct card *card, enum card_secret which,
                            struct card_secret_info *out) MUST_CHECK;

/* Whether `secret` (NULL: the factory's) may be sent as that secret of the card. */
struct error *secret_may_send(struct card *card, enum card_secret which,
                              const struct card_secret_info *info, struct secret *secret,
                              bool use_last_try) MUST_CHECK;

/* ERROR_PIN_WRONG where the card refused it before. */
struct error *secret_look_back(struct card *card, enum card_secret which, const char *name,
                               struct secret *secret) MUST_CHECK;

/* The card has taken one: see pin_memory_accept(). */
struct error *secret_accept(struct card *card, enum card_secret which) MUST_CHECK;

/* Remembers a secret that was refused just now. Takes `refusal` and returns the better one. */
struct error *secret_remember(struct card *card, enum card_secret which, const char *name,
                              struct secret *secret, int tries_left,
                              struct error *refusal) MUST_CHECK;

/* Forgets the PIN and what was known of it: it is another one now. */
void card_forget_pin(struct card *card);

/* ---- card_admin.c ------------------------------------------------------------------------ */

/* Inside of an operation: makes sure that the card may be changed; NULL: by the factory's secret.
 */
struct error *card_authenticate_admin(struct card *card, const struct card_admin *admin) MUST_CHECK;

/* ---- key_pin.c --------------------------------------------------------------------------- */

/* Inside of an operation: makes sure that the PIN is verified as the key wants it. */
struct error *key_present_pin(struct card_key *key) MUST_CHECK;

/*
 * Inside of an operation: the same for a card whose PIN allows changes to it (admin_is_pin). `pin`
 * is taken where the card has none yet, and copied; NULL: there has to be one.
 */
struct error *card_present_pin(struct card *card, struct secret *pin, bool use_last_try) MUST_CHECK;

/* ERROR_PIN_WRONG: the card has refused the PIN before, as card->pin_answer says. */
struct error *card_refused_before(const struct card *card)
    __attribute__((warn_unused_result, returns_nonnull));

/* Inside of an operation, before a PIN is sent: whether one may be, by the tries that are left. */
struct error *key_check_tries(struct card_key *key) MUST_CHECK;

/* ---- card_pad.c -------------------------------------------------------------------------- */

/*
 * Inside of an operation: whether the reader's keypad serves for that. ERROR_NOT_FOUND where it has
 * none, _UNSUPPORTED where it, or the card, cannot.
 */
struct error *card_check_pad(struct card *card, enum card_pad_use use,
                             enum card_secret which) MUST_CHECK;

/* Tells whoever can see it what is to be typed at the keypad of the card's reader now. */
void card_tell_pad(const struct card *card, enum card_pad_use use, const char *secret);

/* Inside of an operation: whether the key's PIN, which nobody knows, is typed at the keypad. */
struct error *key_uses_pad(struct card_key *key, bool *out) MUST_CHECK;

/* Inside of an operation: has it typed there, unless it is verified. */
struct error *key_present_at_pad(struct card_key *key) MUST_CHECK;

/* ---- find.c ------------------------------------------------------------------------------ */

/*
 * The key in the URI's slot that has this public half, on whatever card it is: as card_find_key(),
 * but the URI's serial number and reader are not looked at. `pin` (or NULL) is for a card that
 * shows its keys only after it.
 */
struct error *find_key_by_public(struct card_context *context, const struct card_uri *uri,
                                 const EVP_PKEY *public_key, struct secret *pin,
                                 struct card_key **out) MUST_CHECK;

/* ---- search.c ---------------------------------------------------------------------------- */

/* Refuses a URI that no card known here can fit, and names the first application that can. */
struct error *find_app(const struct card_uri *uri, const struct card_app **app) MUST_CHECK;

/* ---- key_prepare.c ----------------------------------------------------------------------- */

/* Where the URI says that the PIN comes from. */
enum card_pin_place key_place_of(const struct card_uri *uri);

/* Gives the card a PIN, if it has none yet: *pin is NULL then. */
struct error *card_keep_pin(struct card *card, struct secret **pin) MUST_CHECK;

/* ---- key_reference.c --------------------------------------------------------------------- */

/* Whether the key came from a reference that says all about its place, its card not met yet. */
bool key_is_placed(struct card_key *key);

/* Makes sure that the key's card is known: every operation begins with it. Costs nothing then. */
struct error *key_find_card(struct card_key *key) MUST_CHECK;

/* The card as prompts call it before it is known; the caller frees it. NULL: no memory. */
char *key_describe_card(const struct card_key *key);

/* ---- key.c ------------------------------------------------------------------------------- */

/* A key that was read from a card; owns what is in `read` from here on, also when it fails. */
struct error *card_key_new(struct card *card, struct app_key *read, const struct card_uri *uri,
                           struct card_key **out) MUST_CHECK;

#endif
