/* SPDX-License-Identifier: BSD-2-Clause */
#include "key_template.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static EVP_PKEY *make(const struct key *key, int selection, OSSL_PARAM params[])
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(key->provider->libctx, key->type, NULL);
    EVP_PKEY *template = NULL;

    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &template, selection, params); /* fails by a NULL */
    EVP_PKEY_CTX_free(context);
    return template;
}

/* A number of so many bits in place of the modulus. */
static EVP_PKEY *make_rsa(const struct key *key, size_t bits)
{
    uint8_t modulus[4096 / 8] = {1}; /* both in the machine's byte order, as OSSL_PARAM has it */
    unsigned int exponent = 65537;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus, bits / 8),
        OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &exponent),
        OSSL_PARAM_construct_end(),
    };

    modulus[0] |= 0x80;
    modulus[bits / 8 - 1] |= 0x80;
    return make(key, EVP_PKEY_PUBLIC_KEY, params);
}

static EVP_PKEY *make_ec(const struct key *key, const char *group)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0),
        OSSL_PARAM_construct_end(),
    };

    return make(key, EVP_PKEY_KEY_PARAMETERS, params);
}

static struct error *choose_rsa(const struct key *key, size_t bits, char *algorithm, EVP_PKEY **out)
{
    if (bits != 2048 && bits != 3072 && bits != 4096)
        return error_new(ERROR_UNSUPPORTED,
                         "cards make RSA keys of 2048, 3072 or 4096 bits, not of %zu", bits);
    (void)snprintf(algorithm, CARD_ALGORITHM_NAME_MAX, "RSA-%zu", bits);
    *out = make_rsa(key, bits);
    return *out == NULL ? error_no_memory() : NULL;
}

/* What the card at hand has of these it tells when it is to make the key. */
static const int curves[] = {NID_X9_62_prime256v1, NID_secp384r1,       NID_secp521r1,
                             NID_secp256k1,        NID_brainpoolP256r1, NID_brainpoolP384r1,
                             NID_brainpoolP512r1};

/* The curve as card_generate_options name it, or NULL where no card has it. */
static const char *find_curve(const char *group)
{
    int nid = EC_curve_nist2nid(group);
    const char *nist;

    if (nid == NID_undef)
        nid = OBJ_sn2nid(group);
    nist = nid == NID_undef ? NULL : EC_curve_nid2nist(nid);
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
        if (curves[i] == nid)
            return nist != NULL ? nist : OBJ_nid2sn(nid);
    return NULL;
}

static struct error *choose_ec(const struct key *key, const char *group, char *algorithm,
                               EVP_PKEY **out)
{
    const char *name = group == NULL ? NULL : find_curve(group);

    if (name == NULL)
        return error_new(ERROR_UNSUPPORTED,
                         "cards make keys on the curves P-256, P-384, P-521, secp256k1, "
                         "brainpoolP256r1, brainpoolP384r1 and brainpoolP512r1, not %s",
                         group == NULL ? "without a curve" : group);
    (void)snprintf(algorithm, CARD_ALGORITHM_NAME_MAX, "%s", name);
    *out = make_ec(key, name);
    return *out == NULL ? error_no_memory() : NULL;
}

/* Ed25519 and X25519: 32 bytes (RFC 7748, RFC 8032) in place of the public key. */
static struct error *choose_ecx(const struct key *key, const char *name, char *algorithm,
                                EVP_PKEY **out)
{
    uint8_t public_key[32] = {0};
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public_key, sizeof(public_key)),
        OSSL_PARAM_construct_end(),
    };

    (void)snprintf(algorithm, CARD_ALGORITHM_NAME_MAX, "%s", name);
    *out = make(key, EVP_PKEY_PUBLIC_KEY, params);
    return *out == NULL ? error_no_memory() : NULL;
}

struct error *key_template_make(const struct key *key, size_t bits, const char *group,
                                char algorithm[CARD_ALGORITHM_NAME_MAX], EVP_PKEY **out)
{
    *out = NULL;
    if (strcmp(key->type, "RSA") == 0)
        return choose_rsa(key, bits, algorithm, out);
    if (strcmp(key->type, "EC") == 0)
        return choose_ec(key, group, algorithm, out);
    if (strcmp(key->type, "ED25519") == 0)
        return choose_ecx(key, "Ed25519", algorithm, out);
    if (strcmp(key->type, "X25519") == 0)
        return choose_ecx(key, "X25519", algorithm, out);
    return error_new(ERROR_UNSUPPORTED, "cards make RSA, EC, Ed25519 and X25519 keys, no %s keys",
                     key->type);
}
