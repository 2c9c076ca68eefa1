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

/* What is wanted; all of it is copied. */
struct intention_options {
    const char *uri;            /* where; without a slot, in a free one */
    const char *management_key; /* where the management key comes from; NULL: nobody said */
    bool overwrite;             /* a key that is in the slot, or may be, is lost */
    size_t bits;                /* of an RSA key */
    const char *group;          /* of an EC key, a name known to OpenSSL */
};

/*
 * Makes `key`, a new one with nothing in it, the intention to make a key on the card.
 * ERROR_UNSUPPORTED for keys that cards do not have, _URI.
 */
struct error *intention_start(struct key *key, const struct intention_options *options) MUST_CHECK;

/*
 * Has the key made, if it is an intention still: everything that needs more of a key than what
 * intention_answers() knows calls this first. Returns 1, or 0 with an error raised.
 */
int intention_realize(struct key *key);

/* Whether these parameters can be told without the key having been made. */
bool intention_answers(const struct key *key, const OSSL_PARAM params[]);

/* Takes note that a new key's reference was written, and how: from here on the key stays. */
void intention_keep(struct key *key, const uint8_t *reference, size_t length);

/*
 * The reference could not be written, because of `cause`: deletes a new key again. Returns what
 * there is to say about it, with the cause in it: that may be that the key stays, and where.
 */
struct error *intention_undo(struct key *key, struct error *cause) MUST_CHECK;

/*
 * To be called when the key is let go of, the card still known: where the program was to write the
 * reference to a file, and it is not there, the key is deleted again, and that is said.
 */
void intention_end(struct key *key);

void intention_free(struct intention *intention);

#endif
