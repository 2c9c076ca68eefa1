/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pkcs11: URIs (RFC 7512), for programs that know a key on a token by no other name: what such a
 * URI says, said as a card: URI. No PKCS#11 module is involved. The keys of PIV cards are known by
 * the identifiers and labels that OpenSC and Yubico's ykcs11 give them:
 *
 *     pkcs11                     card
 *     serial                     serial
 *     token                      serial ("YubiKey PIV #..."), app ("PIV_II"); others are refused
 *     slot-description           reader
 *     id                         slot: %01 to %18 as those modules number them, or the slot's own
 *                                number (%9A), or its name (9a)
 *     object                     slot, by those modules' labels or by its name; else label
 *     type                       type (public, private, cert)
 *     ?pin-source                pin-source (file:PATH, a bare absolute PATH, env:, credential:)
 *     ?pin-value, use-last-try   the same
 *
 * manufacturer, model, library-..., slot-manufacturer, module-name and module-path describe a
 * module that is not needed, and are left out of account.
 */
#ifndef CARD_PKCS11_URI_H
#define CARD_PKCS11_URI_H

#include "error.h"

#include <stdbool.h>

/* Whether `text` begins with pkcs11: */
bool pkcs11_uri_is_one(const char *text);

/*
 * Translates a pkcs11: URI. On success *out is a card: URI, for pkcs11_uri_free(). ERROR_URI for
 * an unknown or repeated attribute, one that contradicts another, one that names nothing that a
 * card shows, and for broken %-encoding; the message names the attribute, never a query's value.
 */
struct error *pkcs11_uri_translate(const char *text, char **out) MUST_CHECK;

/* Frees what pkcs11_uri_translate() made, and wipes it: it may hold a PIN. NULL is fine. */
void pkcs11_uri_free(char *uri);

#endif
