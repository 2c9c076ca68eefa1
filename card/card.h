/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card layer, as the provider and the utility see it: find keys and certificates on smart
 * cards by URI, use the keys, manage the card. It knows no provider and no CA.
 *
 * Any thread may call, with any of these objects. After fork() a child goes on with the objects it
 * inherited: it opens connections of its own and never touches the parent's.
 *
 * Each operation takes one PC/SC transaction, released before the function returns and never held
 * while a person is asked for something, but for a PIN at the reader's keypad.
 */
#ifndef CARD_CARD_H
#define CARD_CARD_H

#include "error.h"
#include "secret.h"
#include "types.h"
#include "uri.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the context ------------------------------------------------------------------------- */

/* The cards in use and the PINs known for them: one of these for a provider instance. */
struct card_context;

/*
 * A new context. Opens nothing: PC/SC is reached for by the first search. `libctx` is where public
 * keys are made and signatures verified (NULL: the default one); it must outlive the context and
 * everything found with it, and must have OpenSSL's default provider.
 */
struct error *card_context_new(OSSL_LIB_CTX *libctx, struct card_context **out) MUST_CHECK;

/*
 * The PKCS #11 module for URIs that say app=pkcs11 and name none (NULL: there is none), and how
 * many seconds each module has for an ordinary call (0: 30). Before anything is looked for.
 * ERROR_NO_MEMORY.
 */
struct error *card_context_set_module(struct card_context *context, const char *path,
                                      unsigned seconds) MUST_CHECK;

/*
 * Tells a person, in one line of text without an end, what to type at a reader's keypad. Called in
 * the middle of an operation: it asks nothing, waits for nothing, and calls nothing of this header.
 */
typedef void card_pad_notice(const char *text);

/* Who is told; NULL: nobody. Before anything is looked for. */
void card_context_set_pad_notice(struct card_context *context, card_pad_notice *notice);

/* Lets go of the context; keys and cards that were found with it stay usable. NULL is fine. */
void card_context_free(struct card_context *context);

/* ---- finding keys and certificates ------------------------------------------------------- */

/* A key on a card: the card, the slot, the public half, and how its PIN is had. */
struct card_key;

struct card_key_list {
    struct card_key **items;
    size_t count;
};

struct card_certificate {
    char *uri;    /* full URI, type=cert */
    uint8_t *der; /* the certificate, decompressed */
    size_t der_length;
};

struct card_certificate_list {
    struct card_certificate *items;
    size_t count;
};

/*
 * The one key that fits `uri`. On success *out is a reference for card_key_free().
 * ERROR_NO_SERVICE, _NO_READER, _NO_CARD, _UNKNOWN_CARD, _NOT_FOUND (no such slot, empty slot, or
 * a public half that cannot be read: the message tells them apart), _AMBIGUOUS (the message lists
 * every candidate as a full URI), _UNSUPPORTED.
 */
struct error *card_find_key(struct card_context *context, const struct card_uri *uri,
                            struct card_key **out) MUST_CHECK;

/*
 * Every key that fits, in the order of readers and slots; at least one. Errors as above but
 * _AMBIGUOUS. Certificates are read only where they are the one way to a public key.
 */
struct error *card_find_keys(struct card_context *context, const struct card_uri *uri,
                             struct card_key_list *out) MUST_CHECK;

/* Every certificate that fits, with or without a key beside it; at least one. Errors as above. */
struct error *card_find_certificates(struct card_context *context, const struct card_uri *uri,
                                     struct card_certificate_list *out) MUST_CHECK;

/* Empties a list and frees what is in it. */
void card_key_list_clear(struct card_key_list *list);
void card_certificate_list_clear(struct card_certificate_list *list);

/* ---- a key ------------------------------------------------------------------------------- */

/*
 * A key that is known from elsewhere, such as from a key reference. No card is touched: the first
 * operation looks for the card that has this very public half in the URI's slot, and fails with
 * ERROR_OTHER_KEY, before any PIN is sent, where none has. The public half is referenced, not
 * copied. `at_pad`: its PIN is typed at the reader's keypad, unless the URI names another source.
 * ERROR_ARGUMENT where the URI names no slot, _UNSUPPORTED, _NOT_FOUND as for searches.
 */
struct error *card_key_from_reference(struct card_context *context, const struct card_uri *uri,
                                      EVP_PKEY *public_key, enum card_policy pin_policy,
                                      bool at_pad, struct card_key **out) MUST_CHECK;

/* When the key wants its PIN: CARD_POLICY_NEVER, _ONCE or _ALWAYS. */
enum card_policy card_key_pin_policy(const struct card_key *key);

