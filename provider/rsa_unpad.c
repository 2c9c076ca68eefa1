/* SPDX-License-Identifier: BSD-2-Clause */
#include "rsa_unpad.h"

#include "constant_time.h"
#include "mgf1.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#define BLOCK_MAX      2048 /* RSA-16384, the most that libcrypto takes */
#define PADDING_MIN    11   /* 00 02, eight bytes that are not zero, 00: RFC 8017 section 7.2.1 */
#define LENGTH_CHOICES 128  /* draft-irtf-cfrg-rsa-guidance, section 7.2 */

static struct error *bad_padding(void)
{
    return error_new(ERROR_CIPHERTEXT, "decryption failed: this was encrypted for another key or "
                                       "with another padding, or has been damaged");
}

static struct error *check_size(size_t size, size_t minimum)
{
    if (size >= minimum && size <= BLOCK_MAX)
        return NULL;
    return error_new(ERROR_CIPHERTEXT, "an RSA key of %zu bytes has no room for this padding",
                     size);
}

/* ---- PKCS #1 v1.5 ------------------------------------------------------------------------ */

/* The mask of a good padding; *start is then where the message is. */
static uint32_t find_message(const uint8_t *block, size_t size, uint32_t *start)
{
    uint32_t good = constant_time_is_zero(block[0]) & constant_time_equal(block[1], 2);
    uint32_t found = 0;
    uint32_t zero = 0;

    for (uint32_t i = 2; i < size; i++) {
        uint32_t is_zero = constant_time_is_zero(block[i]);

        zero = constant_time_select(~found & is_zero, i, zero);
        found |= is_zero;
    }
    *start = zero + 1;
    return good & found & ~constant_time_less(zero, PADDING_MIN - 1);
}

/* IRPRF of the draft: HMAC-SHA-256 over counter, label and length in bits, block after block. */
static bool expand(OSSL_LIB_CTX *libctx, const uint8_t *key, const char *label, uint8_t *out,
                   size_t length)
{
    uint8_t input[2 + 7 + 2];
    uint8_t block[32];
    size_t label_length = strlen(label);
    size_t bits = length * 8;

    memcpy(input + 2, label, label_length);
    input[2 + label_length] = (uint8_t)(bits >> 8);
    input[2 + label_length + 1] = (uint8_t)bits;
    for (size_t done = 0, counter = 0; done < length; counter++) {
        size_t part = length - done < sizeof(block) ? length - done : sizeof(block);

        input[0] = (uint8_t)(counter >> 8);
        input[1] = (uint8_t)counter;
        if (EVP_Q_mac(libctx, "HMAC", NULL, "SHA256", NULL, key, REJECTION_KEY_LENGTH, input,
                      2 + label_length + 2, block, sizeof(block), NULL) == NULL)
            return false;
        memcpy(out + done, block, part);
        done += part;
    }
    OPENSSL_cleanse(block, sizeof(block));
    return true;
}

/* The last choice that is a possible length; the bits above the greatest one are cut off first. */
static uint32_t choose_length(const uint8_t *choices, uint32_t maximum)
{
    uint32_t mask = maximum;
    uint32_t chosen = 0;

    for (unsigned int shift = 1; shift < 16; shift *= 2)
        mask |= mask >> shift;
    for (size_t i = 0; i < LENGTH_CHOICES; i++) {
        uint32_t choice = ((uint32_t)choices[2 * i] << 8 | choices[2 * i + 1]) & mask;

        chosen = constant_time_select(constant_time_less(choice, maximum + 1), choice, chosen);
    }
    return chosen;
}

/* What is said where there is nothing to say: `size` bytes, the message at their end. */
static bool make_alternative(OSSL_LIB_CTX *libctx, const uint8_t *rejection_key,
                             const uint8_t *ciphertext, size_t size, uint8_t *alternative,
                             uint32_t *start)
{
    uint8_t choices[2 * LENGTH_CHOICES];
    uint8_t key[REJECTION_KEY_LENGTH];
    bool good = EVP_Q_mac(libctx, "HMAC", NULL, "SHA256", NULL, rejection_key, REJECTION_KEY_LENGTH,
                          ciphertext, size, key, sizeof(key), NULL) != NULL &&
                expand(libctx, key, "length", choices, sizeof(choices)) &&
                expand(libctx, key, "message", alternative, size);

    if (good)
        *start = (uint32_t)size - choose_length(choices, (uint32_t)size - PADDING_MIN);
    OPENSSL_cleanse(choices, sizeof(choices));
    OPENSSL_cleanse(key, sizeof(key));
    return good;
}

struct error *rsa_unpad_pkcs1(OSSL_LIB_CTX *libctx,
                              const uint8_t rejection_key[REJECTION_KEY_LENGTH],
                              const uint8_t *ciphertext, const uint8_t *block, size_t size,
                              uint8_t *out, size_t *out_length)
{
    uint8_t alternative[BLOCK_MAX];
    uint32_t alternative_start;
    uint32_t start;
    uint32_t good;
    struct error *error = check_size(size, PADDING_MIN);

    if (error != NULL)
        return error;
    if (!make_alternative(libctx, rejection_key, ciphertext, size, alternative, &alternative_start))
        return error_new(ERROR_INTERNAL, "HMAC failed in libcrypto");
    good = find_message(block, size, &start);
    start = constant_time_select(good, start, alternative_start);
    /* The length is no secret from here on: the caller sees it, whichever message it is. */
    for (size_t i = start; i < size; i++)
        out[i - start] = (uint8_t)constant_time_select(good, block[i], alternative[i]);
    *out_length = size - start;
    OPENSSL_cleanse(alternative, sizeof(alternative));
    return NULL;
}

