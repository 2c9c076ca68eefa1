/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PIV: NIST SP 800-73-4 part 1 (objects) and part 2 (commands), SP 800-78-4 (algorithms), and
 * Yubico's extensions where the card has them. What the files piv_*.c share.
 */
#ifndef CARD_PIV_H
#define CARD_PIV_H

#include "app.h"
#include "tlv.h"

/* Key references, SP 800-73-4 part 1, table 4b. */
#define PIV_PIN        0x80 /* the application's PIN */
#define PIV_PUK        0x81
#define PIV_MANAGEMENT 0x9B /* card management key */

/* Instructions, SP 800-73-4 part 2, table 2; metadata and serial are Yubico's. */
#define PIV_INS_VERIFY               0x20
#define PIV_INS_CHANGE_REFERENCE     0x24
#define PIV_INS_RESET_RETRY          0x2C
#define PIV_INS_GENERATE             0x47
#define PIV_INS_GENERAL_AUTHENTICATE 0x87
#define PIV_INS_SELECT               0xA4
#define PIV_INS_GET_DATA             0xCB
#define PIV_INS_PUT_DATA             0xDB
#define PIV_INS_GET_METADATA         0xF7 /* Yubico, firmware 5.3 on */
#define PIV_INS_GET_SERIAL           0xF8 /* Yubico, firmware 5 on */

/* Tags of the dynamic authentication template, SP 800-73-4 part 2, table 7. */
#define PIV_TAG_TEMPLATE       0x7C
#define PIV_TAG_WITNESS        0x80
#define PIV_TAG_CHALLENGE      0x81
#define PIV_TAG_RESPONSE       0x82
#define PIV_TAG_EXPONENTIATION 0x85

/* Data objects, SP 800-73-4 part 1, table 3. */
#define PIV_OBJECT_CHUID       0x5FC102
#define PIV_OBJECT_KEY_HISTORY 0x5FC10C

/* Whether the card knows an extension. */
enum piv_extension {
    PIV_NOT_TRIED,
    PIV_PRESENT,
    PIV_ABSENT,
};

/* What is known about the card at hand. */
struct piv {
    OSSL_LIB_CTX *libctx;
    enum piv_extension metadata;
    enum piv_extension version; /* Yubico's, which stands for what comes with every firmware */
    uint8_t firmware[3];
    uint8_t offered[32]; /* algorithms that the card says it has, when it is selected */
    size_t offered_count;
};

/* A slot: the URI's word, the key reference, and where the certificate is. */
struct piv_slot {
    const char *name;
    uint8_t reference; /* SP 800-73-4 part 1, table 4b */
    uint32_t object;   /* SP 800-73-4 part 1, table 3 */
};

/* The slot of that name, in whatever case, or NULL. */
const struct piv_slot *piv_slot_find(const char *name);

/* The slots in the order of listing; NULL after the last. */
const struct piv_slot *piv_slot_at(size_t index);

/* A kind of key. */
struct piv_algorithm {
    uint8_t id;       /* SP 800-78-4, table 6-2; those above 0x14 and 05 are Yubico's */
    const char *name; /* as in card_generate_options */
    const char *type; /* OpenSSL's */
    int bits;         /* as EVP_PKEY_get_bits() counts */
    const char *curve;
};

const struct piv_algorithm *piv_algorithm_of_key(const EVP_PKEY *key);
const struct piv_algorithm *piv_algorithm_named(const char *name);
const struct piv_algorithm *piv_algorithm_by_id(uint8_t id);

/* The kinds of keys, in the order of listing; NULL after the last. */
const struct piv_algorithm *piv_algorithm_at(size_t index);

/* Metadata of a slot, of the PIN or of the management key. */
struct piv_metadata {
    struct buffer bytes; /* what the rest points into; the caller clears it */
    uint8_t algorithm;   /* 0 where not said */
    uint8_t pin_policy, touch_policy;
    const uint8_t *public_key; /* data objects, or NULL */
    size_t public_key_length;
    int tries_left, tries_limit; /* -1 where not said */
    enum card_answer factory;    /* whether it is what every new card has */
    enum card_origin origin;
};

