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

/* The longest name of a slot, its end included: a CKA_ID of 64 bytes in hexadecimal digits. */
#define APP_SLOT_MAX 132

/* What is in a slot. */
struct app_key {
    char slot[APP_SLOT_MAX];       /* the URI's word for it */
    EVP_PKEY *public_key;          /* owned by whoever holds the struct */
    enum card_policy pin_policy;   /* NEVER, ONCE or ALWAYS */
    enum card_policy touch_policy; /* NEVER, ALWAYS, CACHED, or DEFAULT for not known */
    unsigned pin_use; /* 0 to 7: keys with another number want the same PIN verified once more */
    unsigned uses; /* the application's own notes of what `can` affirms; 0 before it has looked */
    enum card_origin origin;
};

/* Names of slots. */
struct app_slot_list {
    char (*names)[APP_SLOT_MAX];
    size_t count;
};

/* Appends a name, shorter than APP_SLOT_MAX. ERROR_NO_MEMORY. */
struct error *app_slot_list_add(struct app_slot_list *list, const char *name) MUST_CHECK;
void app_slot_list_clear(struct app_slot_list *list);

/*
 * Whether an error is about what is in one slot alone: it must not hide what is in the others.
 */
bool app_is_slot_failure(const struct error *error);

/* Who asks for a change to the card. */
struct app_admin {
    struct secret *secret; /* as text; NULL: what a card has when it leaves the factory */
    bool use_last_try;     /* where tries are counted */
    bool at_pad;           /* it is typed at the reader's keypad; `secret` is NULL */
};

/* A secret that changes. Both as text, of a length and of characters that were checked. */
struct app_change {
    enum card_secret which;
    struct secret *proof;     /* the one it is changed by; NULL: the factory's */
    struct secret *new_value; /* what it shall be */
    bool at_pad;              /* both are typed at the reader's keypad, and are NULL here */
};

/*
 * Uses a private key by a mechanism that `can` affirms. `out` has room for EVP_PKEY_get_size()
 * bytes of the public key; *out_length is set. A result that the public key can check is checked
 * before it is handed out.
 */
typedef struct error *app_key_function(struct apdu_channel *channel, void *state,
                                       const struct app_key *key, enum card_mechanism mechanism,
                                       const uint8_t *in, size_t in_length, uint8_t *out,
                                       size_t *out_length);

struct card_app {
    const char *name;  /* the URI's word for it: "piv" */
    const char *title; /* what a person calls it, such as "PIV" */

    /* What a person can do about what is NULL here, for messages; or NULL. */
    const char *way_out;

    /* ---- slots --------------------------------------------------------------------------- */

    /* Which slots there are, for a person who named another: "9a, 9c, 9d, 9e and 82 to 95". */
    const char *slot_names;

    /*
     * Writes the URI's word for a slot as the application writes it. False where no card of this
     * kind has such a slot.
     */
    bool (*slot_name)(const char *text, char out[APP_SLOT_MAX]);

    /* ---- the card ------------------------------------------------------------------------ */

    /*
     * Selects the application. *found says whether the card has it. *state, the application's
     * own, is made where it was NULL.
     */
    struct error *(*select)(struct apdu_channel *channel, OSSL_LIB_CTX *libctx, void **state,
                            bool *found);
    void (*free_state)(void *state);

    /* The serial number as text; the caller frees it. ERROR_NOT_FOUND where the card has none. */
    struct error *(*serial)(struct apdu_channel *channel, void *state, char **out);

    /*
     * That number is known from selecting, and asking for it costs no exchange: it then stands for
     * the card's keys after a reconnect, and for a key reference that names it. Each signature is
     * checked, so that a key that was replaced meanwhile is found out.
     */
    bool serial_known;

    /* Nobody else can come between: what answers on a connection is the application, always. */
    bool own_connection;

    /* The slots that are worth a look when every key is wanted, in the order of listing. */
    struct error *(*slots_in_use)(struct apdu_channel *channel, void *state,
                                  struct app_slot_list *out);

    /* Whether there may be more than the card shows before its PIN is verified. NULL: there is not.
     */
    bool (*hides)(const void *state);

    /* Those with something of that label in them. NULL: such cards have no labels. */
    struct error *(*slots_with_label)(struct apdu_channel *channel, void *state, const char *label,
                                      struct app_slot_list *out);

    /* ---- keys ---------------------------------------------------------------------------- */

