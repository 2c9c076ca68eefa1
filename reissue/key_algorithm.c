/* SPDX-License-Identifier: BSD-2-Clause */
#include "key_algorithm.h"

#include <strings.h>

static const struct key_algorithm algorithms[] = {
    {"RSA-2048", "RSA", 2048, NULL},
    {"RSA-3072", "RSA", 3072, NULL},
    {"RSA-4096", "RSA", 4096, NULL},
    {"P-256", "EC", 0, "P-256"},
    {"P-384", "EC", 0, "P-384"},
    {"P-521", "EC", 0, "P-521"},
    {"secp256k1", "EC", 0, "secp256k1"},
    {"brainpoolP256r1", "EC", 0, "brainpoolP256r1"},
    {"brainpoolP384r1", "EC", 0, "brainpoolP384r1"},
    {"brainpoolP512r1", "EC", 0, "brainpoolP512r1"},
    {"Ed25519", "ED25519", 0, NULL},
};

size_t key_algorithm_list(const char **out, size_t room)
{
    size_t count = sizeof(algorithms) / sizeof(algorithms[0]);

    for (size_t i = 0; i < count && i < room; i++)
        out[i] = algorithms[i].name;
    return count < room ? count : room;
}

const struct key_algorithm *key_algorithm_find(const char *name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (strcasecmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    return NULL;
}
