/* SPDX-License-Identifier: BSD-2-Clause */
#include "pkcs11_call.h"

#include "pkcs11_return.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#define CKR_OK 0 /* PKCS #11 v2.40, 5.1.1 */

/* Nothing that is sent is longer than a certificate; answers may be. */
#define REQUEST_MAX (WIRE_MAX / 2)

struct error *pkcs11_call_new(struct pkcs11_call **out)
{
    *out = NULL;
    struct pkcs11_call *call = calloc(1, sizeof(*call));
    if (call == NULL)
        return error_no_memory();
    struct error *error = secret_new_area(REQUEST_MAX + WIRE_MAX, &call->area);
    if (error != NULL) {
        free(call);
        return error;
    }
    *out = call;
    return NULL;
}

void pkcs11_call_free(struct pkcs11_call *call)
{
    if (call == NULL)
        return;
    secret_free(call->area);
    free(call);
}

void pkcs11_call_begin(struct pkcs11_call *call, enum wire_call number)
{
    call->request =
        (struct wire_writer){.bytes = secret_bytes(call->area), .capacity = REQUEST_MAX};
    call->results = (struct wire_reader){0};
    wire_put_number(&call->request, number);
}

void pkcs11_call_wipe(struct pkcs11_call *call)
{
    OPENSSL_cleanse(secret_bytes(call->area), call->request.length);
    OPENSSL_cleanse(secret_bytes(call->area) + REQUEST_MAX, call->answered);
    call->answered = 0;
    call->request.length = 0;
    call->results = (struct wire_reader){0};
}

/* What the other process says goes into messages: one line, and no more than it should be. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if (!isprint((unsigned char)*text))
            *text = '?';
}

struct error *pkcs11_call_send(struct pkcs11_call *call, struct card_transport *transport)
{
    uint8_t *answer = secret_bytes(call->area) + REQUEST_MAX;
    size_t length = WIRE_MAX;
    if (call->request.overflow)
        return error_new(ERROR_ARGUMENT, "more than a token can be given at once");
    struct error *error = transport->functions->transmit(transport, call->request.bytes,
                                                         call->request.length, answer, &length);
    OPENSSL_cleanse(call->request.bytes, call->request.length);
    call->request.length = 0;
    if (error != NULL)
        return error;
    call->answered = length;
    call->results = (struct wire_reader){.bytes = answer, .length = length};
    call->rv = wire_get_number(&call->results);
    wire_get_text(&call->results, call->function, sizeof(call->function));
    make_printable(call->function);
    return pkcs11_call_check(call);
}

struct error *pkcs11_call_make(struct pkcs11_call *call, struct card_transport *transport)
{
    struct error *error = pkcs11_call_send(call, transport);
    return error != NULL || call->rv == CKR_OK ? error : pkcs11_call_refused(call);
}

struct error *pkcs11_call_refused(const struct pkcs11_call *call)
{
    return pkcs11_return_error(call->function, call->rv);
}

struct error *pkcs11_call_check(const struct pkcs11_call *call)
{
    return call->results.broken
               ? error_new(ERROR_CARD_ANSWER, "the PKCS #11 module's process answers nonsense")
               : NULL;
}
