/* SPDX-License-Identifier: BSD-2-Clause */
#include "mgf1.h"

#include <openssl/crypto.h>

bool mgf1_apply(const EVP_MD *digest, const uint8_t *seed, size_t seed_length, uint8_t *data,
                size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t mask[EVP_MAX_MD_SIZE];
    size_t hash_length = (size_t)EVP_MD_get_size(digest);
    bool result = context != NULL;

    for (size_t done = 0, counter = 0; result && done < length; counter++) {
        const uint8_t octets[4] = {(uint8_t)(counter >> 24), (uint8_t)(counter >> 16),
                                   (uint8_t)(counter >> 8), (uint8_t)counter};

        result = EVP_DigestInit_ex2(context, digest, NULL) == 1 &&
                 EVP_DigestUpdate(context, seed, seed_length) == 1 &&
                 EVP_DigestUpdate(context, octets, sizeof(octets)) == 1 &&
                 EVP_DigestFinal_ex(context, mask, NULL) == 1;
        for (size_t i = 0; result && i < hash_length && done < length; i++)
            data[done++] ^= mask[i];
    }
    OPENSSL_cleanse(mask, sizeof(mask));
    EVP_MD_CTX_free(context);
    return result;
}
