/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encrypted key references, for programs that ask for an encrypted key file: the reference's DER in
 * PBES2 (RFC 8018), in the frame of an EncryptedPrivateKeyInfo (RFC 5958 section 3). The passphrase
 * opens the reference; it is not the card's PIN.
 */
#ifndef PROVIDER_REFERENCE_ENCRYPTION_H
#define PROVIDER_REFERENCE_ENCRYPTION_H

#include "passphrase.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Encrypts with a cipher known to libcrypto by that name, under a passphrase that is asked for.
 * *out is for OPENSSL_free(). ERROR_ARGUMENT for a cipher that cannot be had, ERROR_PIN_SOURCE.
 */
struct error *reference_encrypt(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length,
                                const char *cipher_name, const struct passphrase *passphrase,
                                uint8_t **out, size_t *out_length) MUST_CHECK;

/* The reverse. ERROR_ARGUMENT for a wrong passphrase or damaged data, ERROR_PIN_SOURCE. */
struct error *reference_decrypt(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length,
                                const struct passphrase *passphrase, uint8_t **out,
                                size_t *out_length) MUST_CHECK;

#endif
