/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key references: a small file that stands for a key on a card wherever a program wants a key
 * file. It is not secret. DER, in PEM between lines that say CARD KEY REFERENCE:
 *
 *     CardKeyReference ::= SEQUENCE {
 *         version    INTEGER { v1(0) },
 *         uri        UTF8String,             -- a card: URI, without any PIN
 *         publicKey  SubjectPublicKeyInfo,
 *         pin        ENUMERATED { never(0), once(1), always(2), onceAtKeypad(3), alwaysAtKeypad(4)
 * } }
 */
#ifndef PROVIDER_REFERENCE_H
#define PROVIDER_REFERENCE_H

#include "card/card.h"

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#define REFERENCE_PEM_LABEL           "CARD KEY REFERENCE"
#define REFERENCE_ENCRYPTED_PEM_LABEL "ENCRYPTED CARD KEY REFERENCE"

/* The name of the structure between our decoders. */
#define REFERENCE_STRUCTURE "CardKeyReference"

struct reference {
    struct card_uri *uri;
    EVP_PKEY *public_key;
    enum card_policy pin_policy; /* CARD_POLICY_NEVER, _ONCE or _ALWAYS */
    bool pin_at_pad;             /* it is typed at the reader's keypad */
};

/*
 * Reads a reference; the public key is made in `libctx`. On success *out is for
 * reference_clear(). ERROR_ARGUMENT where `der` is no reference, is cut short, goes on after its
 * end, or is of a version that this program does not know.
 */
struct error *reference_decode(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length,
                               struct reference *out) MUST_CHECK;

/* Writes a reference; *der is for OPENSSL_free(). */
struct error *reference_encode(const struct reference *reference, uint8_t **der,
                               size_t *length) MUST_CHECK;

/* Frees what a reference holds. */
void reference_clear(struct reference *reference);

#endif
