/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CARD_PCSC_CONTROL_H
#define CARD_PCSC_CONTROL_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <winscard.h>

/* An answer of a reader's own, in bytes, at most. */
#define PCSC_CONTROL_MAX 264

/*
 * SCardControl, which itself knows no time-out. In: *out_length is the room in `out`; out: the
 * bytes received. *code is what PC/SC says. *lost: the reader has not answered in `seconds` (0:
 * there is no such limit); the handle and its context are still in use by that call, and never to
 * be used again.
 */
struct error *pcsc_control_within(SCARDHANDLE card, uint32_t control_code, const uint8_t *in,
                                  size_t in_length, uint8_t *out, size_t *out_length,
                                  unsigned seconds, LONG *code, bool *lost) MUST_CHECK;

#endif
