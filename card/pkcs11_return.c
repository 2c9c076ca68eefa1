/* SPDX-License-Identifier: BSD-2-Clause */
#include "pkcs11_return.h"

#include <p11-kit/pkcs11.h>
#include <stddef.h>

struct meaning {
    CK_RV rv;
    const char *name;
    enum error_code code;
    const char *advice; /* or NULL */
};

#define MEANING(rv, code, advice)                                                                  \
    {                                                                                              \
        rv, #rv, code, advice                                                                      \
    }

/* The ones that a card's owner may meet. Whatever is not here is ERROR_CARD_STATUS. */
static const struct meaning meanings[] = {
    MEANING(CKR_HOST_MEMORY, ERROR_MODULE, "the module ran out of memory"),
    MEANING(CKR_SLOT_ID_INVALID, ERROR_NO_READER, "there is no such slot any more"),
    MEANING(CKR_GENERAL_ERROR, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_FUNCTION_FAILED, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_FUNCTION_NOT_SUPPORTED, ERROR_UNSUPPORTED, "the module cannot do this"),
    MEANING(CKR_ARGUMENTS_BAD, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_ATTRIBUTE_READ_ONLY, ERROR_UNSUPPORTED, NULL),
    MEANING(CKR_ATTRIBUTE_TYPE_INVALID, ERROR_UNSUPPORTED, NULL),
    MEANING(CKR_ATTRIBUTE_VALUE_INVALID, ERROR_UNSUPPORTED, NULL),
    MEANING(CKR_TEMPLATE_INCOMPLETE, ERROR_UNSUPPORTED, NULL),
    MEANING(CKR_TEMPLATE_INCONSISTENT, ERROR_UNSUPPORTED, NULL),
    MEANING(CKR_DATA_INVALID, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_DATA_LEN_RANGE, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_ENCRYPTED_DATA_INVALID, ERROR_CIPHERTEXT, NULL),
    MEANING(CKR_ENCRYPTED_DATA_LEN_RANGE, ERROR_CIPHERTEXT, NULL),
    MEANING(CKR_DEVICE_ERROR, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_DEVICE_MEMORY, ERROR_CARD_STATUS, "the token is full"),
    MEANING(CKR_DEVICE_REMOVED, ERROR_CARD_REMOVED, "the token was taken out"),
    MEANING(CKR_TOKEN_NOT_PRESENT, ERROR_CARD_REMOVED, "no token is in the slot"),
    MEANING(CKR_TOKEN_NOT_RECOGNIZED, ERROR_NO_CARD, "the module does not know the token"),
    MEANING(CKR_TOKEN_WRITE_PROTECTED, ERROR_UNSUPPORTED, "the token cannot be written to"),
    MEANING(CKR_FUNCTION_CANCELED, ERROR_DENIED, "it was cancelled"),
    MEANING(CKR_KEY_FUNCTION_NOT_PERMITTED, ERROR_UNSUPPORTED, "the key is not meant for this"),
    MEANING(CKR_KEY_HANDLE_INVALID, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_OBJECT_HANDLE_INVALID, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_KEY_SIZE_RANGE, ERROR_UNSUPPORTED, "the token has no keys of that size"),
    MEANING(CKR_KEY_TYPE_INCONSISTENT, ERROR_UNSUPPORTED, NULL),
    MEANING(CKR_MECHANISM_INVALID, ERROR_UNSUPPORTED, "the token lacks that mechanism"),
    MEANING(CKR_MECHANISM_PARAM_INVALID, ERROR_UNSUPPORTED, NULL),
    MEANING(CKR_DOMAIN_PARAMS_INVALID, ERROR_UNSUPPORTED, "the token lacks that curve"),
    MEANING(CKR_PIN_INCORRECT, ERROR_PIN_WRONG, NULL),
    MEANING(CKR_PIN_INVALID, ERROR_PIN_WRONG, "the PIN has characters that the token refuses"),
    MEANING(CKR_PIN_LEN_RANGE, ERROR_PIN_WRONG, "the PIN is too short or too long"),
    MEANING(CKR_PIN_EXPIRED, ERROR_DENIED, "the PIN has expired: change it"),
    MEANING(CKR_PIN_LOCKED, ERROR_PIN_BLOCKED, NULL),
    MEANING(CKR_USER_PIN_NOT_INITIALIZED, ERROR_DENIED, "the token has no PIN yet: set it"),
    MEANING(CKR_USER_TYPE_INVALID, ERROR_UNSUPPORTED, NULL),
    MEANING(CKR_USER_NOT_LOGGED_IN, ERROR_CARD_STATUS, "the token wants its PIN first"),
    MEANING(CKR_USER_TOO_MANY_TYPES, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_SESSION_CLOSED, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_SESSION_COUNT, ERROR_CARD_STATUS, "the token has no session left"),
    MEANING(CKR_SESSION_HANDLE_INVALID, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_SESSION_READ_ONLY, ERROR_UNSUPPORTED, "the token cannot be written to"),
    MEANING(CKR_SESSION_EXISTS, ERROR_CARD_BUSY, "another session with the token is open"),
    MEANING(CKR_CRYPTOKI_NOT_INITIALIZED, ERROR_CARD_STATUS, NULL),
    MEANING(CKR_BUFFER_TOO_SMALL, ERROR_CARD_ANSWER, "more than a token would have to say"),
};

struct error *pkcs11_return_error(const char *function, uint64_t rv)
{
    const struct meaning *meaning = NULL;
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].rv == rv)
            meaning = &meanings[i];
    if (meaning == NULL)
        return error_new(ERROR_CARD_STATUS, "%s returned 0x%llX", function, (unsigned long long)rv);
    if (meaning->advice == NULL)
        return error_new(meaning->code, "%s returned %s", function, meaning->name);
    return error_new(meaning->code, "%s (%s returned %s)", meaning->advice, function,
                     meaning->name);
}
