/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenPGP: "Functional Specification of the OpenPGP application on ISO Smart Card Operating
 * Systems", version 3.4.1, which numbers of sections refer to; versions 2.0 on are understood. What
 * the files openpgp_*.c share.
 */
#ifndef CARD_OPENPGP_H
#define CARD_OPENPGP_H

#include "app.h"
#include "tlv.h"

/* Instructions, 7.1. */
#define OPENPGP_INS_VERIFY             0x20
#define OPENPGP_INS_CHANGE_REFERENCE   0x24
#define OPENPGP_INS_SECURITY_OPERATION 0x2A
#define OPENPGP_INS_RESET_RETRY        0x2C
#define OPENPGP_INS_ACTIVATE           0x44
#define OPENPGP_INS_GENERATE           0x47
#define OPENPGP_INS_INTERNAL_AUTH      0x88
#define OPENPGP_INS_SELECT             0xA4
#define OPENPGP_INS_SELECT_DATA        0xA5
#define OPENPGP_INS_GET_DATA           0xCA
#define OPENPGP_INS_PUT_DATA           0xDA
#define OPENPGP_INS_TERMINATE          0xE6

/* Passwords as VERIFY knows them, 7.2.2. */
#define OPENPGP_PW1_SIGN  0x81
#define OPENPGP_PW1_OTHER 0x82
#define OPENPGP_PW3       0x83

/* Data objects, 4.4.1. Of three that belong to the three keys, the first is named. */
#define OPENPGP_DO_APPLICATION   0x6E
#define OPENPGP_DO_ATTRIBUTES    0xC1
#define OPENPGP_DO_STATUS        0xC4
#define OPENPGP_DO_FINGERPRINT   0xC7
#define OPENPGP_DO_TIME          0xCE
#define OPENPGP_DO_RESETTING     0xD3
#define OPENPGP_DO_TOUCH         0xD6
#define OPENPGP_DO_KDF           0xF9
#define OPENPGP_DO_ALGORITHMS    0xFA
#define OPENPGP_DO_CERTIFICATE   0x7F21
#define OPENPGP_TAG_PUBLIC_KEY   0x7F49
#define OPENPGP_TAG_POINT        0x86 /* 7.2.14, and 7.2.11 */
#define OPENPGP_FINGERPRINT_SIZE 20

/* The application was terminated, and waits to be activated: 7.2.16. */
#define OPENPGP_SW_TERMINATED 0x6285

/* The keys, in the order of their data objects. */
enum openpgp_slot { OPENPGP_SIG, OPENPGP_DEC, OPENPGP_AUT };
#define OPENPGP_SLOTS 3

/* The passwords, in the order of C4. */
enum openpgp_password { OPENPGP_PW1, OPENPGP_RESETTING_CODE, OPENPGP_ADMIN };

/* How algorithm attributes name what a key is for, 4.4.3.9: numbers of RFC 4880 and 6637. */
enum openpgp_kind {
    OPENPGP_RSA = 0x01,
    OPENPGP_ECDH = 0x12,
    OPENPGP_ECDSA = 0x13,
    OPENPGP_EDDSA = 0x16,
};

/* A kind of key. */
struct openpgp_algorithm {
    const char *name;  /* as in card_generate_options */
    const char *type;  /* OpenSSL's */
    int bits;          /* as EVP_PKEY_get_bits() counts */
    const char *curve; /* OpenSSL's name of the group, or NULL */
    uint8_t oid[10];   /* what attributes call the curve, 4.4.3.10 */
    size_t oid_length;
};

/* Algorithm attributes: the value of C1, C2 or C3. */
#define OPENPGP_ATTRIBUTES_MAX 16
struct openpgp_attributes {
    uint8_t bytes[OPENPGP_ATTRIBUTES_MAX];
    size_t length;
};

/* What the host does to a password before the card gets it, 4.3.2. */
struct openpgp_kdf {
    bool known;  /* it was asked for since the application was selected */
    bool active; /* otherwise passwords go as they are */
    bool sha512; /* not SHA-256 */
    uint32_t count;
    uint8_t salts[3][8]; /* in the order of enum openpgp_password */
};

