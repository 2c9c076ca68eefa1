/* SPDX-License-Identifier: BSD-2-Clause */
/* The key of a request, and its signature. */
#include "card/public_key.h"
#include "csr_check_internal.h"
#include "weak_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <string.h>

/* Bits: the Baseline Requirements for TLS and S/MIME (6.1.5), and those for code signing. */
#define RSA_BITS_MIN         2048
#define RSA_BITS_MIN_CODE    3072
#define RSA_BITS_MAX_ADVISED 4096
#define RSA_EXPONENT         65537
#define EC_BITS_MIN          256

static const char new_rsa[] = "make a new key: openssl genpkey -algorithm RSA -pkeyopt "
                              "rsa_keygen_bits:3072 -out key.pem";
static const char new_ec[] = "make a new key: openssl genpkey -algorithm EC -pkeyopt "
                             "ec_paramgen_curve:P-256 -out key.pem";
static const char new_key[] = "make a new key: openssl genpkey -algorithm EC -pkeyopt "
                              "ec_paramgen_curve:P-256 -out key.pem; never use this one again";

/* ---- RSA --------------------------------------------------------------------------------- */

static void check_rsa_length(int bits, struct csr_verdict *verdict)
{
    if (bits < RSA_BITS_MIN)
        csr_find(verdict, CSR_BROKEN, "rsa-short", new_rsa,
                 "the RSA key has %d bits, at least %d are needed", bits, RSA_BITS_MIN);
    else if (bits < RSA_BITS_MIN_CODE && verdict->profile == CSR_PROFILE_CODE_SIGNING)
        csr_find(verdict, CSR_REFUSED, "rsa-short", new_rsa,
                 "the RSA key has %d bits, at least %d are needed for code signing", bits,
                 RSA_BITS_MIN_CODE);
    if (bits % 8 != 0)
        csr_find(verdict, CSR_REFUSED, "rsa-odd-length", new_rsa,
                 "the RSA key has %d bits, which is not a multiple of 8", bits);
    if (bits > RSA_BITS_MAX_ADVISED)
        csr_find(verdict, CSR_ADVICE, "rsa-long", new_rsa,
                 "the RSA key has %d bits: many authorities and cards take %d at most", bits,
                 RSA_BITS_MAX_ADVISED);
}

static void check_rsa(const EVP_PKEY *key, struct csr_verdict *verdict)
{
    BIGNUM *exponent = NULL;

    check_rsa_length(EVP_PKEY_get_bits(key), verdict);
    if (EVP_PKEY_is_a(key, "RSA-PSS"))
        csr_find(verdict, CSR_REFUSED, "rsa-pss-key",
                 "make the request with a plain RSA key, which can sign with PSS as well",
                 "the key is marked for RSASSA-PSS alone, which public authorities do not certify");
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1)
        return; /* what is no key at all is told of elsewhere */
    if (BN_is_odd(exponent) && !BN_is_one(exponent) && !BN_is_word(exponent, RSA_EXPONENT)) {
        bool small = BN_num_bits(exponent) <= 16, huge = BN_num_bits(exponent) > 256;

        csr_find(verdict, small || huge ? CSR_REFUSED : CSR_ADVICE, "rsa-exponent", new_rsa,
                 "the RSA key's exponent is %s than 65537, which authorities expect",
                 small ? "smaller" : "larger");
    }
    BN_free(exponent);
}

/* ---- elliptic curves --------------------------------------------------------------------- */

static bool has_explicit_curve(const EVP_PKEY *key)
{
    char encoding[32] = "";

    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding,
                                          sizeof(encoding), NULL) == 1 &&
           strcmp(encoding, OSSL_PKEY_EC_ENCODING_EXPLICIT) == 0;
}

static void check_ec(const EVP_PKEY *key, struct csr_verdict *verdict)
{
    char curve[64];

    public_key_name(key, curve, sizeof(curve));
    if (has_explicit_curve(key))
        csr_find(verdict, CSR_BROKEN, "ec-explicit", new_ec,
                 "the key writes its curve out instead of naming it (RFC 5480 section 2.1.1), "
                 "which hides faked ones");
    else if (EVP_PKEY_get_bits(key) < EC_BITS_MIN)
        csr_find(verdict, CSR_BROKEN, "ec-short", new_ec,
                 "the key is on a curve of %d bits, at least %d are needed", EVP_PKEY_get_bits(key),
                 EC_BITS_MIN);
    else if (strcmp(curve, "P-521") == 0 && verdict->profile == CSR_PROFILE_TLS)
        csr_find(verdict, CSR_ADVICE, "ec-p521", new_ec,
                 "the key is on P-521, which many authorities and browsers do not take");
    else if (strcmp(curve, "P-256") != 0 && strcmp(curve, "P-384") != 0 &&
             strcmp(curve, "P-521") != 0)
        csr_find(verdict, CSR_REFUSED, "ec-curve", new_ec,
                 "the key is on %s: public authorities take P-256 and P-384", curve);
}

