/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_OPENPGP_H
#define SOFTCARD_OPENPGP_H

#include "card.h"
#include "openpgp_algorithm.h"

/* Data objects (OpenPGP card 3.4.1, 4.4.1), those that more than one file names. */
#define SOFT_PGP_AID         0x4F
#define SOFT_PGP_HISTORICAL  0x5F52
#define SOFT_PGP_CERTIFICATE 0x7F21
#define SOFT_PGP_ATTRIBUTES  0xC1 /* and C2, C3 */
#define SOFT_PGP_STATUS      0xC4 /* PW status bytes */
#define SOFT_PGP_FINGERPRINT 0xC7 /* and C8, C9 */
#define SOFT_PGP_TIME        0xCE /* and CF, D0 */
#define SOFT_PGP_RESET_CODE  0xD3
#define SOFT_PGP_TOUCH       0xD6 /* and D7, D8 */
#define SOFT_PGP_TOUCH_LAST  0xD9 /* the attestation key's, a YubiKey's */
#define SOFT_PGP_KDF         0xF9

/* A command of the OpenPGP application: appends the answer, returns the status. */
typedef uint16_t soft_pgp_command(struct soft_card *card, const struct soft_apdu *apdu,
                                  struct soft_bytes *out);

/* OpenPGP card 3.4.1, section 7.2. */
soft_pgp_command soft_pgp_verify;
soft_pgp_command soft_pgp_change_reference;
soft_pgp_command soft_pgp_reset_retry;
soft_pgp_command soft_pgp_select_data;
soft_pgp_command soft_pgp_get_data;
soft_pgp_command soft_pgp_get_next_data;
soft_pgp_command soft_pgp_put_data;
soft_pgp_command soft_pgp_import;
soft_pgp_command soft_pgp_generate;
soft_pgp_command soft_pgp_security_operation;
soft_pgp_command soft_pgp_internal_authenticate;
soft_pgp_command soft_pgp_security_environment;

/* Yubico's. */
soft_pgp_command soft_pgp_set_retries;

/* Who may do something (4.4.2): everybody, whoever verified PW1 with VERIFY 82, or PW3; nobody. */
enum soft_pgp_access { SOFT_PGP_ALWAYS, SOFT_PGP_OTHER, SOFT_PGP_ADMIN, SOFT_PGP_NEVER };

bool soft_pgp_may(const struct soft_card *card, enum soft_pgp_access access);

/* Whether the card is one of Yubico's, which differs where the specification leaves it open. */
bool soft_pgp_is_yubikey(const struct soft_card *card);

/* The most that the card takes: bytes of a password, a certificate, another object of any length.
 */
size_t soft_pgp_password_most(const struct soft_card *card);
size_t soft_pgp_certificate_most(const struct soft_card *card);
#define SOFT_PGP_OBJECT_MOST    255
#define SOFT_PGP_CHALLENGE_MOST 3070

/* How many bits RSA attributes have to say that the exponent has. */
uint8_t soft_pgp_exponent_bits(const struct soft_card *card);

/* Appends what a data object holds, or the whole object with its tag. Of certificates the one that
 * is selected. */
void soft_pgp_value_append(const struct soft_card *card, uint32_t tag, struct soft_bytes *out);
void soft_pgp_member_append(const struct soft_card *card, uint32_t tag, struct soft_bytes *out);

/* Appends the historical bytes, which 5F52 and this card's ATR have. */
void soft_pgp_historical_bytes(const struct soft_card *card, struct soft_bytes *out);

/* Whether a password of that length may be one (4.3): PW1 6 bytes at least, the others 8. */
bool soft_pgp_password_fits(const struct soft_card *card, enum soft_pgp_password which,
                            size_t length);

/* Sets a password, and its tries to what they are set to. A length of 0 takes a reset code away. */
void soft_pgp_password_set(struct soft_card *card, enum soft_pgp_password which,
                           const uint8_t *value, size_t length);

/* The tag under which the state has that key's certificate. Occurrences (7F21) count from AUT. */
uint32_t soft_pgp_certificate_tag(uint8_t occurrence);
uint8_t soft_pgp_certificate_occurrence(enum soft_pgp_slot slot);

/* Reads a control reference template, B6, B8 or A4: the key that it names, SOFT_PGP_SLOTS if none.
 */
enum soft_pgp_slot soft_pgp_template_slot(uint32_t tag);

#endif
