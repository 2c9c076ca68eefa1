/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors in tests: there is none, or a certain one. Both free it. */
#ifndef TEST_EXPECT_H
#define TEST_EXPECT_H

#include "card/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline void expect_good(struct error *error)
{
    if (error != NULL)
        fail_msg("%s", error_describe(error));
}

/* An error of that code with that text in it. */
static inline void expect_error(struct error *error, enum error_code code, const char *text)
{
    assert_non_null(error);
    char *message = error_describe(error);
    if (message == NULL || strstr(message, text) == NULL)
        fail_msg("\"%s\" is not in: %s", text, message != NULL ? message : "");
    assert_int_equal(error_code(error), code);
    free(message);
    error_free(error);
}

#endif
