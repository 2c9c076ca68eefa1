/* SPDX-License-Identifier: BSD-2-Clause */
#include "clipboard.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Terminals may drop what is longer. */
#define TEXT_MAX 8192

/* What begins with one of these knows the sequence, or leaves out what it does not know; Linux's
   own console, for one, would print it. */
static bool knows_sequence(const char *terminal)
{
    static const char *const kinds[] = {"xterm", "tmux",    "screen", "alacritty",
                                        "foot",  "wezterm", "rxvt",   "contour"};

    for (size_t i = 0; terminal != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strncmp(terminal, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

bool clipboard_copy(FILE *out, const char *text)
{
    unsigned char encoded[TEXT_MAX / 3 * 4 + 8];
    size_t length = strlen(text);

    if (length > TEXT_MAX || !isatty(fileno(out)) || !knows_sequence(getenv("TERM")))
        return false;
    (void)EVP_EncodeBlock(encoded, (const unsigned char *)text, (int)length);
    fprintf(out, "\033]52;c;%s\a", encoded);
    return true;
}
