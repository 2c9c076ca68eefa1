/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcsc_readers.h"

#include "pcsc_error.h"

#include <stdlib.h>
#include <string.h>

/*
 * pcscd 2 just hangs up on whom polkit does not let in. libpcsclite takes that for a refusal only
 * if it could send its first words before, else for a pcscd that is not there. So who finds none
 * looks again: if there really is none, that takes microseconds.
 */
LONG pcsc_establish(SCARDCONTEXT *context)
{
    LONG code = (LONG)SCARD_E_NO_SERVICE;
    for (int attempts = 0; code == (LONG)SCARD_E_NO_SERVICE && attempts < 5; attempts++)
        code = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, context);
    return code;
}

/* SCardListReaders gives names with a NUL after each, and one more after the last. */
static size_t count_names(const char *names)
{
    size_t count = 0;
    for (; *names != '\0'; names += strlen(names) + 1)
        count++;
    return count;
}

/* Whether there is a card in each of the readers. */
static LONG look_at(SCARDCONTEXT context, const char *names, struct transport_reader_list *out)
{
    size_t count = count_names(names);
    SCARD_READERSTATE *states = calloc(count + 1, sizeof(*states));
    if (states == NULL)
        return SCARD_E_NO_MEMORY;
    for (size_t i = 0; i < count; i++, names += strlen(names) + 1)
        states[i] = (SCARD_READERSTATE){.szReader = names, .dwCurrentState = SCARD_STATE_UNAWARE};
    LONG code = SCardGetStatusChange(context, 0, states, count);
    for (size_t i = 0; code == SCARD_S_SUCCESS && i < count; i++) {
        bool present = (states[i].dwEventState & SCARD_STATE_PRESENT) != 0;
        struct error *error = transport_reader_list_add(out, states[i].szReader, present);
        if (error != NULL)
            code = SCARD_E_NO_MEMORY;
        error_free(error);
    }
    free(states);
    return code;
}

static LONG list_in(SCARDCONTEXT context, struct transport_reader_list *out)
{
    LPSTR names = NULL;
    DWORD length = SCARD_AUTOALLOCATE;
    LONG code = SCardListReaders(context, NULL, (LPSTR)&names, &length);
    if (code != SCARD_S_SUCCESS)
        return code;
    code = look_at(context, names, out);
    (void)SCardFreeMemory(context, names);
    return code == SCARD_S_SUCCESS && out->count == 0 ? (LONG)SCARD_E_NO_READERS_AVAILABLE : code;
}

/* In a context of its own: see pcsc_list_readers(). */
static LONG list_once(struct transport_reader_list *out)
{
    SCARDCONTEXT context;
    LONG code = pcsc_establish(&context);
    if (code != SCARD_S_SUCCESS)
        return code;
    code = list_in(context, out);
    (void)SCardReleaseContext(context);
    if (code != SCARD_S_SUCCESS)
        transport_reader_list_clear(out);
    return code;
}

#define LOOKS_MAX 10

/*
 * A reader may be unplugged after it was listed. And libpcsclite from 2.5.0 on takes what happens
 * in any reader in the middle of its question for a part of the answer: it finds no such reader, or
 * something "unsupported", and its context is out of step with pcscd from then on. In either case
 * another look is taken, in another context.
 */
struct error *pcsc_list_readers(const struct transport_system *system,
                                struct transport_reader_list *out)
{
    (void)system;
    *out = (struct transport_reader_list){0};
    LONG code = (LONG)SCARD_E_UNKNOWN_READER;
    for (int looks = 0; looks < LOOKS_MAX && (code == (LONG)SCARD_E_UNKNOWN_READER ||
                                              code == (LONG)SCARD_E_UNSUPPORTED_FEATURE);
         looks++)
        code = list_once(out);
    return code == SCARD_S_SUCCESS ? NULL : pcsc_error(code, NULL);
}
