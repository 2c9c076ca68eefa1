/* SPDX-License-Identifier: BSD-2-Clause */
/* The entry point of card.so. */
#include "card_provider.h"

OSSL_provider_init_fn OSSL_provider_init __attribute__((visibility("default")));

int OSSL_provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
                       const OSSL_DISPATCH **out, void **provctx)
{
    return card_provider_init(core, in, out, provctx);
}
