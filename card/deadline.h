/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that may not return: waited for, so long and no longer. */
#ifndef CARD_DEADLINE_H
#define CARD_DEADLINE_H

#include "error.h"

#include <stdbool.h>

/*
 * Calls `function` in a thread of its own and waits for its end, `seconds` at most. *returned tells
 * whether it came. If not, the thread goes on by itself: then `function`, not the caller, owns
 * `argument`, and `release` is called with it when it returns after all. ERROR_INTERNAL where there
 * can be no thread: nothing was called.
 */
struct error *deadline_call(void (*function)(void *argument), void (*release)(void *argument),
                            void *argument, unsigned seconds, bool *returned) MUST_CHECK;

#endif
