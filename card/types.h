/* SPDX-License-Identifier: BSD-2-Clause */
/* The words that card.h shares with the card applications below it. */
#ifndef CARD_TYPES_H
#define CARD_TYPES_H

#include <stdbool.h>

/* What is handed to the card, and in which form the answer comes. */
enum card_mechanism {
    CARD_MECHANISM_RSA_RAW,   /* in: a padded block of the modulus's length; out: the same length */
    CARD_MECHANISM_RSA_PKCS1, /* in: a DigestInfo, or any bytes; out: signature, RFC 8017 8.2 */
    CARD_MECHANISM_ECDSA,     /* in: a hash of any length; out: DER ECDSA-Sig-Value, RFC 3279 */
    CARD_MECHANISM_ED25519,   /* in: the whole message; out: signature, RFC 8032 5.1.6 */
    CARD_MECHANISM_RSA_DECRYPT, /* in: ciphertext of the modulus's length; out: the padded block */
    CARD_MECHANISM_RSA_DECRYPT_PKCS1, /* the same; out: what was padded, RFC 8017 7.2.2 */
    CARD_MECHANISM_ECDH,   /* in: the peer's point, uncompressed; out: x, SP 800-56A 5.7.1.2 */
    CARD_MECHANISM_X25519, /* in: the peer's 32 bytes; out: 32 bytes, RFC 7748 6.1 */
};

/* The state of a card's PIN. */
struct card_pin_status {
    bool verified;
    bool blocked;
    int tries_left; /* -1 where the card does not say (it does not while the PIN is verified) */
};

/* When the card asks for its PIN, and for a touch. */
enum card_policy {
    CARD_POLICY_DEFAULT, /* the slot's own */
    CARD_POLICY_NEVER,
    CARD_POLICY_ONCE,
    CARD_POLICY_ALWAYS,
    CARD_POLICY_CACHED, /* touch only */
};

/* How a key is to be made. */
struct card_generate_options {
    const char *algorithm; /* "RSA-2048", ..., "P-256", "P-384", "Ed25519", "X25519" */
    enum card_policy pin_policy;
    enum card_policy touch_policy;
    bool overwrite; /* replace a key that is in the slot, or that may be */
};

#endif
