/* SPDX-License-Identifier: BSD-2-Clause */
#include "exit_code.h"

#include "command.h"
#include "json_write.h"

#include <stdio.h>
#include <stdlib.h>

int exit_code_of(const struct error *error)
{
    switch (error_code(error)) {
    case ERROR_ARGUMENT:
    case ERROR_URI:
        return EXIT_CODE_USAGE;
    case ERROR_NO_SERVICE:
    case ERROR_NO_READER:
    case ERROR_NO_CARD:
    case ERROR_UNKNOWN_CARD:
    case ERROR_CARD_REMOVED:
    case ERROR_CARD_RESET:
    case ERROR_CARD_BUSY:
    case ERROR_TRANSPORT:
    case ERROR_CARD_STATUS:
    case ERROR_CARD_ANSWER:
    case ERROR_OTHER_KEY:
        return EXIT_CODE_CARD;
    case ERROR_DENIED:
    case ERROR_PIN_SOURCE:
    case ERROR_PIN_FORMAT:
    case ERROR_PIN_WRONG:
    case ERROR_PIN_LAST_TRY:
    case ERROR_PIN_BLOCKED:
        return EXIT_CODE_PIN;
    case ERROR_BUSY:
        return EXIT_CODE_BUSY;
    case ERROR_NETWORK:
    case ERROR_SERVER_IDENTITY:
    case ERROR_RATE_LIMITED:
    case ERROR_CA_TROUBLE:
        return EXIT_CODE_TRY_LATER;
    case ERROR_SERVER_ANSWER:
    case ERROR_CA_REFUSED:
    case ERROR_ACCOUNT_UNKNOWN:
    case ERROR_ACCOUNT_BINDING:
    case ERROR_ORDER_NOT_READY:
    case ERROR_ALREADY_REVOKED:
    case ERROR_ALREADY_REPLACED:
        return EXIT_CODE_CA;
    default:
        return EXIT_CODE_FAILURE;
    }
}

static void print_json(const char *text, int code)
{
    struct json_writer writer = {0};
    char *json;
    struct error *error;

    json_write_object(&writer, NULL);
    json_write_string(&writer, "error", text);
    json_write_integer(&writer, "exit_code", code);
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
        print_json(text, code);
    free(text);
    error_free(error);
    return code;
}
