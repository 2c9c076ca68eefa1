/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PC/SC, by libpcsclite. Each connection has a context of its own, because a context serves one
 * call at a time: a thread that waits for its turn at one card must not hold up another card.
 */
#include "pcsc_control.h"
#include "pcsc_error.h"
#include "pcsc_readers.h"
#include "transport.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct pcsc_transport {
    struct card_transport base;
    char *reader;
    SCARDCONTEXT context;
    bool has_context;
    SCARDHANDLE card;
    bool has_card;
};

static void pcsc_drop(struct pcsc_transport *pcsc)
{
    if (pcsc->has_card)
        (void)SCardDisconnect(pcsc->card, SCARD_LEAVE_CARD);
    if (pcsc->has_context)
        (void)SCardReleaseContext(pcsc->context);
    pcsc->has_card = pcsc->has_context = false;
}

static struct error *pcsc_read_atr(struct pcsc_transport *pcsc, DWORD protocol)
{
    unsigned char atr[MAX_ATR_SIZE];
    DWORD length = sizeof(atr);
    LONG code = SCardStatus(pcsc->card, NULL, NULL, NULL, NULL, atr, &length);
    if (code != SCARD_S_SUCCESS)
        return pcsc_error(code, pcsc->reader);
    if (length > TRANSPORT_ATR_MAX)
        length = TRANSPORT_ATR_MAX;
    memcpy(pcsc->base.atr, atr, length);
    pcsc->base.atr_length = length;
    pcsc->base.byte_protocol = protocol == SCARD_PROTOCOL_T0;
    return NULL;
}

static struct error *pcsc_connect_card(struct pcsc_transport *pcsc)
{
    DWORD protocol = 0;
    LONG code = pcsc_establish(&pcsc->context);
    if (code != SCARD_S_SUCCESS)
        return pcsc_error(code, NULL);
    pcsc->has_context = true;
    code = SCardConnect(pcsc->context, pcsc->reader, SCARD_SHARE_SHARED,
                        SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &pcsc->card, &protocol);
    if (code != SCARD_S_SUCCESS)
        return pcsc_error(code, pcsc->reader);
    pcsc->has_card = true;
    return pcsc_read_atr(pcsc, protocol);
}

static struct error *pcsc_connect(struct card_transport *transport)
{
    struct pcsc_transport *pcsc = (struct pcsc_transport *)transport;
    if (pcsc->has_card) {
        DWORD protocol = 0;
        LONG code =
            SCardReconnect(pcsc->card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                           SCARD_LEAVE_CARD, &protocol);
        if (code == SCARD_S_SUCCESS)
            return pcsc_read_atr(pcsc, protocol);
    }
    /* No handle, or one that pcscd does not know any more: it was restarted, or the reader was
       unplugged. */
    pcsc_drop(pcsc);
    struct error *error = pcsc_connect_card(pcsc);
    if (error != NULL)
        pcsc_drop(pcsc);
    return error;
}

static struct error *pcsc_begin(struct card_transport *transport)
{
    struct pcsc_transport *pcsc = (struct pcsc_transport *)transport;
    LONG code = SCardBeginTransaction(pcsc->card);
    return code == SCARD_S_SUCCESS ? NULL : pcsc_error(code, pcsc->reader);
}

static bool card_is_in(const struct transport_reader_list *readers, const char *reader)
{
    for (size_t i = 0; i < readers->count; i++)
        if (strcmp(readers->items[i].name, reader) == 0)
            return readers->items[i].card_present;
    return false;
}

/*
 * Whether the card is gone. A command that fails because it was pulled out fails before pcscd has
 * noticed that, which it does within half a second: so there is some waiting.
 */
static bool card_gone(const struct pcsc_transport *pcsc)
{
    const struct timespec pause = {0, 100000000};
    bool present = true;
    for (int waits = 0; present && waits < 10; waits++) {
        struct transport_reader_list readers;
        if (waits > 0)
            (void)nanosleep(&pause, NULL);
        struct error *error = pcsc_list_readers(&transport_pcsc, &readers);
        if (error == NULL)
            present = card_is_in(&readers, pcsc->reader);
        error_free(error);
        transport_reader_list_clear(&readers);
    }
    return !present;
}

/*
 * When a process dies in a transaction, pcscd ends that first and resets the card after it: maybe
 * in the next one's transaction, who is not always told so, but that the protocol, which has to be
 * agreed upon anew, is not the one that was agreed upon.
 */
