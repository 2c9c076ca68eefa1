/* SPDX-License-Identifier: BSD-2-Clause */
/* The border between `struct error` and OpenSSL's error queue. */
#include "card_provider.h"
#include "provider.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdlib.h>

const OSSL_ITEM provider_reason_strings[] = {
    {ERROR_INTERNAL, "internal error"},
    {ERROR_NO_MEMORY, "out of memory"},
    {ERROR_ARGUMENT, "invalid argument"},
    {ERROR_URI, "invalid card URI"},
    {ERROR_NO_SERVICE, "PC/SC service not available"},
    {ERROR_NO_READER, "no card reader"},
    {ERROR_NO_CARD, "no card"},
    {ERROR_UNKNOWN_CARD, "unknown card"},
    {ERROR_CARD_REMOVED, "card removed"},
    {ERROR_CARD_RESET, "card reset"},
    {ERROR_CARD_BUSY, "card busy"},
    {ERROR_TRANSPORT, "card reader failure"},
    {ERROR_CARD_STATUS, "card refused"},
    {ERROR_CARD_ANSWER, "malformed answer from card"},
    {ERROR_NOT_FOUND, "not found on card"},
    {ERROR_AMBIGUOUS, "several keys fit"},
    {ERROR_OTHER_KEY, "another key in the slot"},
    {ERROR_UNSUPPORTED, "not supported by the card"},
    {ERROR_DENIED, "authentication needed"},
    {ERROR_SIGNATURE, "bad signature from card"},
    {ERROR_PIN_SOURCE, "no PIN"},
    {ERROR_PIN_FORMAT, "malformed PIN"},
    {ERROR_PIN_WRONG, "wrong PIN"},
    {ERROR_PIN_LAST_TRY, "last PIN try"},
    {ERROR_PIN_BLOCKED, "PIN blocked"},
    {ERROR_PIN_ABORTED, "PIN entry cancelled"},
    {ERROR_PIN_TIMEOUT, "PIN entry timed out"},
    {ERROR_CIPHERTEXT, "cannot be decrypted"},
    {ERROR_PADDING, "cannot be decrypted"},
    {ERROR_MODULE, "PKCS #11 module failed"},
    {0, NULL},
};

enum error_code card_provider_error_code(unsigned long entry)
{
    const char *reason = ERR_reason_error_string(entry);

    for (const OSSL_ITEM *item = provider_reason_strings; item->ptr != NULL; item++)
        if (item->ptr == reason) /* the very string, which libcrypto was given */
            return (enum error_code)item->id;
    return ERROR_INTERNAL;
}

static void put_on_queue(const struct provider *provider, enum error_code code, const char *format,
                         ...)
{
    va_list arguments;

    va_start(arguments, format);
    provider->core_vset_error(provider->core, (uint32_t)code, format, arguments);
    va_end(arguments);
}

void provider_raise(const struct provider *provider, struct error *error, const char *file,
                    int line, const char *function)
{
    char *description = error_describe(error);

    provider->core_new_error(provider->core);
    provider->core_set_error_debug(provider->core, file, line, function);
    put_on_queue(provider, error_code(error), "%s",
                 description != NULL ? description : error_message(error));
    free(description);
    error_free(error);
}
