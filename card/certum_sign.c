/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certum: signatures. The card takes a hash and makes the DigestInfo and the padding of PKCS #1
 * v1.5 by itself (jsign, ISO/IEC 7816-8 11.7): so a DigestInfo has to be one that it makes, too.
 */
#include "certum.h"
#include "ecdsa.h"
#include "pkcs1.h"
#include "public_key.h"
#include "tlv.h"

#include <openssl/crypto.h>
#include <string.h>

#define BLOCK_MAX  512 /* RSA-4096 */
#define NUMBER_MAX 66  /* of a signature on P-521 */
#define HASH_MAX   64  /* SHA-512 */

/* Algorithm references in the security environment, jsign. */
#define ALGORITHM_RSA 0x42
#define ALGORITHM_EC  0x44

/* Of the control reference template for signatures, ISO/IEC 7816-4 table 55. */
#define TAG_ALGORITHM 0x80
#define TAG_KEY       0x84
#define TAG_HASH      0x90

/* ---- what is signed ------------------------------------------------------------------------ */

/* jsign sends these; it shows only the first one to work. */
static const struct hash {
    const char *name;
    uint8_t identifier; /* the last byte of 2.16.840.1.101.3.4.2.x, RFC 8017 appendix B.1 */
    uint8_t size;
} hashes[] = {{"SHA-256", 0x01, 32}, {"SHA-384", 0x02, 48}, {"SHA-512", 0x03, 64}};

#define HASHES_PROVEN 1

/* RFC 8017 9.2, note 1. */
#define INFO_START 19

static bool is_info(const struct hash *hash, const uint8_t *in, size_t in_length)
{
    const uint8_t start[INFO_START] = {0x30,
                                       (uint8_t)(INFO_START - 2 + hash->size),
                                       0x30,
                                       0x0D,
                                       0x06,
                                       0x09,
                                       0x60,
                                       0x86,
                                       0x48,
                                       0x01,
                                       0x65,
                                       0x03,
                                       0x04,
                                       0x02,
                                       hash->identifier,
                                       0x05,
                                       0x00,
                                       0x04,
                                       hash->size};
    return in_length == (size_t)INFO_START + hash->size && memcmp(in, start, INFO_START) == 0;
}

/* The hash in a DigestInfo, or NULL for any other bytes. */
static const struct hash *find_hash(const uint8_t *in, size_t in_length)
{
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
        if (is_info(&hashes[i], in, in_length))
            return &hashes[i];
    return NULL;
}

bool certum_can(const struct app_key *key, enum card_mechanism mechanism)
{
    if (mechanism == CARD_MECHANISM_RSA_PKCS1) /* not what a certificate for PSS allows */
        return EVP_PKEY_is_a(key->public_key, "RSA");
    return mechanism == CARD_MECHANISM_ECDSA && EVP_PKEY_is_a(key->public_key, "EC");
}

struct error *certum_accepts(const struct app_key *key, enum card_mechanism mechanism,
                             const uint8_t *in, size_t in_length)
{
    if (mechanism == CARD_MECHANISM_RSA_PKCS1 && find_hash(in, in_length) == NULL)
        return error_new(ERROR_UNSUPPORTED,
                         "the RSA key in slot %s signs a SHA-256, SHA-384 or SHA-512 hash and "
                         "nothing else, because the Certum card encodes it by itself: choose one "
                         "of these (-sha256)",
                         key->slot);
    if (mechanism == CARD_MECHANISM_ECDSA && (in_length == 0 || in_length > HASH_MAX))
        return error_new(ERROR_ARGUMENT,
                         "the EC key in slot %s signs a hash of 1 to %d bytes, not "
                         "%zu",
                         key->slot, HASH_MAX, in_length);
    return NULL;
}

/* ---- the card's part ----------------------------------------------------------------------- */

static struct error *send(struct apdu_channel *channel, const struct apdu_command *command,
                          const char *what, struct buffer *answer)
{
    uint16_t status;
    struct error *error = apdu_exchange(channel, command, answer, &status);
    return error != NULL || status == SW_SUCCESS ? error : apdu_refused(what, status);
}

static struct error *set_key(struct apdu_channel *channel, const struct certum_entry *key)
{
    const uint8_t template[] = {
        TAG_ALGORITHM, 1, key->type == CERTUM_RSA ? ALGORITHM_RSA : ALGORITHM_EC,
        TAG_KEY,       1, certum_key_reference(key)};
    struct apdu_command command = {
        0x00, CERTUM_INS_SECURITY_ENVIRONMENT, 0x81, 0xB6, template, sizeof(template), 0};
    struct buffer answer = {0};
    struct error *error = send(channel, &command, "to use the key for signatures", &answer);
    buffer_clear(&answer);
    return error;
}

