/* SPDX-License-Identifier: BSD-2-Clause */
/* The words that card.h shares with the card applications below it. */
#ifndef CARD_TYPES_H
#define CARD_TYPES_H

#include <stdbool.h>
#include <stddef.h>

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

/* How a key came to the card. */
enum card_origin {
    CARD_ORIGIN_UNKNOWN,
    CARD_ORIGIN_GENERATED, /* by the card: nobody else ever had it */
    CARD_ORIGIN_IMPORTED,
};

/* The answer where a card may not tell. */
enum card_answer {
    CARD_NOT_SAID,
    CARD_NO,
    CARD_YES,
};

/* The secrets by which a card knows people. */
enum card_secret {
    CARD_SECRET_PIN,   /* uses the keys */
    CARD_SECRET_PUK,   /* gives the PIN new tries: PIV's PUK, OpenPGP's resetting code */
    CARD_SECRET_ADMIN, /* changes the card: PIV's management key, OpenPGP's admin PIN */
};

/* Where a PIN comes from. */
enum card_pin_place {
    CARD_PIN_ANYWHERE, /* not said: the reader's keypad, where it has one; else a person is asked */
    CARD_PIN_AT_PAD,   /* the reader's keypad */
    CARD_PIN_ON_HOST,  /* the program asks a person */
    CARD_PIN_FROM_SOURCE, /* a file, a variable, a credential */
};

/* What secrets are typed at a reader's keypad for. */
enum card_pad_use {
    CARD_PAD_VERIFY,  /* one is verified */
    CARD_PAD_CHANGE,  /* one gets another value */
    CARD_PAD_UNBLOCK, /* the PIN gets another value by it */
};

/* What a secret is written with. */
enum card_characters {
    CARD_CHARACTERS_ANY, /* any that can be typed */
    CARD_CHARACTERS_DIGITS,
    CARD_CHARACTERS_HEXADECIMAL, /* two digits a byte */
};

/* The state of a secret, and what a new one has to be like. */
struct card_secret_info {
    const char *name;                /* "PIN", "management key": static */
    enum card_answer set;            /* whether there is one at all: a resetting code need not be */
    enum card_answer factory;        /* whether it is the one that every new card has */
    int tries_left;                  /* -1 where the card does not say, or counts none */
    int tries_limit;                 /* how many there are after a right one; -1 likewise */
    bool tries_counted;              /* a wrong one costs a try */
    size_t minimum, maximum;         /* characters */
    enum card_characters characters; /* of a new one */
    enum card_secret changed_by;     /* the secret that has to be given to change it */
    bool unblocks;                   /* it can give the PIN new tries */
    const char *algorithm;           /* of a management key: "AES-192"; NULL: none, or not said */
    bool fixed;                      /* the card has no command to change it */
    bool behind_pin;                 /* the card keeps it, and shows it to whoever has the PIN */
};

/* What made the card. */
struct card_make {
    char name[48];       /* such as "YubiKey"; empty where the card does not say */
    bool version_known;  /* ... of the firmware: */
    unsigned version[3]; /* major, minor, patch */
};

/* The kinds of keys that a card can make. */
#define CARD_ALGORITHMS_MAX 24
struct card_algorithms {
    const char *names[CARD_ALGORITHMS_MAX]; /* as card_generate_options name them; static */
    size_t count;
    bool certain; /* the card says so; otherwise it is what cards of this kind have */
};

/* How a management key is to be set. */
struct card_admin_key_options {
    const char *algorithm; /* "3DES", "AES-128", "AES-192", "AES-256"; NULL: as it is now */
    bool behind_pin;       /* to be kept on the card, for whoever has the PIN */
    bool touch;            /* wants a touch each time */
};

/* How a key is to be made. */
struct card_generate_options {
    const char *algorithm; /* "RSA-2048", ..., "P-256", "P-384", "Ed25519", "X25519" */
    enum card_policy pin_policy;
    enum card_policy touch_policy;
    bool overwrite; /* replace a key that is in the slot, or that may be */
};

#endif
