/* SPDX-License-Identifier: BSD-2-Clause */
/* The names that certificates are ordered for. */
#include "acme_internal.h"
#include "text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* RFC 1035, 2.3.4, and the letters of RFC 5890's A-labels. */
#define LABEL_LENGTH_MAX 63
#define NAME_LENGTH_MAX  253

static bool is_label(const char *label, size_t length)
{
    if (length == 0 || length > LABEL_LENGTH_MAX || label[0] == '-' || label[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++) {
        bool good = (label[i] >= 'a' && label[i] <= 'z') || (label[i] >= 'A' && label[i] <= 'Z') ||
                    (label[i] >= '0' && label[i] <= '9') || label[i] == '-';
        if (!good)
            return false;
    }
    return true;
}

static bool is_dns_name(const char *name)
{
    if (strnlen(name, NAME_LENGTH_MAX + 1) > NAME_LENGTH_MAX)
        return false;
    if (strncmp(name, "*.", 2) == 0)
        name += 2;
    for (;;) {
        size_t length = strcspn(name, ".");
        if (!is_label(name, length))
            return false;
        if (name[length] == '\0')
            return true;
        name += length + 1;
    }
}

/* RFC 8738, 3. */
static bool take_address(const char *name, char *out)
{
    unsigned char address[16];
    int family = strchr(name, ':') != NULL ? AF_INET6 : AF_INET;
    return inet_pton(family, name, address) == 1 &&
           inet_ntop(family, address, out, ACME_NAME_SIZE) != NULL;
}

static struct error *no_name(const char *name)
{
    char *clean;
    struct error *error = text_clean(name, 80, &clean);
    if (error != NULL)
        return error;
    error = error_new(ERROR_ARGUMENT,
                      "\"%s\" is neither a DNS name nor an IP address: names with letters beyond "
                      "ASCII are written as xn--...",
                      clean);
    free(clean);
    return error;
}

struct error *acme_name_canonical(const char *name, char *out, bool *is_address)
{
    *is_address = take_address(name, out);
    if (*is_address)
        return NULL;
    if (!is_dns_name(name))
        return no_name(name);
    size_t length = strlen(name);
    for (size_t i = 0; i <= length; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    return NULL;
}

/* ---- comparing --------------------------------------------------------------------------- */

static bool same_name(const char *one, const char *other)
{
    char names[2][ACME_NAME_SIZE];
    bool is_address;
    struct error *error = acme_name_canonical(one, names[0], &is_address);
    if (error == NULL)
        error = acme_name_canonical(other, names[1], &is_address);
    bool same = error == NULL && strcmp(names[0], names[1]) == 0;
    error_free(error);
    return same;
}

bool acme_order_is_for(const struct acme_order *order, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < order->identifier_count && !found; k++)
            found = same_name(names[i], order->identifiers[k].value);
        if (!found)
            return false;
    }
    for (size_t k = 0; k < order->identifier_count; k++) {
        bool found = false;
        for (size_t i = 0; i < count && !found; i++)
            found = same_name(names[i], order->identifiers[k].value);
        if (!found)
            return false;
    }
    return true;
}