/* ---- any key ----------------------------------------------------------------------------- */

static void check_edwards(const char *name, struct csr_verdict *verdict)
{
    if (verdict->profile != CSR_PROFILE_SMIME)
        csr_find(verdict, CSR_REFUSED, "edwards", new_ec,
                 "public authorities issue no %s certificates for %s keys",
                 csr_profile_text(verdict->profile), name);
}

static void check_strength(const EVP_PKEY *key, struct csr_verdict *verdict)
{
    char name[64];

    public_key_name(key, name, sizeof(name));
    if (public_key_is_rsa(key))
        check_rsa(key, verdict);
    else if (EVP_PKEY_is_a(key, "EC"))
        check_ec(key, verdict);
    else if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448"))
        check_edwards(name, verdict);
    else
        csr_find(verdict, CSR_REFUSED, "key-type", new_ec,
                 "public authorities issue no certificates for %s keys", name);
}

void csr_check_key(X509_REQ *request, struct csr_verdict *verdict)
{
    EVP_PKEY *key = X509_REQ_get0_pubkey(request);
    enum weak_key weakness;

    if (key == NULL) {
        csr_find(verdict, CSR_BROKEN, "key-unreadable", new_ec,
                 "the request's public key cannot be read: it is damaged, or of an unknown kind");
        return;
    }
    check_strength(key, verdict);
    weakness = weak_key_check(key);
    if (weakness != WEAK_KEY_NONE)
        csr_find(verdict, CSR_BROKEN, "key-weak", new_key, "%s", weak_key_text(weakness));
}

/* ---- the signature ----------------------------------------------------------------------- */

/* RSASSA-PSS names its digest in its parameters, SHA-1 where it does not (RFC 4055 section 3.1). */
static int pss_digest(const X509_ALGOR *algorithm)
{
    const void *parameter;
    int type, digest = NID_undef;
    RSA_PSS_PARAMS *parameters = NULL;

    X509_ALGOR_get0(NULL, &type, &parameter, algorithm);
    if (type == V_ASN1_SEQUENCE)
        parameters = ASN1_item_unpack(parameter, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
    if (parameters != NULL)
        digest = parameters->hashAlgorithm == NULL
                     ? NID_sha1
                     : OBJ_obj2nid(parameters->hashAlgorithm->algorithm);
    RSA_PSS_PARAMS_free(parameters);
    return digest;
}

static int signature_digest(X509_REQ *request)
{
    const X509_ALGOR *algorithm = NULL;
    int digest = NID_undef, signature = X509_REQ_get_signature_nid(request);

    X509_REQ_get0_signature(request, NULL, &algorithm);
    if (signature == NID_rsassaPss)
        return algorithm == NULL ? NID_undef : pss_digest(algorithm);
    if (OBJ_find_sigid_algs(signature, &digest, NULL) != 1)
        return NID_undef;
    return digest;
}

void csr_check_signature(X509_REQ *request, struct csr_verdict *verdict)
{
    static const int broken[] = {NID_md2, NID_md4, NID_md5, NID_sha1, NID_md5_sha1, NID_mdc2};
    EVP_PKEY *key = X509_REQ_get0_pubkey(request);
    int digest = signature_digest(request);

    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        if (digest == broken[i])
            csr_find(verdict, CSR_REFUSED, "digest",
                     "sign it again: openssl req -new -sha256 -key key.pem ...",
                     "the request is signed with %s, which is broken", OBJ_nid2sn(digest));
    if (key != NULL && X509_REQ_verify(request, key) != 1)
        csr_find(verdict, CSR_BROKEN, "signature",
                 "make it again with the key that belongs to it; do not edit requests",
                 "the request's signature does not verify: it was damaged or changed, or signed "
                 "with another key");
}
