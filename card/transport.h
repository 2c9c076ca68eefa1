/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How commands reach a card. PC/SC is one transport, an in-memory card for tests and fuzzing
 * another. Nothing above this header knows which.
 */
#ifndef CARD_TRANSPORT_H
#define CARD_TRANSPORT_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest answer to any command APDU: 65536 bytes of data and two status bytes. */
#define TRANSPORT_RESPONSE_MAX 65538

/* The longest answer to reset, ISO/IEC 7816-3 8.2.1. */
#define TRANSPORT_ATR_MAX 33

struct card_transport;

struct card_transport_functions {
    /*
     * Connects to the card in the reader, shared; a second call connects anew after a reset, a
     * removal or a restart of pcscd. Sets the answer to reset and the protocol.
     * ERROR_NO_SERVICE, _NO_READER, _NO_CARD, _CARD_BUSY, _TRANSPORT.
     */
    struct error *(*connect)(struct card_transport *transport);

    /*
     * Begins an exclusive transaction; waits for those of other processes. ERROR_CARD_RESET: the
     * card was reset; _CARD_REMOVED: taken out, and perhaps put back; _NO_SERVICE or _TRANSPORT:
     * the connection is of no use any more. In each case connect again, and forget the card's
     * state.
     */
    struct error *(*begin)(struct card_transport *transport);

    /*
     * Sends one command APDU and receives its response APDU, status bytes included.
     * In: *response_length is the room in `response`; out: the bytes received.
     * ERROR_CARD_RESET, _CARD_REMOVED, _TRANSPORT.
     */
    struct error *(*transmit)(struct card_transport *transport, const uint8_t *command,
                              size_t command_length, uint8_t *response, size_t *response_length);

    /*
     * Has the reader itself do something: PC/SC part 3, 3.2.5 (Control). In: *out_length is the
     * room in `out`; out: the bytes received. After `seconds` the reader is given up, and with
     * it the connection, whatever it is still at; 0: never, for what its driver knows by itself.
     * NULL: there is no reader to speak to. ERROR_UNSUPPORTED: the reader does not know that code;
     * else as for transmit.
     */
    struct error *(*control)(struct card_transport *transport, uint32_t code, const uint8_t *in,
                             size_t in_length, uint8_t *out, size_t *out_length, unsigned seconds);

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
    uint8_t atr[TRANSPORT_ATR_MAX]; /* answer to reset, ISO/IEC 7816-3 8.2; set by connect */
    size_t atr_length;
    bool byte_protocol; /* T=0 (ISO/IEC 7816-3 10), which sends no Le after data; set by connect */
};

/* A reader, as a search sees it. */
struct transport_reader {
    char *name;
    bool card_present;
};

struct transport_reader_list {
    struct transport_reader *items;
    size_t count;
};

/* Where readers come from. */
struct transport_system {
    const char *module; /* the PKCS #11 module's path, or NULL: it belongs to the system */

    /*
     * The readers there are, at least one. The caller clears the list. ERROR_NO_SERVICE,
     * _NO_READER, _TRANSPORT.
     */
    struct error *(*list)(const struct transport_system *system, struct transport_reader_list *out);

    /* A transport to the card in the reader of that name, not connected yet. */
    struct error *(*open)(const struct transport_system *system, const char *reader,
                          struct card_transport **out);

    /* One more reference, or one less, to a system that is not there for ever; NULL otherwise. */
    void (*hold)(const struct transport_system *system);
    void (*release)(const struct transport_system *system);
};

/* Appends a reader to a list. ERROR_NO_MEMORY. */
struct error *transport_reader_list_add(struct transport_reader_list *list, const char *name,
                                        bool card_present) MUST_CHECK;
void transport_reader_list_clear(struct transport_reader_list *list);

/* The readers that pcscd knows. */
extern const struct transport_system transport_pcsc;

/*
 * Loads what PC/SC will need and cannot find later, in a program's chroot: from pcsc-lite 2 on
 * libpcsclite loads the library that does the work by name, when it is first called. (Older ones do
 * the work themselves.) Starts nothing, and calls nobody.
 */
void transport_pcsc_prepare(void);

#endif
