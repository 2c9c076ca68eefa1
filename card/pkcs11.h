/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tokens behind PKCS #11 modules (PKCS #11 v2.40) as a card application. A slot is a CKA_ID in
 * hexadecimal digits; "-" is the empty one.
 */
#ifndef CARD_PKCS11_H
#define CARD_PKCS11_H

#include "app.h"
#include "pkcs11_call.h"

#include <p11-kit/pkcs11.h>

/* What p11-kit's header does not name: PKCS #11 v3.0, 6.3. */
#define PKCS11_CKK_EC_MONTGOMERY 0x41UL

#define PKCS11_ID_MAX 64

/* What a token, and a key, can do, as bits of app_key's `uses`; KNOWN says that they count. */
enum {
    PKCS11_CAN_SIGN_RAW = 1 << 0,
    PKCS11_CAN_SIGN_PKCS1 = 1 << 1,
    PKCS11_CAN_SIGN_ECDSA = 1 << 2,
    PKCS11_CAN_SIGN_EDDSA = 1 << 3,
    PKCS11_CAN_DECRYPT_RAW = 1 << 4,
    PKCS11_CAN_DECRYPT_PKCS1 = 1 << 5,
    PKCS11_CAN_DERIVE = 1 << 6,
    PKCS11_CAN_GENERATE_RSA = 1 << 7,
    PKCS11_CAN_GENERATE_EC = 1 << 8,
    PKCS11_CAN_GENERATE_EDWARDS = 1 << 9,
    PKCS11_KNOWN = 1 << 15,
};

/* What is known of the token, and of the session with it. */
struct pkcs11 {
    OSSL_LIB_CTX *libctx;
    struct pkcs11_call *call;
    char label[64];
    char model[32];
    char serial[32];
    uint64_t flags; /* CKF_..., as they were last told */
    uint64_t pin_minimum, pin_maximum;
    unsigned can;
    bool logged_in;
    bool blank; /* it was never initialised: there is no session with it */

    /* The private key that was used last: a handle of this session. */
    char slot[APP_SLOT_MAX]; /* or "" */
    CK_OBJECT_HANDLE private_key;
    bool always; /* wants its PIN each time (CKA_ALWAYS_AUTHENTICATE) */

    /* What a key is about to do, see begin_use. */
    enum card_mechanism intended;
    bool has_intention;
    bool begun; /* it has, and the PIN was verified for it */
};

/* ---- pkcs11.c ---------------------------------------------------------------------------- */

/* A new session, in which nobody is logged in. */
struct error *pkcs11_select(struct apdu_channel *channel, OSSL_LIB_CTX *libctx, void **state,
                            bool *found) MUST_CHECK;

/* ---- pkcs11_objects.c -------------------------------------------------------------------- */

/* An attribute's value, in the last answer; NULL where there is none. */
struct pkcs11_value {
    const uint8_t *bytes;
    size_t length;
};

#define PKCS11_VALUES_MAX 12

/* An object that was found. */
struct pkcs11_object {
    CK_OBJECT_HANDLE handle;
    struct pkcs11_value values[PKCS11_VALUES_MAX];
};

/* False where `text` is no CKA_ID in hexadecimal digits. */
bool pkcs11_slot_name(const char *text, char out[APP_SLOT_MAX]);

/* The bytes of such a name. */
struct pkcs11_value pkcs11_slot_id(const char *slot, uint8_t id[PKCS11_ID_MAX]);

/* Templates: pkcs11_put_template() says how many attributes follow. */
void pkcs11_put_attribute(struct pkcs11 *token, CK_ATTRIBUTE_TYPE type, const void *bytes,
                          size_t length);
void pkcs11_put_number(struct pkcs11 *token, CK_ATTRIBUTE_TYPE type, CK_ULONG number);
void pkcs11_put_truth(struct pkcs11 *token, CK_ATTRIBUTE_TYPE type, bool truth);

/* Three attributes: on the token, with the slot's CKA_ID, and its name as the label. */
void pkcs11_put_identity(struct pkcs11 *token, const char *slot);

/*
 * The first object of that class with that CKA_ID, and those of its attributes. ERROR_NOT_FOUND.
 * The values are valid until the next call.
 */
struct error *pkcs11_find_object(struct apdu_channel *channel, struct pkcs11 *token,
                                 CK_OBJECT_CLASS class, const char *slot,
                                 const CK_ATTRIBUTE_TYPE *types, size_t type_count,
                                 struct pkcs11_object *out) MUST_CHECK;

/* All of them; *handles is for free(). */
struct error *pkcs11_find_handles(struct apdu_channel *channel, struct pkcs11 *token,
                                  CK_OBJECT_CLASS class, const char *slot,
                                  CK_OBJECT_HANDLE **handles, size_t *count) MUST_CHECK;

struct error *pkcs11_slots_in_use(struct apdu_channel *channel, void *state,
                                  struct app_slot_list *out) MUST_CHECK;
struct error *pkcs11_slots_with_label(struct apdu_channel *channel, void *state, const char *label,
                                      struct app_slot_list *out) MUST_CHECK;
struct error *pkcs11_read_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                      struct buffer *der) MUST_CHECK;

/* Whether there may be objects that the token shows only after a login. */
bool pkcs11_hides(const void *state);

/* ---- pkcs11_keys.c ----------------------------------------------------------------------- */

struct error *pkcs11_read_key(struct apdu_channel *channel, void *state, const char *slot,
                              struct app_key *out) MUST_CHECK;
