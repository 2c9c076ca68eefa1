/* SPDX-License-Identifier: BSD-2-Clause */
#include "ecdsa.h"

#include <openssl/ec.h>
#include <string.h>

struct error *ecdsa_fit_hash(const uint8_t *hash, size_t length, size_t bits,
                             uint8_t out[ECDSA_HASH_MAX], size_t *size)
{
    *size = bits / 8 < ECDSA_HASH_MAX ? bits / 8 : ECDSA_HASH_MAX;
    if (length > *size && *size * 8 != bits)
        return error_new(ERROR_ARGUMENT,
                         "a key on this curve signs a hash of at most %zu bytes, "
                         "not %zu",
                         *size, length);
    size_t used = length < *size ? length : *size;
    memset(out, 0, *size);
    if (used > 0)
        memcpy(out + *size - used, hash, used);
    return NULL;
}

struct error *ecdsa_signature_der(const uint8_t *plain, size_t size, uint8_t **out,
                                  size_t *out_length)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(plain, (int)size, NULL);
    BIGNUM *s = BN_bin2bn(plain + size, (int)size, NULL);
    int length = 0;
    *out = NULL;
    if (signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = s = NULL;
        length = i2d_ECDSA_SIG(signature, out);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    if (length <= 0)
        return error_new(ERROR_INTERNAL, "cannot encode an ECDSA signature");
    *out_length = (size_t)length;
    return NULL;
}
