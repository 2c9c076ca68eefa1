/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certum's cryptoCertum 3.6 with the application for its Common profile. There is no public
 * specification: what is known was read in jsign's CryptoCertumCard ("jsign" below), and nobody
 * here has such a card. What is not known is not assumed: a card that answers otherwise gets an
 * error, and every result is checked in software. What the files certum_*.c share.
 */
#ifndef CARD_CERTUM_H
#define CARD_CERTUM_H

#include "app.h"

#include <time.h>

/* Key references of VERIFY, jsign. */
#define CERTUM_PIN 0x83
#define CERTUM_PUK 0x84

/* Files, jsign. */
#define CERTUM_FILE_DIRECTORY   0x5032
#define CERTUM_FILE_CARD        0x5034 /* factory and serial number */
#define CERTUM_FILE_KEY         0x1000 /* and the key's reference */
#define CERTUM_FILE_CERTIFICATE 0x2000 /* and its index */

/* Instructions, ISO/IEC 7816-4 table 4.2. */
#define CERTUM_INS_VERIFY               0x20
#define CERTUM_INS_SECURITY_ENVIRONMENT 0x22
#define CERTUM_INS_SECURITY_OPERATION   0x2A
#define CERTUM_INS_SELECT               0xA4
#define CERTUM_INS_READ_BINARY          0xB0
#define CERTUM_INS_GET_DATA             0xCB

/* The module that can do what is not public, in messages. */
#define CERTUM_MODULE                                                                              \
    "use Certum's PKCS#11 module for the Common profile, sc30pkcs11-*-MS.so, by "                  \
    "card:?module-path=PATH (not cryptoCertum3PKCS, which is for the Secure profile): see "        \
    "docs/certum.md"

/* What is known about the card at hand. */
struct certum {
    OSSL_LIB_CTX *libctx;
};

/* ---- what is on the card ------------------------------------------------------------------ */

/* The high half of a directory entry's first byte, jsign. */
enum certum_type {
    CERTUM_RSA = 0,
    CERTUM_EC = 1,
    CERTUM_CERTIFICATE = 2,
};

/* An object. */
struct certum_entry {
    uint8_t type;      /* enum certum_type, or one that is not known here */
    uint8_t index;     /* 1 to 15 */
    uint8_t algorithm; /* the key's, see certum_kind() */
};

/* As many as can be told apart. */
#define CERTUM_ENTRIES_MAX (16 * 15)

struct certum_directory {
    struct certum_entry entries[CERTUM_ENTRIES_MAX];
    size_t count;
};

/*
 * Reads the file from its beginning, at least `most` bytes of it where it has so many, into an
 * empty buffer. ERROR_NOT_FOUND where there is no such file; _CARD_STATUS, _CARD_ANSWER.
 */
struct error *certum_read_file(struct apdu_channel *channel, uint16_t file, size_t most,
                               struct buffer *out) MUST_CHECK;

/* As much as can be read of a file; as much as tells its label. */
#define CERTUM_FILE_WHOLE 16384
#define CERTUM_FILE_LABEL 1

/* What there is. ERROR_UNSUPPORTED where that is no key because the profile is not initialised. */
struct error *certum_read_directory(struct apdu_channel *channel,
                                    struct certum_directory *out) MUST_CHECK;

/* The entry, or NULL. */
const struct certum_entry *certum_find_entry(const struct certum_directory *directory, uint8_t type,
                                             uint8_t index);

/* A file's label; points into the file. Of length 0 where it has none. */
struct certum_label {
    const uint8_t *text;
    size_t length;
};

struct certum_label certum_label_of(const struct buffer *file);

/* ---- keys ---------------------------------------------------------------------------------- */

/* "RSA-2048", "P-256", as public_key_name() writes it, or NULL for what is not known here. */
const char *certum_kind(const struct certum_entry *key);

/* By which VERIFY and MANAGE SECURITY ENVIRONMENT know the key, jsign. */
uint8_t certum_key_reference(const struct certum_entry *key);

/* "rsa1", "ec15", and back; false where there is no such slot. */
void certum_slot_write(const struct certum_entry *key, char out[APP_SLOT_MAX]);
bool certum_slot_read(const char *text, struct certum_entry *out);

/* ---- certificates -------------------------------------------------------------------------- */

/* A certificate that was read. */
struct certum_certificate {
    struct buffer file;
    const uint8_t *der; /* points into the file */
    size_t length;
    EVP_PKEY *public_key; /* NULL: there is none */
    time_t not_before;
};

void certum_certificate_clear(struct certum_certificate *certificate);

/*
 * The newest certificate for a key: the one for `public_key`, or where that is NULL the one that
 * has a key of the kind and the label of the key's file, or is the only one that can be meant.
 * ERROR_NOT_FOUND; ERROR_CARD_ANSWER for the first that cannot be read, where no other is found.
 */
struct error *certum_find_certificate(struct apdu_channel *channel, struct certum *certum,
                                      const struct certum_directory *directory,
                                      const struct certum_entry *key, const EVP_PKEY *public_key,
                                      struct certum_certificate *out) MUST_CHECK;

/* ---- the functions of certum_app, one group to a file -------------------------------------- */

struct error *certum_slots_in_use(struct apdu_channel *channel, void *state,
                                  struct app_slot_list *out) MUST_CHECK;
struct error *certum_read_key(struct apdu_channel *channel, void *state, const char *slot,
                              struct app_key *out) MUST_CHECK;
struct error *certum_read_certificate(struct apdu_channel *channel, void *state, const char *slot,
                                      struct buffer *der) MUST_CHECK;

struct error *certum_pin_status(struct apdu_channel *channel, void *state,
                                struct card_pin_status *out) MUST_CHECK;
struct error *certum_pin_tries(struct apdu_channel *channel, void *state,
                               struct card_pin_status *out, bool *proven) MUST_CHECK;
bool certum_pin_tries_prove(const void *state);
struct error *certum_verify_pin(struct apdu_channel *channel, void *state,
                                const struct app_key *key, struct secret *pin,
                                int *tries_left) MUST_CHECK;
struct error *certum_initialised(struct apdu_channel *channel, void *state, bool *out) MUST_CHECK;
struct error *certum_secret_info(struct apdu_channel *channel, void *state, enum card_secret which,
                                 struct card_secret_info *out) MUST_CHECK;

bool certum_can(const struct app_key *key, enum card_mechanism mechanism);
struct error *certum_accepts(const struct app_key *key, enum card_mechanism mechanism,
                             const uint8_t *in, size_t in_length) MUST_CHECK;
app_key_function certum_sign MUST_CHECK;

#endif
