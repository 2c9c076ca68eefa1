/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select_other READER SECONDS [reset]: for that long, or until SIGTERM, takes the card in
 * transactions of its own and selects another application on it, as other programs do; with "reset"
 * it resets the card as well.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winscard.h>

static volatile sig_atomic_t told_to_stop;

static void stop(int number)
{
    (void)number;
    told_to_stop = 1;
}

static void die(const char *what, LONG code)
{
    fprintf(stderr, "select_other: %s: %s\n", what, pcsc_stringify_error(code));
    exit(1);
}

static void select_application(SCARDHANDLE card)
{
    static const BYTE command[] = {0x00, 0xA4, 0x04, 0x00, 0x05, 0xF0, 0x00, 0x00, 0x00, 0x01};
    BYTE response[258];
    DWORD length = sizeof(response);
    LONG code =
        SCardTransmit(card, SCARD_PCI_T1, command, sizeof(command), NULL, response, &length);

    if (code != SCARD_S_SUCCESS)
        die("SCardTransmit", code);
    if (length < 2 || response[length - 2] != 0x90) {
        fprintf(stderr, "select_other: the card does not have the application\n");
        exit(1);
    }
}

/* One visit; false where somebody else reset the card, and it has to be connected to again. */
static int visit(SCARDHANDLE card, DWORD disposition)
{
    LONG code = SCardBeginTransaction(card);

    if (code == SCARD_W_RESET_CARD)
        return 0;
    if (code != SCARD_S_SUCCESS)
        die("SCardBeginTransaction", code);
    select_application(card);
    SCardEndTransaction(card, disposition);
    return 1;
}

int main(int argc, char **argv)
{
    const struct timespec pause = {0, 5000000};
    SCARDCONTEXT context;
    SCARDHANDLE card;
    DWORD protocol;
    time_t end;
    LONG code;
    int visits = 0;

    if (argc < 3) {
        fprintf(stderr, "usage: select_other READER SECONDS [reset]\n");
        return 2;
    }
    end = time(NULL) + atoi(argv[2]);
    signal(SIGTERM, stop);
    code = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
    if (code != SCARD_S_SUCCESS)
        die("SCardEstablishContext", code);
    code = SCardConnect(context, argv[1], SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card, &protocol);
    if (code != SCARD_S_SUCCESS)
        die("SCardConnect", code);
    while (!told_to_stop && time(NULL) < end) {
        if (visit(card, argc > 3 ? SCARD_RESET_CARD : SCARD_LEAVE_CARD))
            visits++;
        else
            SCardReconnect(card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD,
                           &protocol);
        nanosleep(&pause, NULL);
    }
    SCardDisconnect(card, SCARD_LEAVE_CARD);
    SCardReleaseContext(context);
    printf("%d visits\n", visits);
    return visits > 0 ? 0 : 1;
}
