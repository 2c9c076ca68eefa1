/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CARD_PKCS11_RETURN_H
#define CARD_PKCS11_RETURN_H

#include "error.h"

#include <stdint.h>

/*
 * What a PKCS #11 function's return value means (PKCS #11 v2.40, 5.1), as an error that names both.
 */
struct error *pkcs11_return_error(const char *function, uint64_t rv)
    __attribute__((warn_unused_result, returns_nonnull));

#endif
