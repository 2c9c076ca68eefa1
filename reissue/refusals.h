/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which PINs and admin PINs cards have refused, remembered in the state, so that a timer with a
 * wrong one spends a try once. What is kept are digests, under a key of their own beside the state.
 */
#ifndef REISSUE_REFUSALS_H
#define REISSUE_REFUSALS_H

#include "state.h"

#include <stdbool.h>

struct refusals;

/*
 * From now on the card layer keeps refusals in `state`, which has to stay open. With `again`, what
 * was refused earlier may be sent once more. *out is for refusals_close(). ERROR_STATE, ERROR_FILE.
 */
struct error *refusals_open(struct state *state, bool again, struct refusals **out) MUST_CHECK;
void refusals_close(struct refusals *refusals);

#endif