static struct error *transmit_error(const struct pcsc_transport *pcsc, LONG code)
{
    if (code == (LONG)SCARD_E_PROTO_MISMATCH)
        code = SCARD_W_RESET_CARD;
    bool unclear = code == SCARD_E_NOT_TRANSACTED || code == SCARD_F_COMM_ERROR;
    return pcsc_error(unclear && card_gone(pcsc) ? SCARD_W_REMOVED_CARD : code, pcsc->reader);
}

static struct error *pcsc_transmit(struct card_transport *transport, const uint8_t *command,
                                   size_t command_length, uint8_t *response,
                                   size_t *response_length)
{
    struct pcsc_transport *pcsc = (struct pcsc_transport *)transport;
    const SCARD_IO_REQUEST *protocol = transport->byte_protocol ? SCARD_PCI_T0 : SCARD_PCI_T1;
    DWORD length = *response_length;
    LONG code =
        SCardTransmit(pcsc->card, protocol, command, command_length, NULL, response, &length);
    *response_length = 0;
    if (code != SCARD_S_SUCCESS)
        return transmit_error(pcsc, code);
    *response_length = length;
    return NULL;
}

/* A reader that is still busy keeps the handle and the context that it was given: they are left to
   it, and the next connection gets its own. */
static void pcsc_lose(struct pcsc_transport *pcsc)
{
    pcsc->has_card = pcsc->has_context = false;
}

static struct error *pcsc_control(struct card_transport *transport, uint32_t control_code,
                                  const uint8_t *in, size_t in_length, uint8_t *out,
                                  size_t *out_length, unsigned seconds)
{
    struct pcsc_transport *pcsc = (struct pcsc_transport *)transport;
    LONG code;
    bool lost;
    struct error *error = pcsc_control_within(pcsc->card, control_code, in, in_length, out,
                                              out_length, seconds, &code, &lost);
    if (lost)
        pcsc_lose(pcsc);
    if (error != NULL || code == SCARD_S_SUCCESS)
        return error;
    if (code == (LONG)SCARD_E_UNSUPPORTED_FEATURE)
        return error_new(ERROR_UNSUPPORTED, "the reader \"%s\" does not know that command",
                         pcsc->reader);
    return transmit_error(pcsc, code);
}

/* More than pcscd can have counted too many: one for each process that died. */
#define ENDS_MAX 1000

/*
 * pcscd (read in 1.9.9 to 2.5.2) counts the transactions of a reader, and when a process dies in
 * one, lets the next in before it has set the count back. Whoever came in and ends only once keeps
 * the reader for good, and everybody else waits for ever. So a transaction is ended until there is
 * none. After a reset or a removal in the middle of it pcscd ends it with the connection only.
 */
static void pcsc_end(struct card_transport *transport)
{
    struct pcsc_transport *pcsc = (struct pcsc_transport *)transport;
    if (!pcsc->has_card)
        return;
    LONG code = SCARD_S_SUCCESS;
    for (int ends = 0; code == SCARD_S_SUCCESS && ends < ENDS_MAX; ends++)
        code = SCardEndTransaction(pcsc->card, SCARD_LEAVE_CARD);
    if (code != (LONG)SCARD_E_NOT_TRANSACTED && code != (LONG)SCARD_E_SHARING_VIOLATION)
        pcsc_drop(pcsc);
}

/* The parent's context and handle are not touched: a release would go through the socket that
   both processes hold, and end the parent's connection. The descriptor stays open with them. */
static void pcsc_abandon(struct card_transport *transport)
{
    struct pcsc_transport *pcsc = (struct pcsc_transport *)transport;
    free(pcsc->reader);
    free(pcsc);
}

static void pcsc_close(struct card_transport *transport)
{
    pcsc_drop((struct pcsc_transport *)transport);
    pcsc_abandon(transport);
}

static const struct card_transport_functions pcsc_functions = {
    pcsc_connect, pcsc_begin, pcsc_transmit, pcsc_control, pcsc_end, pcsc_close, pcsc_abandon,
};

static struct error *pcsc_open(const struct transport_system *system, const char *reader,
                               struct card_transport **out)
{
    (void)system;
    *out = NULL;
    struct pcsc_transport *pcsc = calloc(1, sizeof(*pcsc));
    if (pcsc == NULL)
        return error_no_memory();
    pcsc->base.functions = &pcsc_functions;
    pcsc->reader = strdup(reader);
    if (pcsc->reader == NULL) {
        free(pcsc);
        return error_no_memory();
    }
    *out = &pcsc->base;
    return NULL;
}

void transport_pcsc_prepare(void)
{
    void *library = dlopen("libpcsclite_real.so.1", RTLD_LAZY | RTLD_NODELETE);
    if (library != NULL)
        (void)dlclose(library);
}

const struct transport_system transport_pcsc = {.list = pcsc_list_readers, .open = pcsc_open};