struct error *rsa_unpad_pkcs1_explicit(const uint8_t *block, size_t size, uint8_t *out,
                                       size_t *out_length)
{
    uint32_t start;
    struct error *error = check_size(size, PADDING_MIN);

    if (error != NULL)
        return error;
    if (!find_message(block, size, &start))
        return bad_padding();
    memcpy(out, block + start, size - start);
    *out_length = size - start;
    return NULL;
}

void rsa_restore_pkcs1(bool found, const uint8_t *message, size_t length, uint8_t *block,
                       size_t size)
{
    memset(block, 0xff, size);
    block[0] = 0;
    block[1] = found ? 2 : 0;
    block[size - length - 1] = 0;
    memcpy(block + size - length, message, length);
}

/* ---- TLS --------------------------------------------------------------------------------- */

static uint32_t has_version(const uint8_t *secret, unsigned int version)
{
    return constant_time_equal(secret[0], version >> 8 & 0xff) &
           constant_time_equal(secret[1], version & 0xff);
}

struct error *rsa_unpad_tls(OSSL_LIB_CTX *libctx, unsigned int version, unsigned int other_version,
                            const uint8_t *block, size_t size, uint8_t *out, size_t *out_length)
{
    uint8_t random[TLS_PREMASTER_LENGTH];
    struct error *error = check_size(size, PADDING_MIN + TLS_PREMASTER_LENGTH);
    const uint8_t *secret = block + size - TLS_PREMASTER_LENGTH;
    uint32_t start;
    uint32_t good;
    uint32_t good_version;

    if (error != NULL)
        return error;
    if (RAND_priv_bytes_ex(libctx, random, sizeof(random), 0) != 1)
        return error_new(ERROR_INTERNAL, "no random numbers from libcrypto");
    good = find_message(block, size, &start);
    good &= constant_time_equal(start, (uint32_t)size - TLS_PREMASTER_LENGTH);
    good_version = has_version(secret, version);
    if (other_version != 0)
        good_version |= has_version(secret, other_version);
    good &= good_version;
    for (size_t i = 0; i < TLS_PREMASTER_LENGTH; i++)
        out[i] = (uint8_t)constant_time_select(good, secret[i], random[i]);
    *out_length = TLS_PREMASTER_LENGTH;
    OPENSSL_cleanse(random, sizeof(random));
    return NULL;
}

/* ---- OAEP -------------------------------------------------------------------------------- */

/* The mask of a good DB = lHash || 00 ... 00 || 01 || M; *start is then where M is. */
static uint32_t check_oaep(const uint8_t *db, size_t length, const uint8_t *label_hash,
                           size_t hash_length, uint32_t *start)
{
    uint32_t good = constant_time_is_zero((uint32_t)CRYPTO_memcmp(db, label_hash, hash_length));
    uint32_t found = 0;

    *start = 0;
    for (uint32_t i = (uint32_t)hash_length; i < length; i++) {
        uint32_t is_one = constant_time_equal(db[i], 1);

        *start = constant_time_select(~found & is_one, i + 1, *start);
        found |= is_one;
        good &= found | constant_time_is_zero(db[i]);
    }
    return good & found;
}

/* `work` becomes seed || DB, of size - 1 bytes. */
static bool unmask(const EVP_MD *mgf1_digest, uint8_t *work, size_t hash_length, size_t length)
{
    return mgf1_apply(mgf1_digest, work + hash_length, length - hash_length, work, hash_length) &&
           mgf1_apply(mgf1_digest, work, hash_length, work + hash_length, length - hash_length);
}

struct error *rsa_unpad_oaep(const EVP_MD *digest, const EVP_MD *mgf1_digest, const uint8_t *label,
                             size_t label_length, const uint8_t *block, size_t size, uint8_t *out,
                             size_t *out_length)
{
    size_t hash_length = (size_t)EVP_MD_get_size(digest);
    uint8_t label_hash[EVP_MAX_MD_SIZE];
    uint8_t work[BLOCK_MAX];
    const uint8_t *db = work + hash_length;
    size_t db_length = size - 1 - hash_length;
    uint32_t start;
    struct error *error = check_size(size, 2 * hash_length + 2);

    if (error != NULL)
        return error;
    memcpy(work, block + 1, size - 1);
    if (EVP_Digest(label, label_length, label_hash, NULL, digest, NULL) != 1 ||
        !unmask(mgf1_digest, work, hash_length, size - 1))
        error = error_new(ERROR_INTERNAL, "a digest failed in libcrypto");
    else if (!(constant_time_is_zero(block[0]) &
               check_oaep(db, db_length, label_hash, hash_length, &start)))
        error = bad_padding();
    if (error == NULL) {
        memcpy(out, db + start, db_length - start);
        *out_length = db_length - start;
    }
    OPENSSL_cleanse(work, sizeof(work));
    return error;
}
