/* SPDX-License-Identifier: BSD-2-Clause */
#include "json_text.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- UTF-8 ------------------------------------------------------------------------------- */

/* RFC 3629, 4: the second byte's range depends on the first. */
static const struct {
    unsigned char first_low, first_high, second_low, second_high;
    size_t length;
} utf8_forms[] = {
    {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static bool within(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

size_t json_utf8_length(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; length > 0 && i < sizeof(utf8_forms) / sizeof(utf8_forms[0]); i++) {
        size_t size = utf8_forms[i].length;
        if (!within(bytes[0], utf8_forms[i].first_low, utf8_forms[i].first_high))
            continue;
        if (size == 1)
            return 1;
        if (size > length || !within(bytes[1], utf8_forms[i].second_low, utf8_forms[i].second_high))
            return 0;
        for (size_t k = 2; k < size; k++) {
            if (!within(bytes[k], 0x80, 0xBF))
                return 0;
        }
        return size;
    }
    return 0;
}

static size_t utf8_encode(uint32_t character, char *out)
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (char)(0xC0 | character >> 6);
        out[1] = (char)(0x80 | (character & 0x3F));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (char)(0xE0 | character >> 12);
        out[1] = (char)(0x80 | (character >> 6 & 0x3F));
        out[2] = (char)(0x80 | (character & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | character >> 18);
    out[1] = (char)(0x80 | (character >> 12 & 0x3F));
    out[2] = (char)(0x80 | (character >> 6 & 0x3F));
    out[3] = (char)(0x80 | (character & 0x3F));
    return 4;
}

/* ---- strings ----------------------------------------------------------------------------- */

/* The four digits after \u; -1 if there are none. */
static int32_t hex_unit(const char *text, size_t length)
{
    int32_t unit = 0;
    if (length < 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        int digit = OPENSSL_hexchar2int((unsigned char)text[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Decodes \uXXXX, or a pair of them; `text` begins after the "\u". Sets how much of it was used. */
static const char *decode_unicode(const char *text, size_t length, uint32_t *out, size_t *used)
{
    int32_t unit = hex_unit(text, length);
    *used = 4;
    if (unit < 0)
        return "\\u without four hexadecimal digits";
    *out = (uint32_t)unit;
    if (unit < 0xD800 || unit > 0xDFFF)
        return NULL;
    if (unit > 0xDBFF || length < 10 || text[4] != '\\' || text[5] != 'u')
        return "half a surrogate pair";
    int32_t low = hex_unit(text + 6, length - 6);
    if (low < 0xDC00 || low > 0xDFFF)
        return "half a surrogate pair";
    *out = 0x10000 + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
    *used = 10;
    return NULL;
}

/* Decodes what follows a backslash; sets how much of it was used, and how much was written. */
static const char *decode_escape(const char *text, size_t length, char *out, size_t *used,
                                 size_t *written)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    uint32_t character;
    if (length == 0)
        return "a string ends in a backslash";
    if (text[0] == 'u') {
        const char *problem = decode_unicode(text + 1, length - 1, &character, used);
        *used += 1;
        *written = problem == NULL ? utf8_encode(character, out) : 0;
        return problem;
    }
    const char *found = text[0] != '\0' ? strchr(escapes, text[0]) : NULL;
    if (found == NULL)
        return "an unknown escape";
    out[0] = meanings[found - escapes];
    *used = *written = 1;
    return NULL;
}

const char *json_decode_string(const char *text, size_t length, char *out, size_t *out_length)
{
    size_t position = 0;
    *out_length = 0;
    while (position < length) {
        size_t used = 0, written = 0;
        if (text[position] == '\\') {
            const char *problem = decode_escape(text + position + 1, length - position - 1,
                                                out + *out_length, &used, &written);
            if (problem != NULL)
                return problem;
            position += 1 + used;
            *out_length += written;
            continue;
        }
        if ((unsigned char)text[position] < 0x20)
            return "a control character in a string";
        used = json_utf8_length(text + position, length - position);
        if (used == 0)
            return "a string is not UTF-8";
        memcpy(out + *out_length, text + position, used);
        position += used;
        *out_length += used;
    }
    return NULL;
}

/* ---- primitives -------------------------------------------------------------------------- */

/* Passes digits; false if there are none. */
static bool skip_digits(const char **text, const char *end)
{
    const char *start = *text;
    while (*text < end && **text >= '0' && **text <= '9')
        (*text)++;
    return *text > start;
}

/* RFC 8259, 6. */
static bool is_number(const char *text, const char *end)
{
    if (text < end && *text == '-')
        text++;
    if (text < end && *text == '0')
        text++;
    else if (!skip_digits(&text, end))
        return false;
    if (text < end && *text == '.') {
        text++;
        if (!skip_digits(&text, end))
            return false;
    }
    if (text < end && (*text == 'e' || *text == 'E')) {
        text++;
        if (text < end && (*text == '+' || *text == '-'))
            text++;
        if (!skip_digits(&text, end))
            return false;
    }
    return text == end;
}

const char *json_check_primitive(const char *text, size_t length)
{
    static const char *const literals[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
        if (length == strlen(literals[i]) && memcmp(text, literals[i], length) == 0)
            return NULL;
    }
    return is_number(text, text + length) ? NULL : "neither a number nor true, false or null";
}
