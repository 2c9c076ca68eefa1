/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include "json_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint32_t decode(const char *text, size_t length)
{
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t character = (unsigned char)text[0] & masks[length];
    for (size_t i = 1; i < length; i++)
        character = character << 6 | ((unsigned char)text[i] & 0x3F);
    return character;
}

/* What a terminal obeys or hides: Unicode's categories Cc, and the parts of Cf, Zl, Zp that
 * mislead. */
static bool is_harmful(uint32_t character)
{
    static const uint32_t ranges[][2] = {
        {0x00, 0x1F},     {0x7F, 0x9F},     {0x200B, 0x200F},   {0x2028, 0x202E},
        {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xE0000, 0xE007F},
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (character >= ranges[i][0] && character <= ranges[i][1])
            return true;
    }
    return false;
}

struct error *text_clean(const char *text, size_t max, char **out)
{
    size_t left = strlen(text), end = 0;
    *out = malloc((left < max ? left : max) + 4);
    if (*out == NULL)
        return error_no_memory();
    while (left > 0) {
        size_t length = json_utf8_length(text, left), taken = length > 0 ? length : 1;
        if (end + taken > max) {
            memcpy(*out + end, "...", 3);
            end += 3;
            break;
        }
        if (length == 0)
            (*out)[end++] = '?';
        else if (is_harmful(decode(text, length)))
            (*out)[end++] = ' ';
        else {
            memcpy(*out + end, text, length);
            end += length;
        }
        text += taken;
        left -= taken;
    }
    (*out)[end] = '\0';
    return NULL;
}

const char *text_next_word(const char **list, size_t *length)
{
    const char *word = *list + strspn(*list, " \t");

    *length = strcspn(word, " \t");
    *list = word + *length;
    return *length == 0 ? NULL : word;
}

bool text_has_word(const char *list, const char *word)
{
    size_t length;

    for (const char *each = text_next_word(&list, &length); each != NULL;
         each = text_next_word(&list, &length))
        if (strlen(word) == length && strncmp(each, word, length) == 0)
            return true;
    return false;
}