static struct error *set_hash(struct apdu_channel *channel, const uint8_t *hash, size_t length)
{
    struct buffer template = {0};
    struct buffer answer = {0};
    struct error *error = tlv_append(&template, TAG_HASH, hash, length);
    struct apdu_command command = {
        0x00, CERTUM_INS_SECURITY_OPERATION, 0x90, 0xA0, template.bytes, template.length, 0};
    if (error == NULL)
        error = send(channel, &command, "the hash", &answer);
    buffer_clear(&template);
    buffer_clear(&answer);
    return error;
}

/* The signature, exactly `size` bytes. */
static struct error *compute(struct apdu_channel *channel, uint8_t *out, size_t size)
{
    struct apdu_command command = {0x00, CERTUM_INS_SECURITY_OPERATION, 0x9E, 0x9A, NULL, 0, size};
    struct buffer answer = {0};
    struct error *error = send(channel, &command, "to sign", &answer);
    if (error == NULL && answer.length != size)
        error = error_new(ERROR_CARD_ANSWER, "the card's signature has %zu bytes, not %zu",
                          answer.length, size);
    if (error == NULL)
        memcpy(out, answer.bytes, size);
    buffer_clear(&answer);
    return error;
}

static struct error *sign_hash(struct apdu_channel *channel, const struct app_key *key,
                               const uint8_t *hash, size_t length, uint8_t *out, size_t size)
{
    struct certum_entry entry;
    if (!certum_slot_read(key->slot, &entry))
        return error_new(ERROR_INTERNAL, "no slot \"%s\"", key->slot);
    struct error *error = set_key(channel, &entry);
    if (error == NULL)
        error = set_hash(channel, hash, length);
    return error != NULL ? error : compute(channel, out, size);
}

/* ---- RSA ----------------------------------------------------------------------------------- */

static struct error *explain_hash(const struct hash *hash, struct error *error)
{
    if (error == NULL || hash < hashes + HASHES_PROVEN ||
        (error_code(error) != ERROR_CARD_STATUS && error_code(error) != ERROR_SIGNATURE))
        return error;
    return error_wrap(error, error_code(error),
                      "no RSA signature of a %s hash by this card: only those of SHA-256 are known "
                      "to work (-sha256)",
                      hash->name);
}

static struct error *sign_rsa(struct apdu_channel *channel, struct certum *certum,
                              const struct app_key *key, const uint8_t *in, size_t in_length,
                              uint8_t *out, size_t *out_length)
{
    uint8_t block[BLOCK_MAX];
    uint8_t signature[BLOCK_MAX];
    size_t size = (size_t)EVP_PKEY_get_size(key->public_key);
    const struct hash *hash = find_hash(in, in_length);
    if (hash == NULL)
        return error_new(ERROR_INTERNAL, "no DigestInfo");
    struct error *error = pkcs1_pad(in, in_length, block, size);
    if (error != NULL)
        return error;
    error = sign_hash(channel, key, in + INFO_START, hash->size, signature, size);
    if (error == NULL)
        error = public_key_check_rsa(certum->libctx, key->public_key, block, size, signature, size);
    if (error != NULL)
        return explain_hash(hash, error);
    memcpy(out, signature, size);
    *out_length = size;
    return NULL;
}

/* ---- ECDSA --------------------------------------------------------------------------------- */

/* The leftmost bits of the hash, as many as the curve's order has whole bytes; a shorter one as it
   is: jsign. FIPS 186-4 6.4 says the same, because no hash is longer than P-521's order. */
static struct error *sign_ecdsa(struct apdu_channel *channel, struct certum *certum,
                                const struct app_key *key, const uint8_t *in, size_t in_length,
                                uint8_t *out, size_t *out_length)
{
    uint8_t plain[2 * NUMBER_MAX];
    uint8_t *der = NULL;
    size_t length = 0;
    size_t bits = (size_t)EVP_PKEY_get_bits(key->public_key);
    size_t size = (bits + 7) / 8;
    size_t used = in_length < bits / 8 ? in_length : bits / 8;
    if (size > NUMBER_MAX)
        return error_new(ERROR_UNSUPPORTED, "a Certum card has no curve of %zu bits", bits);
    struct error *error = sign_hash(channel, key, in, used, plain, 2 * size);
    if (error == NULL)
        error = ecdsa_signature_der(plain, size, &der, &length);
    if (error == NULL && length > (size_t)EVP_PKEY_get_size(key->public_key))
        error = error_new(ERROR_CARD_ANSWER, "the card's signature is greater than its curve");
    if (error == NULL)
        error = public_key_check_ecdsa(certum->libctx, key->public_key, in, in_length, der, length);
    if (error == NULL) {
        memcpy(out, der, length);
        *out_length = length;
    }
    OPENSSL_free(der);
    return error;
}

struct error *certum_sign(struct apdu_channel *channel, void *state, const struct app_key *key,
                          enum card_mechanism mechanism, const uint8_t *in, size_t in_length,
                          uint8_t *out, size_t *out_length)
{
    *out_length = 0;
    return mechanism == CARD_MECHANISM_RSA_PKCS1
               ? sign_rsa(channel, state, key, in, in_length, out, out_length)
               : sign_ecdsa(channel, state, key, in, in_length, out, out_length);
}
