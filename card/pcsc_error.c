/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcsc_error.h"

#include <string.h>
#include <unistd.h>

static const struct {
    LONG code;
    enum error_code error;
    const char *format; /* takes the reader's name */
} reader_errors[] = {
    {SCARD_E_UNKNOWN_READER, ERROR_NO_READER,
     "the reader \"%s\" is gone: plug it in again, or name another one"},
    {SCARD_E_READER_UNAVAILABLE, ERROR_NO_READER,
     "the reader \"%s\" is gone: plug it in again, or name another one"},
    {SCARD_E_NO_SMARTCARD, ERROR_NO_CARD, "no card in the reader \"%s\": insert it"},
    {SCARD_W_REMOVED_CARD, ERROR_CARD_REMOVED,
     "the card was taken out of the reader \"%s\": insert it again"},
    {SCARD_W_UNRESPONSIVE_CARD, ERROR_NO_CARD,
     "the card in the reader \"%s\" does not answer: take it out, clean its contacts and insert "
     "it chip first"},
    {SCARD_W_UNPOWERED_CARD, ERROR_NO_CARD,
     "the card in the reader \"%s\" cannot be powered: take it out and insert it again"},
    {SCARD_W_UNSUPPORTED_CARD, ERROR_NO_CARD,
     "the card in the reader \"%s\" speaks no protocol that the reader knows"},
    {SCARD_W_RESET_CARD, ERROR_CARD_RESET,
     "another program reset the card in the reader \"%s\": try again"},
    {SCARD_E_SHARING_VIOLATION, ERROR_CARD_BUSY,
     "another program holds the card in the reader \"%s\" for itself: end it (gpg's scdaemon does "
     "so unless its configuration says pcsc-shared)"},
};

/* libpcsclite's words for a code end with a full stop, which has no place in ours. */
static int words(LONG code, const char **out)
{
    *out = pcsc_stringify_error(code);
    size_t length = strlen(*out);
    return (int)(length > 0 && (*out)[length - 1] == '.' ? length - 1 : length);
}

static struct error *service_error(LONG code)
{
    const char *text;
    int length = words(code, &text);
    if (code == SCARD_W_SECURITY_VIOLATION)
        return error_new(ERROR_NO_SERVICE,
                         "pcscd, the PC/SC daemon, refuses this user (polkit; user id %u): allow "
                         "the actions org.debian.pcsc-lite.access_pcsc and access_card in a rule "
                         "under /etc/polkit-1/rules.d, such as examples/polkit/50-card.rules",
                         (unsigned)geteuid());
    return error_new(ERROR_NO_SERVICE,
                     "cannot reach pcscd, the PC/SC daemon (%.*s): install it, or start it with: "
                     "systemctl start pcscd.socket",
                     length, text);
}

static struct error *reader_error(LONG code, const char *reader)
{
    const char *text;
    int length = words(code, &text);
    for (size_t i = 0; i < sizeof(reader_errors) / sizeof(reader_errors[0]); i++) {
        if (reader_errors[i].code != code)
            continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* a format of the table above */
        return error_new(reader_errors[i].error, reader_errors[i].format, reader);
#pragma GCC diagnostic pop
    }
    return error_new(ERROR_TRANSPORT, "the reader \"%s\" fails: %.*s", reader, length, text);
}

struct error *pcsc_error(LONG code, const char *reader)
{
    switch (code) {
    case SCARD_E_NO_SERVICE:
    case SCARD_E_SERVICE_STOPPED:
    case SCARD_W_SECURITY_VIOLATION:
        return service_error(code);
    case SCARD_E_NO_READERS_AVAILABLE:
        return error_new(ERROR_NO_READER, "no smart card reader: plug one in (pcscd runs, and "
                                          "knows of none)");
    case SCARD_E_NO_MEMORY:
        return error_no_memory();
    default:
        return reader != NULL
                   ? reader_error(code, reader)
                   : error_new(ERROR_TRANSPORT, "PC/SC fails: %s", pcsc_stringify_error(code));
    }
}