/* What is known about the card at hand; all but the first since it was selected. */
struct openpgp {
    OSSL_LIB_CTX *libctx;
    bool terminated; /* nothing else is known then */
    uint8_t aid[16]; /* 4.2.1 */
    bool has_kdf, attributes_changeable;
    bool life_cycle;         /* it can be terminated and activated, 6 */
    size_t certificate_most; /* bytes; 0: not said */
    size_t command_most;     /* bytes of a whole command; 0: not said */
    uint8_t status[7];       /* C4 ... */
    double status_read_at;   /* ... and when it was read, on trace_clock() */
    struct openpgp_attributes attributes[OPENPGP_SLOTS];
    bool keys_told;              /* whether the card tells of its keys (DE) ... */
    uint8_t keys[OPENPGP_SLOTS]; /* ... and what: 0 none, 1 generated, 2 imported */
    bool touch_told[OPENPGP_SLOTS];
    uint8_t touch[OPENPGP_SLOTS];   /* D6 to D8 */
    EVP_PKEY *shown[OPENPGP_SLOTS]; /* the public halves that the card showed, or NULL */
    struct openpgp_kdf kdf;
};

/* ---- openpgp.c --------------------------------------------------------------------------- */

/* The slot of that name, which has to be one of ours, and its name. */
enum openpgp_slot openpgp_slot_of(const char *name);
const char *openpgp_slot_text(enum openpgp_slot slot);

/* B6, B8 or A4, the control reference template that stands for the key: 7.2.14. */
uint8_t openpgp_slot_template(enum openpgp_slot slot);

/* ERROR_UNSUPPORTED where the application was terminated. */
struct error *openpgp_check_active(const struct openpgp *openpgp) MUST_CHECK;

/* ---- openpgp_data.c ---------------------------------------------------------------------- */

/*
 * A data object's value, without its own tag, which some cards send with constructed ones.
 * ERROR_NOT_FOUND where the card has none, ERROR_CARD_STATUS. *out points into `answer`.
 */
struct error *openpgp_get_data(struct apdu_channel *channel, uint16_t tag, struct buffer *answer,
                               struct tlv *out) MUST_CHECK;

/* ERROR_DENIED, _UNSUPPORTED (no room), _CARD_STATUS, with *status set, which may be NULL. */
struct error *openpgp_put_data(struct apdu_channel *channel, uint16_t tag, const uint8_t *bytes,
                               size_t length, uint16_t *status) MUST_CHECK;

/* Reads what the card says of itself (6E), and forgets what was known. *found: it is OpenPGP. */
struct error *openpgp_read_application(struct apdu_channel *channel, struct openpgp *openpgp,
                                       bool *found) MUST_CHECK;

/* Reads C4 again. */
struct error *openpgp_read_status(struct apdu_channel *channel, struct openpgp *openpgp) MUST_CHECK;

/* ---- openpgp_algorithm.c ----------------------------------------------------------------- */

const struct openpgp_algorithm *openpgp_algorithm_named(const char *name);
const struct openpgp_algorithm *openpgp_algorithm_of_key(const EVP_PKEY *key);

/* By index, in the order of listing; NULL after the last. */
const struct openpgp_algorithm *openpgp_algorithm_at(size_t index);

/* What attributes stand for, or NULL where that is not known here. */
const struct openpgp_algorithm *openpgp_algorithm_of(const struct openpgp_attributes *attributes);

/* What keys of that kind are called in the slot, or 0 where they are of no use there. */
uint8_t openpgp_algorithm_kind(enum openpgp_slot slot, const struct openpgp_algorithm *algorithm);

/* The attributes of such a key. RSA: with an exponent of so many bits, to be imported so (00). */
void openpgp_attributes_make(enum openpgp_slot slot, const struct openpgp_algorithm *algorithm,
                             uint8_t exponent_bits, struct openpgp_attributes *out);

/* ---- openpgp_keys.c ---------------------------------------------------------------------- */

/* The public half in the answer to a command 47; `attributes` say what it is. */
struct error *openpgp_public_key(struct openpgp *openpgp, enum openpgp_slot slot,
                                 const struct buffer *answer, EVP_PKEY **out) MUST_CHECK;

