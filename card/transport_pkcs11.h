/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PKCS #11 module as a transport: its slots are readers, and what is transmitted are the frames
 * of pkcs11_wire.h. Each connection has a process of its own, so that the login of one is not the
 * login of another, and a crash ends one only; a process that is not in use is kept for the next.
 */
#ifndef CARD_TRANSPORT_PKCS11_H
#define CARD_TRANSPORT_PKCS11_H

#include "transport.h"

/*
 * The system of a module, an absolute path, with one reference. Starts nothing. The module has
 * `seconds` for an ordinary call. ERROR_NO_MEMORY.
 */
struct error *transport_pkcs11_new(const char *path, unsigned seconds,
                                   struct transport_system **out) MUST_CHECK;

/* From here on the module's processes are started without that environment variable: it holds a
   PIN. ERROR_NO_MEMORY. */
struct error *transport_pkcs11_hide(struct transport_system *system,
                                    const char *variable) MUST_CHECK;

#endif
