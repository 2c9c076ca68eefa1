/* SPDX-License-Identifier: BSD-2-Clause */
#include "pin.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ui.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct error *ask(void *argument, const char *what, struct secret **pin)
{
    const struct passphrase *passphrase = argument;

    return passphrase_ask(passphrase, what,
                          "name a source in the URI, such as ?pin-source=file:/path/to/pin", pin);
}

struct error *pin_prepare(const struct provider *provider, struct card_key *key,
                          const struct passphrase *passphrase)
{
    static const struct passphrase nobody;

    return card_key_prepare_pin(key, provider->pin_source, ask,
                                (void *)(uintptr_t)(passphrase != NULL ? passphrase : &nobody));
}

struct error *pin_verify(const struct provider *provider, struct card_key *key)
{
    bool now = provider->verify != NULL && strcmp(provider->verify, "load") == 0;

    return now ? card_key_verify_pin(key) : NULL;
}

static bool has_terminal(void)
{
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (terminal < 0)
        return false;
    (void)close(terminal);
    return true;
}

/* OpenSSL's own method takes standard input and error where there is no terminal: those are the
   program's. */
void pin_tell(const char *text)
{
    char line[512];
    UI *ui;

    if (UI_get_default_method() == UI_OpenSSL() && !has_terminal())
        return;
    (void)snprintf(line, sizeof(line), "%s\n", text);
    (void)ERR_set_mark();
    ui = UI_new();
    if (ui != NULL && UI_dup_info_string(ui, line) >= 0)
        (void)UI_process(ui);
    UI_free(ui);
    (void)ERR_pop_to_mark();
}