    /*
     * What is in `slot`. ERROR_NOT_FOUND for an empty slot, or one whose public half the card
     * does not show (the message says which); _UNSUPPORTED for a key of an unknown kind; _DENIED
     * where it is not to be seen before the PIN is verified.
     */
    struct error *(*read_key)(struct apdu_channel *channel, void *state, const char *slot,
                              struct app_key *out);

    /*
     * The same for a public half that is known already: all but the public half is filled in,
     * without an exchange. ERROR_NOT_FOUND for an empty slot. Where `serial_known` this stands for
     * reading the key; elsewhere it is for keys that the card does not show, and ERROR_NOT_FOUND
     * where it shows them. NULL where every card shows its keys.
     */
    struct error *(*describe_key)(struct apdu_channel *channel, void *state, const char *slot,
                                  struct app_key *out);

    /* The certificate in `slot`, decompressed, into an empty buffer. ERROR_NOT_FOUND. */
    struct error *(*read_certificate)(struct apdu_channel *channel, void *state, const char *slot,
                                      struct buffer *der);

    /* Whether such a key in such a slot can be used like that; asks nobody. */
    bool (*can)(const struct app_key *key, enum card_mechanism mechanism);

    /*
     * Whether these bytes can be used with it by a mechanism that `can` affirms; asks nobody, so
     * that no PIN is sent in vain. ERROR_UNSUPPORTED, _ARGUMENT. NULL: whatever has a length that
     * fits.
     */
    struct error *(*accepts)(const struct app_key *key, enum card_mechanism mechanism,
                             const uint8_t *in, size_t in_length);

    /*
     * Tells what the key is about to do, before the PIN is presented for it; may correct the key's
     * pin_policy by what the card has shown meanwhile. NULL: that does not matter.
     */
    void (*begin_use)(void *state, struct app_key *key, enum card_mechanism mechanism);

    /* Signatures; decryption; key agreement (ECDH, X25519): who can do none of a kind has NULL. */
    app_key_function *sign;
    app_key_function *decrypt;
    app_key_function *derive;

    /* ---- the PIN ------------------------------------------------------------------------- */

    size_t pin_minimum, pin_maximum; /* lengths in bytes that can be right */

    /* The PIN's state, whether it is verified included. */
    struct error *(*pin_status)(struct apdu_channel *channel, void *state,
                                struct card_pin_status *out);

    /*
     * The PIN's tries, in one exchange at most and in the way that says most about who answers:
     * *proven tells that only this application can have answered like that.
     */
    struct error *(*pin_tries)(struct apdu_channel *channel, void *state,
                               struct card_pin_status *out, bool *proven);

    /* Whether pin_tries will prove that. */
    bool (*pin_tries_prove)(const void *state);

    /*
     * Sends the PIN, whose length is right, as that key wants it; NULL: has it typed at the
     * reader's keypad, which pin_entry describes. A refusal is ERROR_PIN_WRONG or _PIN_BLOCKED,
     * with *tries_left set.
     */
    struct error *(*verify_pin)(struct apdu_channel *channel, void *state,
                                const struct app_key *key, struct secret *pin, int *tries_left);

    /*
     * The command by which a secret that is typed at the reader's keypad does that.
     * ERROR_UNSUPPORTED where the card wants something that no keypad makes of what is typed. NULL:
     * such cards always do.
     */
    struct error *(*pin_entry)(struct apdu_channel *channel, void *state, enum card_pad_use use,
                               enum card_secret which, struct pin_entry *out);

    /* Whether the card asks for its PIN itself, by a keypad of its own. NULL: it does not. */
    bool (*asks_itself)(const void *state);

    /* ---- managing the card --------------------------------------------------------------- */

    /* The PIN allows that: there is nothing else, and authenticate_admin is not needed. */
    bool admin_is_pin;

    /*
     * Makes sure that what follows is allowed. ERROR_DENIED for what is wrong where no tries are
     * counted; where they are, ERROR_PIN_WRONG, _PIN_BLOCKED, _PIN_LAST_TRY (not sent), and
     * _PIN_FORMAT (not sent). What was refused is remembered, and not sent again, by the caller.
     */
    struct error *(*authenticate_admin)(struct apdu_channel *channel, void *state,
                                        const struct app_admin *admin);

