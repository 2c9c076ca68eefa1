/* SPDX-License-Identifier: BSD-2-Clause */
#include "pin.h"

#include <string.h>

struct asking {
    const struct provider *provider;
    const struct passphrase *passphrase;
};

static struct error *ask(void *argument, const char *what, struct secret **pin)
{
    const struct asking *asking = argument;
    static const struct passphrase nobody;

    if (asking->provider->pin_source != NULL)
        return card_pin_read(asking->provider->pin_source, pin);
    return passphrase_ask(asking->passphrase != NULL ? asking->passphrase : &nobody, what,
                          "name a source in the URI, such as ?pin-source=file:/path/to/pin", pin);
}

struct error *pin_prepare(const struct provider *provider, struct card_key *key,
                          const struct passphrase *passphrase)
{
    struct asking asking = {provider, passphrase};

    return card_key_prepare_pin(key, ask, &asking);
}

struct error *pin_verify(const struct provider *provider, struct card_key *key)
{
    bool now = provider->verify != NULL && strcmp(provider->verify, "load") == 0;

    return now ? card_key_verify_pin(key) : NULL;
}
