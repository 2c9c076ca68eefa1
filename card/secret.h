/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secrets (PINs, management keys) live in pages of our own: locked into memory, left out of core
 * dumps and of forked-off crash handlers, wiped when freed. OpenSSL's secure heap is not used: it
 * is off in every program that does not turn it on, and then silently becomes malloc().
 */
#ifndef CARD_SECRET_H
#define CARD_SECRET_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

struct secret;

/* The most bytes a secret can hold. */
#define SECRET_MAX 512

/*
 * A new secret of `length` bytes (0 to SECRET_MAX), copied from `bytes` (NULL: all zero).
 * ERROR_NO_MEMORY; a failing mlock() (RLIMIT_MEMLOCK) is not an error.
 */
struct error *secret_new(const void *bytes, size_t length, struct secret **out) MUST_CHECK;

/*
 * A new secret of `length` zero bytes, of any length: room for commands that may carry a PIN.
 * ERROR_NO_MEMORY.
 */
struct error *secret_new_area(size_t length, struct secret **out) MUST_CHECK;

/* The bytes; they stay at this address until secret_free(). */
uint8_t *secret_bytes(struct secret *secret);
size_t secret_length(const struct secret *secret);

/* Shortens the secret to `length` bytes and wipes the rest. */
void secret_truncate(struct secret *secret, size_t length);

/* Wipes and frees. NULL is fine. */
void secret_free(struct secret *secret);

#endif
