/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_CARD_H
#define SOFTCARD_CARD_H

#include "apdu.h"
#include "bytes.h"
#include "state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct soft_card;

/* One application on the card: what it is selected by, and what it does with a command. */
struct soft_application {
    const char *name;
    unsigned profiles; /* that have it: 1 << enum soft_profile */
    /* Appends its AID, whole. */
    void (*identify)(const struct soft_card *card, struct soft_bytes *aid);
    size_t aid_least;   /* as many bytes of the AID must be given to select it */
    bool selects_files; /* SELECT that names no application is its own affair */
    /* Selected, maybe again: appends the application's description, returns the status. */
    uint16_t (*select)(struct soft_card *card, struct soft_bytes *out);
    /* Executes one whole command (chained parts joined). Appends the answer, returns the status. */
    uint16_t (*command)(struct soft_card *card, const struct soft_apdu *apdu,
                        struct soft_bytes *out);
    /* Forgets what it does not remember without power. */
    void (*forget)(struct soft_card *card);
    /* Whether commands with that instruction may be chained. */
    bool (*chains)(const struct soft_card *card, uint8_t ins);
};

extern const struct soft_application soft_piv;
extern const struct soft_application soft_openpgp;
extern const struct soft_application soft_certum_application;
extern const struct soft_application soft_dummy;

/* What a Certum card is: 3.6 with the application for one of its profiles, or 3.5. */
enum soft_certum_make { SOFT_CERTUM_COMMON, SOFT_CERTUM_SECURE, SOFT_CERTUM_35 };

/* How the card behaves, whatever application is selected. */
struct soft_card_options {
    bool extended;             /* extended length APDUs */
    bool t0;                   /* protocol T=0: 61xx and 6Cxx instead of whole answers */
    bool unknown;              /* a card of no known kind: no application at all */
    bool unknown_aid_6d00;     /* an AID that it does not know is answered with 6D00, not 6A82 */
    size_t object_most;        /* bytes of a certificate or another object; 0: the profile's */
    size_t answer_most;        /* bytes in one answer, whatever Le says; 0: no such limit */
    bool no_kdf;               /* OpenPGP without a KDF-DO, and saying so */
    bool p521;                 /* PIV keys on P-521, which few cards have */
    uint8_t exponent_bits;     /* that RSA attributes must say; 0: the profile's */
    unsigned generate_seconds; /* how long it takes to generate a key, at least */
    enum soft_certum_make certum_make;
};

/* Command parts received so far (ISO 7816-4, 5.1.1.1). */
struct soft_chain {
    bool active;
    uint8_t header[3]; /* INS P1 P2 */
    struct soft_bytes data;
};

/* An answer that was not fetched whole yet, by GET RESPONSE or by sending the command again (6Cxx).
 */
struct soft_pending {
    uint8_t header[4]; /* of the command it belongs to */
    struct soft_bytes data;
    size_t offset; /* how much of it was fetched */
};

/* What a host that authenticates itself as the administrator was given (SP 800-73-4 part 2, 3.2.4).
 */
enum soft_challenge { SOFT_CHALLENGE_NONE, SOFT_CHALLENGE_SINGLE, SOFT_CHALLENGE_WITNESS };

/* The PIV application's security status. */
struct soft_piv_session {
    bool pin_verified;
    bool pin_fresh;     /* by the command just before this one */
    bool administrator; /* authenticated with 9B */
    enum soft_challenge challenge_kind;
    uint8_t challenge[16];
};

/* The OpenPGP application's: passwords that were verified, and what was chosen. */
struct soft_pgp_session {
    bool signing;                        /* PW1 by VERIFY 81 */
    bool other;                          /* PW1 by VERIFY 82 */
    bool admin;                          /* PW3 */
    uint8_t certificate;                 /* occurrence of 7F21, by SELECT DATA */
    enum soft_pgp_slot decipher_key;     /* by MANAGE SECURITY ENVIRONMENT */
    enum soft_pgp_slot authenticate_key; /* likewise */
};

/* The Certum application's. */
struct soft_certum_session {
    bool pin_verified;
    uint8_t key;            /* its reference, by MANAGE SECURITY ENVIRONMENT; 0: none */
    struct soft_bytes hash; /* to be signed */
    struct soft_bytes file; /* that was selected */
};

struct soft_card {
    struct soft_card_options options;
    struct soft_state state;
    const struct soft_application *selected;
    struct soft_chain chain;
    struct soft_pending pending;
    struct soft_piv_session piv;
    struct soft_pgp_session openpgp;
    struct soft_certum_session certum;
    unsigned dummy_verifies; /* PINs that were sent to the wrong application */
};

/* Forgets everything that a reset, or the loss of power, makes a card forget. */
void soft_card_reset(struct soft_card *card);

/* Appends the ATR that fits the profile and the options. */
void soft_card_atr(const struct soft_card *card, struct soft_bytes *out);

/*
 * Executes one command APDU of any content, `length` bytes; `response` is replaced by the response
 * APDU: data, at most 65533 bytes, and the two status bytes.
 */
void soft_card_transmit(struct soft_card *card, const uint8_t *command, size_t length,
                        struct soft_bytes *response);

/* Executes one whole command (chained parts joined): SELECT here, the rest in the application. */
uint16_t soft_card_dispatch(struct soft_card *card, const struct soft_apdu *apdu,
                            struct soft_bytes *out);

/* Whether cards of that profile have the application. */
bool soft_card_has(const struct soft_card *card, const struct soft_application *application);

/* Writes the state. Turns a failure into the status word for it. */
uint16_t soft_card_save(const struct soft_card *card);

/* Takes as long as the generation of a key is to take longer. */
void soft_card_generate_wait(const struct soft_card *card);

/* Gives back what the card holds. */
void soft_card_free(struct soft_card *card);

#endif