/*
 * Makes sure that the card has shown, since it was selected, that the slot holds this key.
 * ERROR_OTHER_KEY.
 */
struct error *openpgp_compare_key(struct apdu_channel *channel, struct openpgp *openpgp,
                                  const struct app_key *key) MUST_CHECK;

/* Command 47 for that slot: P1 is 80 to generate, 81 to read. */
struct error *openpgp_key_pair(struct apdu_channel *channel, uint8_t p1, enum openpgp_slot slot,
                               struct buffer *answer, uint16_t *status) MUST_CHECK;

/* ---- openpgp_kdf.c ----------------------------------------------------------------------- */

/* Reads the KDF, once. ERROR_UNSUPPORTED for one that is not understood, or absurd. */
struct error *openpgp_learn_kdf(struct apdu_channel *channel, struct openpgp *openpgp) MUST_CHECK;

/* A password as the card wants it; the KDF is known by now. *out is a new secret. */
struct error *openpgp_hash_password(const struct openpgp *openpgp, enum openpgp_password which,
                                    struct secret *password, struct secret **out) MUST_CHECK;

/* ---- openpgp_pin.c ----------------------------------------------------------------------- */

/* Reads the tries unless that was done just now. */
struct error *openpgp_know_status(struct apdu_channel *channel, struct openpgp *openpgp) MUST_CHECK;

/*
 * A password as the card wants it, and checked against what the card says of its length.
 * ERROR_PIN_FORMAT, _UNSUPPORTED.
 */
struct error *openpgp_prepare_password(struct apdu_channel *channel, struct openpgp *openpgp,
                                       enum openpgp_password which, struct secret *password,
                                       struct secret **out) MUST_CHECK;

/*
 * Takes a refusal apart: ERROR_PIN_WRONG, _PIN_BLOCKED, with *tries_left set, which is asked for
 * where the status does not tell (and -1 where that fails); else ERROR_CARD_STATUS.
 */
struct error *openpgp_password_refused(struct apdu_channel *channel, struct openpgp *openpgp,
                                       enum openpgp_password which, uint16_t status,
                                       int *tries_left)
    __attribute__((warn_unused_result, returns_nonnull));

/* VERIFY with a prepared password. */
struct error *openpgp_verify(struct apdu_channel *channel, struct openpgp *openpgp,
                             uint8_t reference, struct secret *prepared,
                             int *tries_left) MUST_CHECK;

/* VERIFY with a password that is typed at the reader's keypad; `reference` as VERIFY knows it. */
struct error *openpgp_verify_at_pad(struct apdu_channel *channel, struct openpgp *openpgp,
                                    uint8_t reference, int *tries_left) MUST_CHECK;

/* Which of the passwords that secret is. */
enum openpgp_password openpgp_password_of(enum card_secret which);

/* VERIFY with the admin PIN; NULL: typed at the reader's keypad. Errors of those above, and
   _PIN_FORMAT where it is too short. */
struct error *openpgp_verify_admin(struct apdu_channel *channel, struct openpgp *openpgp,
                                   struct secret *password, int *tries_left) MUST_CHECK;

/* What messages call a password: "PIN", "resetting code", "admin PIN". */
const char *openpgp_password_name(enum openpgp_password which);

/* What every new card has: a new secret. */
struct error *openpgp_factory_password(enum openpgp_password which, struct secret **out) MUST_CHECK;

/* ---- openpgp_attributes.c ---------------------------------------------------------------- */

/*
 * The attributes that make the card's key in that slot one of that kind: those that the card lists,
 * else what such cards take. ERROR_UNSUPPORTED where it says that it has none such.
 */
struct error *openpgp_find_attributes(struct apdu_channel *channel, const struct openpgp *openpgp,
                                      enum openpgp_slot slot,
                                      const struct openpgp_algorithm *algorithm,
                                      struct openpgp_attributes *out) MUST_CHECK;

/*
 * Makes these the attributes of the slot's key. Others than before delete the key that was there.
 * ERROR_UNSUPPORTED, _DENIED.
 */
struct error *openpgp_set_attributes(struct apdu_channel *channel, struct openpgp *openpgp,
                                     enum openpgp_slot slot,
                                     const struct openpgp_attributes *attributes) MUST_CHECK;

