/* SPDX-License-Identifier: BSD-2-Clause */
#include "names_internal.h"

#include "name_form.h"
#include "text.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is between the names of a list. */
#define NAME_BLANKS " \t\n"

static const char *const type_texts[] = {"dns", "ip", "email", "uri", "other"};

const char *name_type_text(enum name_type type)
{
    return type_texts[type];
}

static void clear(struct name *name)
{
    free(name->text);
    OPENSSL_free(name->der);
}

void names_clear(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        clear(&names->items[i]);
    free(names->items);
    *names = (struct names){NULL, 0};
}

void names_keep_others(struct names *names)
{
    size_t kept = 0;

    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].type == NAME_OTHER)
            names->items[kept++] = names->items[i];
        else
            clear(&names->items[i]);
    names->count = kept;
}

static bool is_same(const struct name *one, const struct name *other)
{
    return one->type == other->type && strcmp(one->text, other->text) == 0 &&
           one->der_length == other->der_length &&
           (one->der == NULL || memcmp(one->der, other->der, one->der_length) == 0);
}

bool names_contain(const struct names *names, const struct name *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (is_same(&names->items[i], name))
            return true;
    return false;
}

bool names_equal(const struct names *one, const struct names *other)
{
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++)
        if (!names_contain(other, &one->items[i]))
            return false;
    return true;
}

struct error *names_text(const struct names *names, size_t max, char **out)
{
    size_t size = 0, shown = names->count < max ? names->count : max;
    FILE *text = open_memstream(out, &size);

    if (text == NULL)
        return error_no_memory();
    for (size_t i = 0; i < shown; i++)
        fprintf(text, "%s%s", i > 0 ? ", " : "", names->items[i].text);
    if (shown < names->count)
        fprintf(text, " and %zu more", names->count - shown);
    return fclose(text) == 0 ? NULL : error_no_memory();
}

/* ---- adding ------------------------------------------------------------------------------ */

struct error *names_append(struct names *names, struct name name)
{
    struct name *items = NULL;
    struct error *error = name.text == NULL ? error_no_memory() : NULL;

    if (error == NULL && names_contain(names, &name)) {
        clear(&name);
        return NULL;
    }
    if (error == NULL && names->count >= NAMES_MAX)
        error = error_new(ERROR_CERTIFICATE, "there are more than %d names", NAMES_MAX);
    if (error == NULL &&
        (items = reallocarray(names->items, names->count + 1, sizeof(*items))) == NULL)
        error = error_no_memory();
    if (error != NULL) {
        clear(&name);
        return error;
    }
    items[names->count++] = name;
    names->items = items;
    return NULL;
}

static struct error *append(struct names *names, enum name_type type, char *text)
{
    return names_append(names, (struct name){.type = type, .text = text});
}

/* A copy, in lower case from `from` on. */
static char *lowered(const char *text, const char *from)
{
    char *copy = strdup(text);

    for (char *place = copy == NULL ? NULL : copy + (from - text); place != NULL && *place != '\0';
         place++)
        if (*place >= 'A' && *place <= 'Z')
            *place = (char)(*place + 'a' - 'A');
    return copy;
}

static struct error *refuse(const char *text, const char *fault)
{
    char *clean;
    struct error *error = text_clean(text, 80, &clean);

    if (error != NULL)
        return error;
    error = error_new(ERROR_ARGUMENT, "the name \"%s\" %s", clean, fault);
    free(clean);
    return error;
}

static struct error *add_dns(struct names *names, const char *text)
{
    const char *fault = name_dns_fault(text);

    return fault != NULL ? refuse(text, fault) : append(names, NAME_DNS, lowered(text, text));
}

static struct error *add_ip(struct names *names, const char *text)
{
    unsigned char bytes[16];
    char address[INET6_ADDRSTRLEN];

    if (!name_ip_text(bytes, name_ip_bytes(text, bytes), address))
        return refuse(text, "is no IP address");
    return append(names, NAME_IP, strdup(address));
}

static struct error *add_email(struct names *names, const char *text)
{
    const char *fault = name_email_fault(text);

    if (fault != NULL)
        return refuse(text, fault);
    return append(names, NAME_EMAIL, lowered(text, strrchr(text, '@')));
}

static struct error *add_uri(struct names *names, const char *text)
{
    for (const char *place = text; *place != '\0'; place++)
        if (*place <= ' ' || *place > '~')
            return refuse(text, "has a character that no URI has");
    if (strchr(text, ':') == NULL || strlen(text) > NAME_TEXT_MAX)
        return refuse(text, "is no URI, or a very long one");
    return append(names, NAME_URI, strdup(text));
}

static struct error *(*const adders[])(struct names *names,
                                       const char *text) = {add_dns, add_ip, add_email, add_uri};

struct error *names_add_typed(struct names *names, enum name_type type, const char *text)
{
    return adders[type](names, text);
}

struct error *names_add(struct names *names, const char *text)
{
    unsigned char bytes[16];

    for (size_t i = 0; i < sizeof(adders) / sizeof(adders[0]); i++) {
        size_t length = strlen(type_texts[i]);

        if (strncasecmp(text, type_texts[i], length) == 0 && text[length] == ':')
            return adders[i](names, text + length + 1);
    }
    if (name_ip_bytes(text, bytes) > 0)
        return add_ip(names, text);
    return strchr(text, '@') != NULL ? add_email(names, text) : add_dns(names, text);
}

#define SEPARATORS NAME_BLANKS ","

struct error *names_add_list(struct names *names, const char *list)
{
    struct error *error = NULL;

    while (error == NULL && *(list += strspn(list, SEPARATORS)) != '\0') {
        size_t length = strcspn(list, SEPARATORS);
        char *name = strndup(list, length);

        error = name == NULL ? error_no_memory() : names_add(names, name);
        free(name);
        list += length;
    }
    return error;
}