/*
 * Yubico's metadata of a key reference. *status is the card's last status word; the rest is set
 * only where that is SW_SUCCESS. Learns from the first answer whether the card knows metadata.
 */
struct error *piv_read_metadata(struct apdu_channel *channel, struct piv *piv, uint8_t reference,
                                struct piv_metadata *out, uint16_t *status) MUST_CHECK;

/* A public key from the data objects in metadata and in the answer to key generation. */
struct error *piv_public_key(struct piv *piv, const struct piv_algorithm *algorithm,
                             const uint8_t *bytes, size_t length, EVP_PKEY **out) MUST_CHECK;

/*
 * A data object's content, what is inside of its tag 53. ERROR_NOT_FOUND where there is none, or an
 * empty one. `answer` holds the bytes that *content points into.
 */
struct error *piv_get_object(struct apdu_channel *channel, uint32_t object, struct buffer *answer,
                             struct tlv *content) MUST_CHECK;

/* Writes what goes into tag 53 of a data object; nothing deletes it. ERROR_UNSUPPORTED: no room. */
struct error *piv_put_object(struct apdu_channel *channel, uint32_t object,
                             const struct buffer *content) MUST_CHECK;

/* Asks for Yubico's firmware, once; whether there is one is in piv->version. */
struct error *piv_learn_version(struct apdu_channel *channel, struct piv *piv) MUST_CHECK;

/* Whether the firmware is known, and is that one or a later one. */
bool piv_firmware_at_least(const struct piv *piv, unsigned major, unsigned minor, unsigned patch);

/* One template command and the value of `wanted` in its answer, pointing into `answer`. */
struct error *piv_authenticate(struct apdu_channel *channel, uint8_t algorithm, uint8_t reference,
                               const struct buffer *template, size_t expected, uint8_t wanted,
                               struct buffer *answer, struct tlv *out, uint16_t *status) MUST_CHECK;

/*
 * The same with a private key, asked for a result of at most EVP_PKEY_get_size() bytes from `block`
 * under `tag`. ERROR_CARD_STATUS where the card refuses `what` (such as "to sign"); _CARD_ANSWER
 * for an empty or too long result. The caller clears `answer`, which *out points into.
 */
struct error *piv_use_key(struct apdu_channel *channel, const struct app_key *key, uint8_t tag,
                          const uint8_t *block, size_t size, const char *what,
                          struct buffer *answer, struct tlv *out) MUST_CHECK;

/* The functions of piv_app, one group to a file. */
struct error *piv_serial(struct apdu_channel *channel, void *state, char **out) MUST_CHECK;
struct error *piv_slots_in_use(struct apdu_channel *channel, void *state,
                               struct app_slot_list *out) MUST_CHECK;
struct error *piv_read_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                   struct buffer *der) MUST_CHECK;
struct error *piv_store_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                    const uint8_t *der, size_t length) MUST_CHECK;

struct error *piv_read_key(struct apdu_channel *channel, void *state, const char *slot,
                           struct app_key *out) MUST_CHECK;
struct error *piv_describe_key(struct apdu_channel *channel, void *state, const char *slot,
                               struct app_key *out) MUST_CHECK;

struct error *piv_pin_status(struct apdu_channel *channel, void *state,
                             struct card_pin_status *out) MUST_CHECK;
struct error *piv_pin_tries(struct apdu_channel *channel, void *state, struct card_pin_status *out,
                            bool *proven) MUST_CHECK;
bool piv_pin_tries_prove(const void *state);
struct error *piv_pin_entry(struct apdu_channel *channel, void *state, enum card_pad_use use,
                            enum card_secret which, struct pin_entry *out) MUST_CHECK;
struct error *piv_verify_pin(struct apdu_channel *channel, void *state, const struct app_key *key,
                             struct secret *pin, int *tries_left) MUST_CHECK;

