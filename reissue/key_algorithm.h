/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of keys that certificates are asked for with. */
#ifndef REISSUE_KEY_ALGORITHM_H
#define REISSUE_KEY_ALGORITHM_H

#include <stddef.h>

struct key_algorithm {
    const char *name;  /* as cards' algorithms are called: "RSA-3072", "P-256", "Ed25519" */
    const char *type;  /* OpenSSL's */
    int bits;          /* of an RSA key, or 0 */
    const char *group; /* OpenSSL's name of a curve, or NULL */
};

/* All of their names, for messages. */
#define KEY_ALGORITHM_NAMES                                                                        \
    "RSA-2048, RSA-3072, RSA-4096, P-256, P-384, P-521, secp256k1, brainpoolP256r1, "              \
    "brainpoolP384r1, brainpoolP512r1 and Ed25519"

/* The first `room` names into `out`; returns how many those are. They belong to the table. */
size_t key_algorithm_list(const char **out, size_t room);

/* By name, in whatever case; NULL: there is none. */
const struct key_algorithm *key_algorithm_find(const char *name);

#endif
