/* SPDX-License-Identifier: BSD-2-Clause */
/* Public keys from the attributes of PKCS #11 objects. */
#ifndef CARD_PKCS11_PUBLIC_KEY_H
#define CARD_PKCS11_PUBLIC_KEY_H

#include "pkcs11.h"

/* CKA_EC_PARAMS, whose curve is named there, and CKA_EC_POINT; for EVP_PKEY_free().
   ERROR_CARD_ANSWER, _UNSUPPORTED. */
struct error *pkcs11_public_key_ec(OSSL_LIB_CTX *libctx, CK_KEY_TYPE type,
                                   const struct pkcs11_value *params,
                                   const struct pkcs11_value *point, EVP_PKEY **out) MUST_CHECK;

#endif
