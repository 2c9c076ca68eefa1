/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a card states of a key that it made: an X.509 certificate for the key, signed by the card,
 * with Yubico's extensions (docs.yubico.com, "PIV attestation").
 */
#ifndef REISSUE_ATTESTATION_H
#define REISSUE_ATTESTATION_H

#include "card/error.h"
#include "card/types.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

struct attestation {
    bool has_firmware, has_serial, has_policies, has_form_factor;
    uint8_t firmware[3];
    uint64_t serial;
    enum card_policy pin_policy, touch_policy; /* CARD_POLICY_DEFAULT: unknown */
    unsigned form_factor;
};

/* What the statement says. Extensions that do not parse are ERROR_CARD_ANSWER; others are left out.
 */
struct error *attestation_read(const X509 *statement, struct attestation *out) MUST_CHECK;

/*
 * Whether the statement leads, by the card's own certificate `issuer`, to one of the self-signed
 * certificates in `path` (PEM), whose others may lie in between. Offline; nothing else is trusted.
 * ERROR_ARGUMENT for a file that holds none, _SIGNATURE where it does not.
 */
struct error *attestation_verify(X509 *statement, X509 *issuer, const char *path) MUST_CHECK;

#endif