bool piv_can(const struct app_key *key, enum card_mechanism mechanism);
app_key_function piv_sign MUST_CHECK;
app_key_function piv_decrypt MUST_CHECK;
app_key_function piv_derive MUST_CHECK;

struct error *piv_authenticate_admin(struct apdu_channel *channel, void *state,
                                     const struct app_admin *admin) MUST_CHECK;
struct error *piv_free_slot(struct apdu_channel *channel, void *state,
                            char slot[APP_SLOT_MAX]) MUST_CHECK;
struct error *piv_generate_key(struct apdu_channel *channel, void *state, const char *slot,
                               const struct card_generate_options *options,
                               struct app_key *out) MUST_CHECK;
struct error *piv_delete_key(struct apdu_channel *channel, void *state,
                             const char *slot) MUST_CHECK;

/*
 * A management key from its hexadecimal digits, or the one that every new card has where `text` is
 * NULL. *out is a new secret. ERROR_PIN_FORMAT.
 */
struct error *piv_management_key(struct secret *text, struct secret **out) MUST_CHECK;

/* The same as bytes: ERROR_DENIED where the card does not take it. */
struct error *piv_authenticate_key(struct apdu_channel *channel, struct piv *piv,
                                   struct secret *key) MUST_CHECK;

/* A management key's algorithm: name by identifier (NULL: unknown), and the other way (0); bytes of
   a key (0: unknown, or NULL). */
const char *piv_admin_algorithm_name(uint8_t id);
uint8_t piv_admin_algorithm_id(const char *name);
size_t piv_admin_key_size(const char *name);

/* Whether Yubico's admin data say that the management key is kept behind the PIN. */
struct error *piv_read_behind_pin(struct apdu_channel *channel, struct piv *piv,
                                  bool *out) MUST_CHECK;

struct error *piv_read_admin(struct apdu_channel *channel, void *state,
                             struct secret **out) MUST_CHECK;
struct error *piv_set_admin_key(struct apdu_channel *channel, void *state, struct secret *text,
                                const struct card_admin_key_options *options,
                                struct secret **out) MUST_CHECK;

struct error *piv_secret_info(struct apdu_channel *channel, void *state, enum card_secret which,
                              struct card_secret_info *out) MUST_CHECK;
struct error *piv_change_secret(struct apdu_channel *channel, void *state,
                                const struct app_change *change, int *tries_left) MUST_CHECK;
struct error *piv_unblock_pin(struct apdu_channel *channel, void *state,
                              const struct app_change *change, int *tries_left) MUST_CHECK;

struct error *piv_make(struct apdu_channel *channel, void *state, struct card_make *out) MUST_CHECK;
struct error *piv_reset(struct apdu_channel *channel, void *state,
                        const struct app_admin *admin) MUST_CHECK;

struct error *piv_algorithms(struct apdu_channel *channel, void *state, const char *slot,
                             struct card_algorithms *out) MUST_CHECK;

/* The same as a list for messages, "RSA-2048, P-256". */
#define PIV_ALGORITHM_NAMES_MAX 256
struct error *piv_algorithm_names(struct apdu_channel *channel, struct piv *piv,
                                  char out[PIV_ALGORITHM_NAMES_MAX]) MUST_CHECK;

struct error *piv_attest(struct apdu_channel *channel, void *state, const char *slot,
                         struct buffer *statement, struct buffer *issuer) MUST_CHECK;
struct error *piv_move_key(struct apdu_channel *channel, void *state, const char *from,
                           const char *to) MUST_CHECK;
struct error *piv_delete_certificate(struct apdu_channel *channel, void *state,
                                     const char *slot) MUST_CHECK;

/* ERROR_ARGUMENT where a slot is in use, or does not show that it is not. */
struct error *piv_check_free(struct apdu_channel *channel, struct piv *piv,
                             const char *slot) MUST_CHECK;

/* When a slot's keys want the PIN, unless they were made to do otherwise. */
enum card_policy piv_slot_pin_policy(uint8_t reference);

#endif
