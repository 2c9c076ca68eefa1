/* SPDX-License-Identifier: BSD-2-Clause */
/* Private keys in files, and the text that stands for one on a card. */
#ifndef REISSUE_KEY_FILE_H
#define REISSUE_KEY_FILE_H

#include "crypto.h"

/*
 * Makes a key of that algorithm ("RSA-3072", "P-256", "Ed25519") in a new file, durably, 0600, and
 * encrypted (PBES2, AES-256) where there is a source for its passphrase. A key that is in the file
 * already stays. ERROR_UNSUPPORTED for an algorithm that is not known; ERROR_FILE.
 */
struct error *key_file_make(struct crypto *crypto, const char *path,
                            const char *algorithm) MUST_CHECK;

/* The key reference of a key on a card, PEM; the caller frees it. */
struct error *key_file_reference(EVP_PKEY *key, char **out) MUST_CHECK;

/* The names of the algorithms that key_file_make() knows, at most `room`; returns how many. */
size_t key_file_algorithms(const char **out, size_t room);

#endif
