/* SPDX-License-Identifier: BSD-2-Clause */
/* What pcscd tells without a card: its contexts, and which readers there are. */
#ifndef CARD_PCSC_READERS_H
#define CARD_PCSC_READERS_H

#include "transport.h"

#include <winscard.h>

/* SCardEstablishContext; *context is for SCardReleaseContext. A PC/SC code. */
LONG pcsc_establish(SCARDCONTEXT *context);

/* The list() of a transport system (transport.h), in contexts of its own. */
struct error *pcsc_list_readers(const struct transport_system *system,
                                struct transport_reader_list *out) MUST_CHECK;

#endif