struct error *pkcs11_describe_key(struct apdu_channel *channel, void *state, const char *slot,
                                  struct app_key *out) MUST_CHECK;
bool pkcs11_can(const struct app_key *key, enum card_mechanism mechanism);

/* Makes sure that token->private_key is the slot's. */
struct error *pkcs11_find_private_key(struct apdu_channel *channel, struct pkcs11 *token,
                                      const char *slot) MUST_CHECK;

/* ---- pkcs11_pin.c ------------------------------------------------------------------------ */

struct error *pkcs11_pin_status(struct apdu_channel *channel, void *state,
                                struct card_pin_status *out) MUST_CHECK;
struct error *pkcs11_pin_tries(struct apdu_channel *channel, void *state,
                               struct card_pin_status *out, bool *proven) MUST_CHECK;
bool pkcs11_pin_tries_prove(const void *state);
struct error *pkcs11_verify_pin(struct apdu_channel *channel, void *state,
                                const struct app_key *key, struct secret *pin,
                                int *tries_left) MUST_CHECK;

/* How many tries those flags leave the user's PIN; -1 where they do not say. */
int pkcs11_tries_of(uint64_t flags);

/* `pin` NULL: by the token's keypad. *tries_left as above. */
struct error *pkcs11_login(struct apdu_channel *channel, struct pkcs11 *token, CK_USER_TYPE user,
                           struct secret *pin, int *tries_left) MUST_CHECK;

/* Whether the token has a keypad for its PIN. */
bool pkcs11_asks_itself(const void *state);

/* Has the token ask for the PIN by its own keypad, where it has one and the slot's key wants it. */
struct error *pkcs11_login_by_keypad(struct apdu_channel *channel, struct pkcs11 *token,
                                     const char *slot) MUST_CHECK;

/* When a key on this token wants its PIN from us. */
enum card_policy pkcs11_pin_policy(const struct pkcs11 *token, bool always);

/* ---- pkcs11_use.c ------------------------------------------------------------------------ */

void pkcs11_begin_use(void *state, struct app_key *key, enum card_mechanism mechanism);
struct error *pkcs11_sign(struct apdu_channel *channel, void *state, const struct app_key *key,
                          enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                          uint8_t *out, size_t *out_length) MUST_CHECK;
struct error *pkcs11_decrypt(struct apdu_channel *channel, void *state, const struct app_key *key,
                             enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                             uint8_t *out, size_t *out_length) MUST_CHECK;
struct error *pkcs11_derive(struct apdu_channel *channel, void *state, const struct app_key *key,
                            enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                            uint8_t *out, size_t *out_length) MUST_CHECK;

/* The module's function and mechanism for that. */
void pkcs11_choose(const struct pkcs11 *token, enum card_mechanism mechanism, enum wire_use *use,
                   CK_MECHANISM_TYPE *type);

/* ---- pkcs11_generate.c ------------------------------------------------------------------- */

struct error *pkcs11_free_slot(struct apdu_channel *channel, void *state,
                               char slot[APP_SLOT_MAX]) MUST_CHECK;
struct error *pkcs11_generate_key(struct apdu_channel *channel, void *state, const char *slot,
                                  const struct card_generate_options *options,
                                  struct app_key *out) MUST_CHECK;
struct error *pkcs11_algorithms(struct apdu_channel *channel, void *state, const char *slot,
                                struct card_algorithms *out) MUST_CHECK;

/* ---- pkcs11_manage.c --------------------------------------------------------------------- */

/* Objects of one class and slot. */
struct pkcs11_handles {
    CK_OBJECT_HANDLE *handles;
    size_t count;
};

struct error *pkcs11_destroy(struct apdu_channel *channel, struct pkcs11 *token,
                             const struct pkcs11_handles *old) MUST_CHECK;
struct error *pkcs11_delete_key(struct apdu_channel *channel, void *state,
                                const char *slot) MUST_CHECK;
struct error *pkcs11_store_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                       const uint8_t *der, size_t length) MUST_CHECK;
struct error *pkcs11_delete_certificate(struct apdu_channel *channel, void *state,
                                        const char *slot) MUST_CHECK;

/* ---- pkcs11_secret.c --------------------------------------------------------------------- */

/* How long the token's PINs are, in bytes, as far as it says. */
void pkcs11_pin_lengths(const struct pkcs11 *token, size_t *minimum, size_t *maximum);

struct error *pkcs11_secret_info(struct apdu_channel *channel, void *state, enum card_secret which,
                                 struct card_secret_info *out) MUST_CHECK;
struct error *pkcs11_change_secret(struct apdu_channel *channel, void *state,
                                   const struct app_change *change, int *tries_left) MUST_CHECK;
struct error *pkcs11_unblock_pin(struct apdu_channel *channel, void *state,
                                 const struct app_change *change, int *tries_left) MUST_CHECK;

/* C_InitToken: by the security officer's PIN, which a token that has none yet gets by it. */
struct error *pkcs11_init_token(struct apdu_channel *channel, struct pkcs11 *token,
                                struct secret *officer, const char *label) MUST_CHECK;
struct error *pkcs11_reset(struct apdu_channel *channel, void *state,
                           const struct app_admin *admin) MUST_CHECK;
struct error *pkcs11_make(struct apdu_channel *channel, void *state,
                          struct card_make *out) MUST_CHECK;
struct error *pkcs11_initialised(struct apdu_channel *channel, void *state, bool *out) MUST_CHECK;

#endif