/* Whether two are the same. */
bool openpgp_attributes_equal(const struct openpgp_attributes *one,
                              const struct openpgp_attributes *other);

/* ---- openpgp_delete.c -------------------------------------------------------------------- */

/* Deletes whatever key there may be. ERROR_UNSUPPORTED where the card cannot. */
struct error *openpgp_wipe_key(struct apdu_channel *channel, struct openpgp *openpgp,
                               enum openpgp_slot slot) MUST_CHECK;

/* ---- openpgp_fingerprint.c --------------------------------------------------------------- */

/* The fingerprint that OpenPGP (RFC 4880 12.2) gives the key, made at `time` (since 1970). */
struct error *openpgp_fingerprint(const struct openpgp *openpgp, enum openpgp_slot slot,
                                  const EVP_PKEY *key, uint32_t time,
                                  uint8_t out[OPENPGP_FINGERPRINT_SIZE]) MUST_CHECK;

/* ---- the functions of openpgp_app, one group to a file ----------------------------------- */

struct error *openpgp_slots_in_use(struct apdu_channel *channel, void *state,
                                   struct app_slot_list *out) MUST_CHECK;
struct error *openpgp_read_key(struct apdu_channel *channel, void *state, const char *slot,
                               struct app_key *out) MUST_CHECK;
struct error *openpgp_describe_key(struct apdu_channel *channel, void *state, const char *slot,
                                   struct app_key *out) MUST_CHECK;

struct error *openpgp_read_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                       struct buffer *der) MUST_CHECK;
struct error *openpgp_store_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                        const uint8_t *der, size_t length) MUST_CHECK;
struct error *openpgp_delete_certificate(struct apdu_channel *channel, void *state,
                                         const char *slot) MUST_CHECK;

struct error *openpgp_pin_status(struct apdu_channel *channel, void *state,
                                 struct card_pin_status *out) MUST_CHECK;
struct error *openpgp_pin_tries(struct apdu_channel *channel, void *state,
                                struct card_pin_status *out, bool *proven) MUST_CHECK;
bool openpgp_pin_tries_prove(const void *state);
struct error *openpgp_verify_pin(struct apdu_channel *channel, void *state,
                                 const struct app_key *key, struct secret *pin,
                                 int *tries_left) MUST_CHECK;
struct error *openpgp_pin_entry(struct apdu_channel *channel, void *state, enum card_pad_use use,
                                enum card_secret which, struct pin_entry *out) MUST_CHECK;
struct error *openpgp_authenticate_admin(struct apdu_channel *channel, void *state,
                                         const struct app_admin *admin) MUST_CHECK;

bool openpgp_can(const struct app_key *key, enum card_mechanism mechanism);
app_key_function openpgp_sign MUST_CHECK;
app_key_function openpgp_decrypt MUST_CHECK;
app_key_function openpgp_derive MUST_CHECK;

struct error *openpgp_free_slot(struct apdu_channel *channel, void *state,
                                char slot[APP_SLOT_MAX]) MUST_CHECK;
struct error *openpgp_generate_key(struct apdu_channel *channel, void *state, const char *slot,
                                   const struct card_generate_options *options,
                                   struct app_key *out) MUST_CHECK;
struct error *openpgp_delete_key(struct apdu_channel *channel, void *state,
                                 const char *slot) MUST_CHECK;
struct error *openpgp_algorithms(struct apdu_channel *channel, void *state, const char *slot,
                                 struct card_algorithms *out) MUST_CHECK;

struct error *openpgp_secret_info(struct apdu_channel *channel, void *state, enum card_secret which,
                                  struct card_secret_info *out) MUST_CHECK;
struct error *openpgp_change_secret(struct apdu_channel *channel, void *state,
                                    const struct app_change *change, int *tries_left) MUST_CHECK;
struct error *openpgp_unblock_pin(struct apdu_channel *channel, void *state,
                                  const struct app_change *change, int *tries_left) MUST_CHECK;
struct error *openpgp_reset(struct apdu_channel *channel, void *state,
                            const struct app_admin *admin) MUST_CHECK;
struct error *openpgp_make(struct apdu_channel *channel, void *state,
                           struct card_make *out) MUST_CHECK;

#endif
