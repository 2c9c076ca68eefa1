/* SPDX-License-Identifier: BSD-2-Clause */
#include "name_form.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* Not isalnum(): no locale has a say in what a DNS name is. */
static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static bool is_letter(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

/* ---- DNS names --------------------------------------------------------------------------- */

static const char *character_fault(const char *label, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (label[i] == '_')
            return "has an underscore, which no host name has";
        if (label[i] == '*')
            return "has a wildcard that is not its whole first label";
        if ((label[i] & 0x80) != 0)
            return "has letters beyond ASCII, which are written as xn--...";
        if (!is_digit(label[i]) && !is_letter(label[i]) && label[i] != '-')
            return "has a character that no host name has";
    }
    return NULL;
}

static const char *label_fault(const char *label, size_t length)
{
    const char *fault;

    if (length == 0)
        return "has an empty label: two dots in a row, or one at an end";
    if (length > NAME_LABEL_MAX)
        return "has a label of more than 63 characters";
    fault = character_fault(label, length);
    if (fault != NULL)
        return fault;
    if (label[0] == '-' || label[length - 1] == '-')
        return "has a label that begins or ends with a hyphen";
    if (length >= 4 && label[2] == '-' && label[3] == '-' && strncasecmp(label, "xn", 2) != 0)
        return "has a label with hyphens in the third and fourth place that is no xn-- one";
    return NULL;
}

/* A last label of digits alone is the end of an IPv4 address (RFC 3696 section 2). */
static const char *last_fault(const char *label, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_digit(label[i]))
            return NULL;
    return "ends in a number, as no host name does";
}

const char *name_dns_fault(const char *name)
{
    size_t labels = 0;
    bool wildcard = strncmp(name, "*.", 2) == 0;

    if (strnlen(name, NAME_DNS_MAX + 1) > NAME_DNS_MAX)
        return "is longer than 253 characters";
    if (wildcard)
        name += 2;
    for (;;) {
        size_t length = strcspn(name, ".");
        const char *fault = label_fault(name, length);

        labels++;
        if (fault == NULL && name[length] == '\0')
            fault = last_fault(name, length);
        if (fault != NULL)
            return fault;
        if (name[length] == '\0')
            break;
        name += length + 1;
    }
    return wildcard && labels < 2 ? "is a wildcard for a whole top level domain" : NULL;
}

static bool ends_with(const char *name, const char *domain)
{
    size_t length = strlen(name), tail = strlen(domain);

    return length >= tail && strcasecmp(name + length - tail, domain) == 0 &&
           (length == tail || name[length - tail - 1] == '.');
}

const char *name_dns_internal(const char *name)
{
    static const char *const domains[] = {
        "test",        "example",     "invalid",
        "localhost",   "local",                    /* RFC 6761, RFC 6762 */
        "internal",    "alt",         "home.arpa", /* ICANN, RFC 9476, 8375 */
        "lan",         "home",        "corp",
        "localdomain", "intranet", /* in use, never assigned */
        "private",     "mail",        "domain",
        "arpa",        "example.com", /* RFC 2606 section 3 */
        "example.net", "example.org",
    };

    if (strchr(name, '.') == NULL)
        return "has no domain";
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
        if (ends_with(name, domains[i]))
            return "is in a domain that belongs to nobody";
    return NULL;
}

/* ---- IP addresses ------------------------------------------------------------------------ */

size_t name_ip_bytes(const char *text, unsigned char *out)
{
    if (inet_pton(AF_INET, text, out) == 1)
        return 4;
    return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

bool name_ip_text(const unsigned char *bytes, size_t length, char *out)
{
    if (length != 4 && length != 16)
        return false;
    return inet_ntop(length == 4 ? AF_INET : AF_INET6, bytes, out, INET6_ADDRSTRLEN) != NULL;
}

struct prefix {
    size_t length; /* of the address */
    unsigned bits;
    unsigned char bytes[16];
    const char *fault;
};

/* IANA's special-purpose registries: those that are not globally reachable. */
static const struct prefix prefixes[] = {
    {4, 8, {0}, "is of \"this network\""},
    {4, 8, {10}, "is private"},
    {4, 10, {100, 64}, "is shared by customers of a provider"},
    {4, 8, {127}, "is this host's own"},
    {4, 16, {169, 254}, "is for one link only"},
    {4, 12, {172, 16}, "is private"},
    {4, 24, {192, 0, 0}, "is reserved"},
    {4, 24, {192, 0, 2}, "is for documentation"},
    {4, 16, {192, 168}, "is private"},
    {4, 15, {198, 18}, "is for benchmarks"},
    {4, 24, {198, 51, 100}, "is for documentation"},
    {4, 24, {203, 0, 113}, "is for documentation"},
    {4, 4, {224}, "is a multicast one"},
    {4, 4, {240}, "is reserved"},
    {16, 96, {0}, "is reserved"},
    {16, 96, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, "is an IPv4 address in disguise"},
    {16, 64, {0x01}, "is for discarding"},
    {16, 32, {0x20, 0x01, 0x0D, 0xB8}, "is for documentation"},
    {16, 20, {0x3F, 0xFF}, "is for documentation"},
    {16, 7, {0xFC}, "is private"},
    {16, 10, {0xFE, 0x80}, "is for one link only"},
    {16, 8, {0xFF}, "is a multicast one"},
};

static bool has_prefix(const unsigned char *bytes, const struct prefix *prefix)
{
    size_t whole = prefix->bits / 8;
    unsigned rest = prefix->bits % 8;

    if (memcmp(bytes, prefix->bytes, whole) != 0)
        return false;
    return rest == 0 || (bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest) == 0;
}

const char *name_ip_internal(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (prefixes[i].length == length && has_prefix(bytes, &prefixes[i]))
            return prefixes[i].fault;
    return NULL;
}

/* ---- mail addresses ---------------------------------------------------------------------- */

const char *name_email_fault(const char *address)
{
    static const char others[] = "!#$%&'*+-/=?^_`{|}~."; /* RFC 5322 section 3.2.3 */
    const char *at = strrchr(address, '@');
    size_t length = at == NULL ? 0 : (size_t)(at - address);

    if (at == NULL)
        return "has no @";
    if (length == 0 || length > NAME_LOCAL_PART_MAX)
        return "has nothing, or more than 64 characters, before the @";
    for (size_t i = 0; i < length; i++)
        if (!is_digit(address[i]) && !is_letter(address[i]) &&
            (address[i] == '\0' || strchr(others, address[i]) == NULL))
            return "has a character before the @ that no mail address has";
    if (address[0] == '.' || at[-1] == '.' || memmem(address, length, "..", 2) != NULL)
        return "has a dot in the wrong place before the @";
    if (at[1] == '*')
        return "has a wildcard in its domain";
    return name_dns_fault(at + 1);
}
