/* SPDX-License-Identifier: BSD-2-Clause */
#include "exit_code.h"

#include "command.h"
#include "json_write.h"

#include <stdio.h>
#include <stdlib.h>

static const struct ending {
    enum error_code error;
    const char *name;
    int exit_code;
} endings[] = {
    {ERROR_INTERNAL, "internal", EXIT_CODE_FAILURE}, /* and for what is not listed */
    {ERROR_NO_MEMORY, "no-memory", EXIT_CODE_FAILURE},
    {ERROR_ARGUMENT, "refused", EXIT_CODE_REFUSED},
    {ERROR_URI, "usage", EXIT_CODE_USAGE},
    {ERROR_NO_SERVICE, "no-service", EXIT_CODE_NO_CARD},
    {ERROR_NO_READER, "no-reader", EXIT_CODE_NO_CARD},
    {ERROR_NO_CARD, "no-card", EXIT_CODE_NO_CARD},
    {ERROR_UNKNOWN_CARD, "unknown-card", EXIT_CODE_NO_CARD},
    {ERROR_CARD_REMOVED, "card-removed", EXIT_CODE_NO_CARD},
    {ERROR_CARD_RESET, "card-reset", EXIT_CODE_NO_CARD},
    {ERROR_CARD_BUSY, "card-busy", EXIT_CODE_NO_CARD},
    {ERROR_TRANSPORT, "transport", EXIT_CODE_NO_CARD},
    {ERROR_CARD_STATUS, "card-status", EXIT_CODE_CARD},
    {ERROR_CARD_ANSWER, "card-answer", EXIT_CODE_CARD},
    {ERROR_NOT_FOUND, "not-found", EXIT_CODE_NOTHING_THERE},
    {ERROR_AMBIGUOUS, "ambiguous", EXIT_CODE_NOTHING_THERE},
    {ERROR_OTHER_KEY, "other-key", EXIT_CODE_REFUSED},
    {ERROR_UNSUPPORTED, "unsupported", EXIT_CODE_UNSUPPORTED},
    {ERROR_DENIED, "denied", EXIT_CODE_DENIED},
    {ERROR_SIGNATURE, "signature", EXIT_CODE_CARD},
    {ERROR_PIN_SOURCE, "no-secret", EXIT_CODE_NOT_SENT},
    {ERROR_PIN_FORMAT, "secret-format", EXIT_CODE_NOT_SENT},
    {ERROR_PIN_WRONG, "secret-wrong", EXIT_CODE_DENIED},
    {ERROR_PIN_LAST_TRY, "last-try", EXIT_CODE_BLOCKED},
    {ERROR_PIN_BLOCKED, "blocked", EXIT_CODE_BLOCKED},
    {ERROR_PIN_ABORTED, "cancelled", EXIT_CODE_NOT_SENT},
    {ERROR_PIN_TIMEOUT, "timed-out", EXIT_CODE_NOT_SENT},
    {ERROR_CIPHERTEXT, "ciphertext", EXIT_CODE_REFUSED},
    {ERROR_PADDING, "ciphertext", EXIT_CODE_REFUSED},
    {ERROR_MODULE, "module", EXIT_CODE_CARD},
    {ERROR_STATE, "state", EXIT_CODE_FAILURE},
    {ERROR_CONFIG, "configuration", EXIT_CODE_USAGE},
    {ERROR_BUSY, "busy", EXIT_CODE_BUSY},
    {ERROR_FILE, "file", EXIT_CODE_FAILURE},
    {ERROR_HOOK, "hook", EXIT_CODE_FAILURE},
    {ERROR_NETWORK, "network", EXIT_CODE_TRY_LATER},
    {ERROR_SERVER_IDENTITY, "server-identity", EXIT_CODE_TRY_LATER},
    {ERROR_SERVER_ANSWER, "server-answer", EXIT_CODE_CA},
    {ERROR_CA_REFUSED, "ca-refused", EXIT_CODE_CA},
    {ERROR_CA_TROUBLE, "ca-trouble", EXIT_CODE_TRY_LATER},
    {ERROR_RATE_LIMITED, "rate-limited", EXIT_CODE_TRY_LATER},
    {ERROR_ACCOUNT_UNKNOWN, "account-unknown", EXIT_CODE_CA},
    {ERROR_ACCOUNT_BINDING, "account-binding", EXIT_CODE_CA},
    {ERROR_ORDER_NOT_READY, "order-not-ready", EXIT_CODE_CA},
    {ERROR_ALREADY_REVOKED, "already-revoked", EXIT_CODE_CA},
    {ERROR_ALREADY_REPLACED, "already-replaced", EXIT_CODE_CA},
    {ERROR_CERTIFICATE, "certificate", EXIT_CODE_FAILURE},
};

static const struct ending *ending_of(const struct error *error)
{
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (endings[i].error == error_code(error))
            return &endings[i];
    return &endings[0];
}

int exit_code_of(const struct error *error)
{
    return ending_of(error)->exit_code;
}

const char *error_name(const struct error *error)
{
    return ending_of(error)->name;
}

/* The same object as for every command: { "error": { "code", "message" } }. */
static void print_json(const char *name, const char *text)
{
    struct json_writer writer = {0};
    char *json;
    struct error *error;

    json_write_object(&writer, NULL);
    json_write_object(&writer, "error");
    json_write_string(&writer, "code", name);
    json_write_string(&writer, "message", text);
    json_write_object_end(&writer);
    json_write_object_end(&writer);
    error = json_write_end(&writer, &json);
    if (error == NULL)
        puts(json);
    error_free(error); /* the text is on standard error in any case */
    free(json);
}

int command_fail(struct error *error, bool json)
{
    char *text = error_describe(error);
    int code = exit_code_of(error);

    fprintf(stderr, "reissue: %s\n", text != NULL ? text : error_message(error));
    if (json && text != NULL)
        print_json(error_name(error), text);
    free(text);
    error_free(error);
    return code;
}
