/* SPDX-License-Identifier: BSD-2-Clause */
/* The refusals of Certum's Partner API, in a person's words. */
#ifndef REISSUE_CERTUM_ERROR_H
#define REISSUE_CERTUM_ERROR_H

#include "card/error.h"

#include <stddef.h>

/* Those that somebody decides by. */
enum certum_code {
    CERTUM_KEY_USED = 1032,
    CERTUM_MAILS_ARE_VALID = 1114,
    CERTUM_CANCEL_ISSUED = 1136,
    CERTUM_BAD_REASON = 1135,
    CERTUM_BEING_REVOKED = 1143,
    CERTUM_EXPIRED = 1144,
    CERTUM_ALREADY_REVOKED = 1145,
    CERTUM_ALREADY_CANCELLED = 1151,
    CERTUM_NO_SUCH_PAGE = 1155,
    CERTUM_NO_CERTIFICATE = 1159,
    CERTUM_CODE_EXPIRED = 1184,
    CERTUM_CODE_WRONG = 1186,
    CERTUM_CLOUD_KEY = 2122,
};

struct certum_error {
    int code;
    enum error_code error; /* what the caller decides by */
    const char *words;     /* what is wrong, and the way out */
};

/* Every code that has words here, in order. */
extern const struct certum_error certum_errors[];
extern const size_t certum_error_count;

/* The entry for a code, or NULL: then the service's own words have to do. */
const struct certum_error *certum_error_find(int code);

/*
 * The error for a refusal of `what` ("the reissue"). `value` is what the service says beside the
 * code, or NULL; it is cleaned.
 */
struct error *certum_error_new(int code, const char *what, const char *value)
    __attribute__((warn_unused_result, returns_nonnull));

#endif
