/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_GARBAGE_H
#define SOFTCARD_GARBAGE_H

#include "bytes.h"

/* Replaces `response` by nonsense with the status word 9000: random bytes, nothing at all, data
 * objects whose lengths lie, or nested ones without an end. Different each time. */
void soft_garbage_answer(struct soft_bytes *response);

#endif
