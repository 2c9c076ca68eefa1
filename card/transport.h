/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How commands reach a card. PC/SC is one transport, an in-memory card for tests and fuzzing
 * another. Nothing above this header knows which.
 */
#ifndef CARD_TRANSPORT_H
#define CARD_TRANSPORT_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

/* The longest answer to any command APDU: 65536 bytes of data and two status bytes. */
#define TRANSPORT_RESPONSE_MAX 65538

struct card_transport;

struct card_transport_functions {
    /*
     * Connects to the card in the reader, shared; a second call reconnects after a reset.
     * ERROR_NO_SERVICE, _NO_READER, _NO_CARD, _CARD_BUSY, _TRANSPORT.
     */
    struct error *(*connect)(struct card_transport *transport);

    /* Begins an exclusive transaction. ERROR_CARD_RESET: reconnect, and forget the card's state. */
    struct error *(*begin)(struct card_transport *transport);

    /*
     * Sends one command APDU and receives its response APDU, status bytes included.
     * In: *response_length is the room in `response`; out: the bytes received.
     * ERROR_CARD_RESET, _CARD_REMOVED, _TRANSPORT.
     */
    struct error *(*transmit)(struct card_transport *transport, const uint8_t *command,
                              size_t command_length, uint8_t *response, size_t *response_length);

    /* Ends the transaction, leaving the card as it is. Errors do not matter any more. */
    void (*end)(struct card_transport *transport);

    /* Disconnects (leaving the card powered), and frees. */
    void (*close)(struct card_transport *transport);

    /* Frees what belongs to this process without touching the card: what a forked child does. */
    void (*abandon)(struct card_transport *transport);
};

/* What every transport begins with. */
struct card_transport {
    const struct card_transport_functions *functions;
    uint8_t atr[33]; /* answer to reset, ISO 7816-3 8.2; set by connect */
    size_t atr_length;
};

#endif