    /*
     * The admin's secret, as text, from behind the PIN, which is verified: a new secret.
     * ERROR_NOT_FOUND where the card keeps none there. NULL: cards of this kind cannot.
     */
    struct error *(*read_admin)(struct apdu_channel *channel, void *state, struct secret **out);

    /* The first slot that the card shows to be free. ERROR_NOT_FOUND, _UNSUPPORTED. */
    struct error *(*free_slot)(struct apdu_channel *channel, void *state, char slot[APP_SLOT_MAX]);
    struct error *(*generate_key)(struct apdu_channel *channel, void *state, const char *slot,
                                  const struct card_generate_options *options, struct app_key *out);
    struct error *(*delete_key)(struct apdu_channel *channel, void *state, const char *slot);
    struct error *(*store_certificate)(struct apdu_channel *channel, void *state, const char *slot,
                                       const uint8_t *der, size_t length);
    struct error *(*delete_certificate)(struct apdu_channel *channel, void *state,
                                        const char *slot);

    /* Without its certificate. ERROR_NOT_FOUND, _ARGUMENT where `to` is in use, _UNSUPPORTED. */
    struct error *(*move_key)(struct apdu_channel *channel, void *state, const char *from,
                              const char *to);

    /* What a key in `slot` can be made to be; asks nobody for authentication. */
    struct error *(*algorithms)(struct apdu_channel *channel, void *state, const char *slot,
                                struct card_algorithms *out);

    /*
     * The card's own statement about the key in `slot`, and the certificate of what signed it, into
     * empty buffers. ERROR_NOT_FOUND for an empty slot; _UNSUPPORTED for cards, and for keys,
     * that have none.
     */
    struct error *(*attest)(struct apdu_channel *channel, void *state, const char *slot,
                            struct buffer *statement, struct buffer *issuer);

    /* ---- secrets ------------------------------------------------------------------------- */

    /* Whether it is ready for use; NULL: such cards always are. */
    struct error *(*initialised)(struct apdu_channel *channel, void *state, bool *out);

    /*
     * State and rules of a secret, without using up a try. ERROR_UNSUPPORTED where cards of this
     * kind have no such secret.
     */
    struct error *(*secret_info)(struct apdu_channel *channel, void *state, enum card_secret which,
                                 struct card_secret_info *out);

    /*
     * Changes a secret. A proof that is refused is ERROR_PIN_WRONG or _PIN_BLOCKED with *tries_left
     * set (-1 where not said), ERROR_DENIED where tries are not counted. Tries were looked at.
     */
    struct error *(*change_secret)(struct apdu_channel *channel, void *state,
                                   const struct app_change *change, int *tries_left);

    /*
     * Gives the PIN a new value and all its tries, by a secret that `unblocks`: change->which names
     * that one, change->proof is it. Refusals as above.
     */
    struct error *(*unblock_pin)(struct apdu_channel *channel, void *state,
                                 const struct app_change *change, int *tries_left);

    /*
     * Sets a management key, after authentication and, for one behind the PIN, verification. `key`
     * is text; NULL: a random one. *out is the key as text. NULL where the admin's secret is
     * changed like other secrets.
     */
    struct error *(*set_admin_key)(struct apdu_channel *channel, void *state, struct secret *key,
                                   const struct card_admin_key_options *options,
                                   struct secret **out);

    /*
     * Makes the card what it was when it left the factory: no keys, no certificates, its first
     * secrets. Whatever that takes, such as blocking the secrets, is done here, so that after an
     * interruption the same function carries on. `admin` may be NULL: nothing was given.
     */
    struct error *(*reset)(struct apdu_channel *channel, void *state,
                           const struct app_admin *admin);

    /* Who made the card, and its firmware; what is not known is left empty. */
    struct error *(*make)(struct apdu_channel *channel, void *state, struct card_make *out);
};

/* The applications that are looked for on cards, NULL-terminated, in the order of looking. */
extern const struct card_app *const card_apps[];

/* The same for what PKCS #11 modules show, which nothing else is. */
extern const struct card_app *const module_apps[];

/* ERROR_UNSUPPORTED: "a Certum card `what`", and what a person can do about it. */
struct error *app_cannot(const struct card_app *app, const char *what)
    __attribute__((warn_unused_result, returns_nonnull));

extern const struct card_app certum_app;
extern const struct card_app openpgp_app;
extern const struct card_app piv_app;
extern const struct card_app pkcs11_app;

#endif