/* When it wants a touch: CARD_POLICY_NEVER, _ALWAYS, _CACHED, or _DEFAULT for not known. */
enum card_policy card_key_touch_policy(const struct card_key *key);

enum card_origin card_key_origin(const struct card_key *key);

/* The slot, in the application's own word. Belongs to the key. */
const char *card_key_slot(const struct card_key *key);

/* One more reference to the same key. */
struct card_key *card_key_ref(struct card_key *key);

/* Drops a reference. NULL is fine. */
void card_key_free(struct card_key *key);

/* The public half, in the context's libctx. Belongs to the key. */
EVP_PKEY *card_key_public(const struct card_key *key);

/*
 * The full URI of the key's object of that type (card:serial=...;app=...;slot=...;type=...), which
 * fits nothing else, with the pin-source that it was found with; the caller frees it. May ask the
 * card for its serial number; for a key from a reference that names the card, no card is touched.
 */
struct error *card_key_uri(struct card_key *key, enum card_object_type type, char **out) MUST_CHECK;

/* The certificate in the key's slot; the caller frees *der. ERROR_NOT_FOUND where there is none. */
struct error *card_key_certificate(struct card_key *key, uint8_t **der,
                                   size_t *der_length) MUST_CHECK;

/* Whether the key's card can do that with this key; asks nobody. */
bool card_key_can(const struct card_key *key, enum card_mechanism mechanism);

/*
 * Signs `in` and verifies the result with the public half before it is handed out.
 * `out` must have room for EVP_PKEY_get_size(card_key_public(key)) bytes; *out_length is set.
 *
 * Makes sure, in the fewest APDUs, that the right application is selected, that the slot still
 * holds this key, and that the PIN has been verified where the key needs it. A PIN is sent once:
 * when the card refuses it, the process remembers and fails from then on without asking the card.
 * One that is typed at the reader's keypad is typed once; the transaction is held meanwhile.
 * ERROR_PIN_SOURCE where a PIN is needed and none was prepared; _PIN_WRONG (with the tries left),
 * _PIN_LAST_TRY, _PIN_BLOCKED, _PIN_ABORTED, _PIN_TIMEOUT, _OTHER_KEY, _CARD_REMOVED, _NO_CARD,
 * _SIGNATURE, ...
 */
struct error *card_key_sign(struct card_key *key, enum card_mechanism mechanism, const uint8_t *in,
                            size_t in_length, uint8_t *out, size_t *out_length) MUST_CHECK;

/*
 * Decrypts `in` by CARD_MECHANISM_RSA_DECRYPT, and makes sure that the public half encrypts the
 * result to `in` again. The result is still padded, and what is in it is a secret: removing the
 * padding, and telling nobody how that went, is the caller's. Room and errors as for signatures,
 * and ERROR_CIPHERTEXT for what is no ciphertext of this key.
 */
struct error *card_key_decrypt(struct card_key *key, enum card_mechanism mechanism,
                               const uint8_t *in, size_t in_length, uint8_t *out,
                               size_t *out_length) MUST_CHECK;

/*
 * Agrees on a secret with the holder of the public key `in`, by CARD_MECHANISM_ECDH or _X25519.
 * The caller makes sure that `in` is a point on the key's curve. Nothing can check the result: it
 * is what the card says. Room and errors as for signatures.
 */
struct error *card_key_derive(struct card_key *key, enum card_mechanism mechanism,
                              const uint8_t *in, size_t in_length, uint8_t *out,
                              size_t *out_length) MUST_CHECK;

/* ---- PINs -------------------------------------------------------------------------------- */

/*
 * Asks a person, or whatever stands in for one, for a PIN. `what` names the card for the prompt.
 * On success *pin is a new secret. No lock and no transaction is held during the call.
 */
typedef struct error *card_pin_prompt(void *argument, const char *what, struct secret **pin);

/*
 * Gets hold of the PIN that the key will need, without sending it to the card: nothing where the
 * key needs none or the process knows the card's PIN already; else the URI's pin-value or
 * pin-source; else `source`, which is written like a pin-source, or NULL; else nothing where the
 * reader has a keypad at which it can be typed when it is needed; else `prompt` (NULL: there is
 * nobody to ask). "pad:" and "host:" as sources leave the keypad, or the prompt. The PIN outlives
 * the key: the context keeps it for the card, or for the next key from a reference with the same
 * public half.
 * ERROR_PIN_SOURCE (no source; missing or unreadable file, variable or credential), _PIN_FORMAT,
 * _PIN_WRONG (the same PIN was refused before).
 */
struct error *card_key_prepare_pin(struct card_key *key, const char *source,
                                   card_pin_prompt *prompt, void *argument) MUST_CHECK;

