/* SPDX-License-Identifier: BSD-2-Clause */
/* PC/SC return codes as errors a person can act on. */
#ifndef CARD_PCSC_ERROR_H
#define CARD_PCSC_ERROR_H

#include "error.h"

#include <winscard.h>

/*
 * The error for a PC/SC call that returned `code`; `reader` is the reader's name, or NULL where
 * none is involved. `code` is not SCARD_S_SUCCESS.
 */
struct error *pcsc_error(LONG code, const char *reader)
    __attribute__((warn_unused_result, returns_nonnull));

#endif
