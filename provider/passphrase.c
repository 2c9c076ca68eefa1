/* SPDX-License-Identifier: BSD-2-Clause */
#include "passphrase.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

struct error *passphrase_ask(const struct passphrase *passphrase, const char *what,
                             const char *otherwise, struct secret **answer)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PASSPHRASE_PARAM_INFO, (char *)(uintptr_t)what, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t length = 0;
    int answered;
    struct error *error = secret_new(NULL, SECRET_MAX, answer);

    if (error != NULL)
        return error;
    ERR_set_mark();
    answered = passphrase->callback != NULL &&
               passphrase->callback((char *)secret_bytes(*answer), SECRET_MAX, &length, params,
                                    passphrase->argument);
    ERR_pop_to_mark();
    if (answered && length <= SECRET_MAX) {
        secret_truncate(*answer, length);
        return NULL;
    }
    secret_free(*answer);
    *answer = NULL;
    return error_new(ERROR_PIN_SOURCE,
                     "the program gave no answer for %s, and there is no terminal to ask on; %s",
                     what, otherwise);
}