/* Whether the key's PIN is typed at the reader's keypad, as far as is known without asking a card
   that was not met yet. */
struct error *card_key_pin_at_pad(struct card_key *key, bool *out) MUST_CHECK;

/* Where a PIN comes from by that pin-source; NULL: CARD_PIN_ANYWHERE. */
enum card_pin_place card_pin_place(const char *source);

/* The PIN that `source` names, as in a URI's pin-source; *pin is a new secret. ERROR_PIN_SOURCE. */
struct error *card_pin_read(const char *source, struct secret **pin) MUST_CHECK;

/*
 * Has the card verify the PIN that was prepared, so that a wrong one is known now and not at the
 * first signature. Nothing where the key needs none. Errors as for card_key_sign().
 */
struct error *card_key_verify_pin(struct card_key *key) MUST_CHECK;

/* ---- managing a card --------------------------------------------------------------------- */

struct card;

/*
 * The one application of a card that fits `uri`: a slot that it names has to be one of the
 * application's, empty or not. Errors as for keys.
 */
struct error *card_find(struct card_context *context, const struct card_uri *uri,
                        struct card **out) MUST_CHECK;
void card_free(struct card *card);

/*
 * As card_find(), but of several applications of one card it takes the first: most cards that make
 * keys have more than one, and whoever names neither slot nor application leaves the choice to us.
 */
struct error *card_find_for_key(struct card_context *context, const struct card_uri *uri,
                                struct card **out) MUST_CHECK;

/* The serial number as text; belongs to the card. Asks the card once. */
struct error *card_serial(struct card *card, const char **out) MUST_CHECK;

/* The state of the PIN, without using up a try. */
struct error *card_pin_status(struct card *card, struct card_pin_status *out) MUST_CHECK;

/*
 * What proves that one may change the card: PIV's management key (16, 24 or 32 bytes in hexadecimal
 * digits), OpenPGP's admin PIN, a PKCS #11 token's PIN of its security officer; as text. Where
 * `secret` is NULL it is what every new card has, or, with `behind_pin`, what the card keeps behind
 * its PIN. NULL for the whole struct is what every new card has.
 */
struct card_admin {
    struct secret *secret;
    struct secret *pin; /* is verified first, if there */
    bool behind_pin;
    bool secret_at_pad; /* instead of `secret`: it is typed at the reader's keypad */
    bool pin_at_pad;    /* instead of `pin`: likewise, and is verified first */
    bool use_last_try;  /* of the admin's secret, or of the PIN, where tries are counted */
};

/*
 * Reads such a secret from a source as PINs have them ("file:PATH", "env:NAME",
 * "credential:NAME"); "factory" gives NULL. *out is a new secret. ERROR_PIN_SOURCE.
 */
struct error *card_admin_read(const char *source, struct secret **out) MUST_CHECK;

/*
 * Makes a key in `slot`: authentication, a last look at the slot and the generation are one
 * transaction. *public is the new public half, for EVP_PKEY_free(). ERROR_DENIED for a wrong
 * `admin`, _UNSUPPORTED for an algorithm or a policy that the card lacks, _ARGUMENT where the slot
 * is in use and `overwrite` is not set.
 */
struct error *card_generate_key(struct card *card, const struct card_admin *admin, const char *slot,
                                const struct card_generate_options *options,
                                EVP_PKEY **public_key) MUST_CHECK;

/*
 * The first slot that the card shows to be free, and whose keys want a PIN, as text for free().
 * ERROR_NOT_FOUND where none is, _UNSUPPORTED where the card does not show that.
 */
struct error *card_free_slot(struct card *card, char **out) MUST_CHECK;

/*
 * Makes a key on the one card that fits `uri`, in its slot; where it names none, in the first one
 * that the card shows to be free and whose keys want a PIN. *out is for card_key_free().
 */
struct error *card_make_key(struct card_context *context, const struct card_uri *uri,
                            const struct card_admin *admin,
                            const struct card_generate_options *options,
                            struct card_key **out) MUST_CHECK;

/*
 * Deletes the key from its card, if it is still the one in its slot. ERROR_DENIED, _OTHER_KEY,
 * _UNSUPPORTED where the card cannot: YubiKeys can from firmware 5.7 on.
 */
struct error *card_key_delete(struct card_key *key, const struct card_admin *admin) MUST_CHECK;

/*
 * Writes a certificate (DER) beside the key in `slot`. ERROR_DENIED, _ARGUMENT (not a
 * certificate), _OTHER_KEY (it is for another key than the slot's, where the card shows that).
 */
struct error *card_store_certificate(struct card *card, const struct card_admin *admin,
                                     const char *slot, const uint8_t *der,
                                     size_t der_length) MUST_CHECK;

#endif
