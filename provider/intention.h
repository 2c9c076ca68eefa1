/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys that are to be made on a card. Generation returns an intention, and the card acts when the
 * key is first needed: its public half, an encoding, a signature. `openssl ecparam` generates a key
 * only to print its parameters, and `openssl req` opens its output after it has generated.
 */
#ifndef PROVIDER_INTENTION_H
#define PROVIDER_INTENTION_H

#include "key.h"

#include <openssl/params.h>

struct intention;

/*
 * Makes `key`, a new one with nothing in it, the intention to make a key on the card.
 *
 * `uri` says where (without a slot: in a free one) and `management_key`, which may be NULL, where
 * the management key comes from; both are copied. `type` is "RSA" with `bits`, or "EC" with
 * `group`, a name known to OpenSSL. ERROR_UNSUPPORTED for keys that cards do not have, _URI.
 */
struct error *intention_start(struct key *key, const char *uri, const char *management_key,
                              size_t bits, const char *group) MUST_CHECK;

/*
 * Has the key made, if it is an intention still: everything that needs more of a key than what
 * intention_answers() knows calls this first. Returns 1, or 0 with an error raised.
 */
int intention_realize(struct key *key);

/* Whether these parameters can be told without the key having been made. */
bool intention_answers(const struct key *key, const OSSL_PARAM params[]);

/* Takes note that a new key's reference was written: from here on the key stays. */
void intention_keep(struct key *key);

/*
 * The reference could not be written, because of `cause`: deletes a new key again. Returns what
 * there is to say about it, with the cause in it: that may be that the key stays, and where.
 */
struct error *intention_undo(struct key *key, struct error *cause) MUST_CHECK;

void intention_free(struct intention *intention);

#endif
