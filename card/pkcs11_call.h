/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of a PKCS #11 module over a transport, and what its return values mean. */
#ifndef CARD_PKCS11_CALL_H
#define CARD_PKCS11_CALL_H

#include "pkcs11_wire.h"
#include "secret.h"
#include "transport.h"

/* Room for a request and its answer, and what is going on in it. */
struct pkcs11_call {
    struct secret *area; /* pages of our own: PINs go out through it, secrets come in */
    struct wire_writer request;
    struct wire_reader results;
    size_t answered;    /* bytes that came */
    uint64_t rv;        /* of the last call */
    char function[600]; /* which returned it; or why the module could not be loaded */
};

/* ERROR_NO_MEMORY. */
struct error *pkcs11_call_new(struct pkcs11_call **out) MUST_CHECK;

/* Wipes and frees. NULL is fine. */
void pkcs11_call_free(struct pkcs11_call *call);

/* Begins a request; arguments are put into call->request. */
void pkcs11_call_begin(struct pkcs11_call *call, enum wire_call number);

/*
 * Sends the request, and leaves the results in call->results, or wiped and none. No error where the
 * module returned another value than CKR_OK: that is in call->rv. ERROR_MODULE.
 */
struct error *pkcs11_call_send(struct pkcs11_call *call,
                               struct card_transport *transport) MUST_CHECK;

/* The same, and call->rv has to be CKR_OK: else pkcs11_call_refused(). */
struct error *pkcs11_call_make(struct pkcs11_call *call,
                               struct card_transport *transport) MUST_CHECK;

/* The error for call->rv: ERROR_CARD_REMOVED, _PIN_..., _UNSUPPORTED, _CARD_STATUS, ... */
struct error *pkcs11_call_refused(const struct pkcs11_call *call)
    __attribute__((warn_unused_result, returns_nonnull));

/* ERROR_CARD_ANSWER, where results were cut short. */
struct error *pkcs11_call_check(const struct pkcs11_call *call) MUST_CHECK;

/* Wipes what was said. */
void pkcs11_call_wipe(struct pkcs11_call *call);

#endif
