/* SPDX-License-Identifier: BSD-2-Clause */
#include "ask.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ui.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* libcrypto's UI takes standard input where there is no terminal, so that has to be known before.
 */
bool ask_possible(void)
{
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (terminal < 0)
        return false;
    (void)close(terminal);
    return true;
}

/* Returns whether `first` (and the same again in `second`, if there is one) was typed. */
static bool prompt_twice(const char *prompt, char *first, char *second)
{
    UI *ui = UI_new_method(UI_OpenSSL());
    bool good = ui != NULL && UI_add_input_string(ui, prompt, 0, first, 1, SECRET_MAX - 1) >= 0;

    if (good && second != NULL)
        good = UI_add_verify_string(ui, prompt, 0, second, 1, SECRET_MAX - 1, first) >= 0;
    good = good && UI_process(ui) == 0;
    UI_free(ui);
    ERR_clear_error();
    return good;
}

static struct error *ask_into(const char *prompt, bool twice, struct secret *out)
{
    struct secret *second = NULL;
    struct error *error = secret_new(NULL, SECRET_MAX, &second);
    char *text = (char *)secret_bytes(out);

    if (error != NULL)
        return error;
    if (!prompt_twice(prompt, text, twice ? (char *)secret_bytes(second) : NULL))
        error = error_new(ERROR_PIN_SOURCE, twice ? "nothing was typed, or not the same twice: "
                                                    "nothing was changed"
                                                  : "nothing was typed");
    secret_free(second);
    if (error == NULL)
        secret_truncate(out, strlen(text));
    return error;
}

struct error *ask_secret(const char *prompt, bool twice, const char *option, struct secret **out)
{
    struct error *error;

    *out = NULL;
    if (!ask_possible())
        return error_new(ERROR_PIN_SOURCE,
                         "there is no terminal to ask for \"%s\": say where to get it with %s "
                         "file:PATH, env:NAME or credential:NAME",
                         prompt, option);
    error = secret_new(NULL, SECRET_MAX, out);
    if (error == NULL)
        error = ask_into(prompt, twice, *out);
    if (error != NULL) {
        secret_free(*out);
        *out = NULL;
    }
    return error;
}

struct error *ask_line(const char *prompt, char *out, size_t size)
{
    UI *ui;
    bool good;

    out[0] = '\0';
    if (!ask_possible())
        return error_new(ERROR_ARGUMENT, "there is no terminal to ask: \"%s\"", prompt);
    ui = UI_new_method(UI_OpenSSL());
    good = ui != NULL &&
           UI_add_input_string(ui, prompt, UI_INPUT_FLAG_ECHO, out, 0, (int)size - 1) >= 0 &&
           UI_process(ui) == 0;
    UI_free(ui);
    ERR_clear_error();
    return good ? NULL : error_new(ERROR_ARGUMENT, "cancelled: nothing was changed");
}

void ask_tell(const char *text)
{
    fprintf(stderr, "reissue: %s\n", text);
}
