/* SPDX-License-Identifier: BSD-2-Clause */
#include "validation.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

const struct validation validations[] = {
    {"acme", "http-01", "by a file that the web server shows, at port 80", false, true},
    {"acme", "dns-01", "by a record in the DNS", true, false},
    {"acme", "tls-alpn-01", "by a handshake that reissue answers itself, at port 443", false, true},
    {"certum", "dns-txt", "by a TXT record in the DNS", true, false},
    {"certum", "dns-cname", "by a CNAME record in the DNS", true, false},
    {"certum", "file", "by a file that the web server shows, at port 80", false, true},
    {"certum", "email", "by a link in a mail to the domain's administrator", true, false},
    {NULL, NULL, NULL, false, false},
};

/* ---- what the section lists -------------------------------------------------------------- */

static const char *list_of(const struct config_ca *config)
{
    return config->challenge != NULL ? config->challenge : config->validation;
}

static bool is_of_type(const struct validation *validation, const char *ca_type)
{
    return ca_type != NULL && strcmp(validation->ca_type, ca_type) == 0;
}

static const struct validation *first_of(const char *ca_type)
{
    for (const struct validation *each = validations; each->name != NULL; each++)
        if (is_of_type(each, ca_type))
            return each;
    return NULL;
}

static bool is_listed(const struct config_ca *config, const struct validation *validation)
{
    const char *list = list_of(config);

    if (!is_of_type(validation, config->type))
        return false;
    return list == NULL ? validation == first_of(config->type)
                        : text_has_word(list, validation->name);
}

static const struct validation *find_listed(const struct config_ca *config, const char *name,
                                            size_t length)
{
    for (const struct validation *each = validations; each->name != NULL; each++)
        if (strlen(each->name) == length && strncmp(each->name, name, length) == 0 &&
            is_listed(config, each))
            return each;
    return NULL;
}

bool validation_lists(const struct config_ca *config, const char *name)
{
    return find_listed(config, name, strlen(name)) != NULL;
}

size_t validation_count(const struct config_ca *config)
{
    size_t count = 0;

    for (const struct validation *each = validations; each->name != NULL; each++)
        count += is_listed(config, each);
    return count;
}

/* ---- which one --------------------------------------------------------------------------- */

static bool is_wildcard(const struct name *name)
{
    return name->type == NAME_DNS && name->text[0] == '*';
}

static bool suits(const struct validation *validation, const struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        if ((names->items[i].type == NAME_IP && !validation->addresses) ||
            (is_wildcard(&names->items[i]) && !validation->wildcards))
            return false;
    return true;
}

bool validation_is_possible(const struct config_ca *config, const struct validation *validation,
                            const struct names *names)
{
    return is_listed(config, validation) && suits(validation, names);
}

const struct validation *validation_usual(const struct config_ca *config, const struct names *names)
{
    const char *list = list_of(config);
    const struct validation *first = first_of(config->type);
    size_t length;

    if (list == NULL)
        return first != NULL && suits(first, names) ? first : NULL;
    for (const char *word = text_next_word(&list, &length); word != NULL;
         word = text_next_word(&list, &length)) {
        const struct validation *each = find_listed(config, word, length);

        if (each != NULL && suits(each, names))
            return each;
    }
    return NULL;
}

const struct validation *validation_of(const struct job *job, const struct config_ca *config)
{
    for (const struct validation *each = validations; each->name != NULL; each++)
        if (is_of_type(each, config->type) && job_is(job, JOB_VALIDATION, each->name))
            return each;
    return validation_usual(config, &(struct names){NULL, 0});
}

/* ---- what is wrong ----------------------------------------------------------------------- */

static bool is_any(const struct validation *validation)
{
    (void)validation;
    return true;
}

static bool does_wildcards(const struct validation *validation)
{
    return validation->wildcards;
}

static bool does_addresses(const struct validation *validation)
{
    return validation->addresses;
}

#define LIST_SIZE 128

/* Those of that type of CA, as "a, b"; where there is a section, as far as that lists them. */
static const char *write_list(char *out, const char *ca_type, const struct config_ca *config,
                              bool (*is_meant)(const struct validation *validation))
{
    size_t length = 0;

    out[0] = '\0';
    for (const struct validation *each = validations; each->name != NULL; each++)
        if (is_of_type(each, ca_type) && is_meant(each) &&
            (config == NULL || is_listed(config, each)) && length < LIST_SIZE)
            length += (size_t)snprintf(out + length, LIST_SIZE - length, "%s%s",
                                       length == 0 ? "" : ", ", each->name);
    return out;
}

struct error *validation_check_word(const char *ca_type, const char *name)
{
    char list[LIST_SIZE];

    for (const struct validation *each = validations; each->name != NULL; each++)
        if (is_of_type(each, ca_type) && strcmp(each->name, name) == 0)
            return NULL;
    return error_new(ERROR_CONFIG, "has to be one or several of %s",
                     write_list(list, ca_type, NULL, is_any));
}

static struct error *not_listed(const struct config_ca *config, const char *name)
{
    char list[LIST_SIZE];

    if (config == NULL || validation_count(config) == 0)
        return error_new(ERROR_ARGUMENT,
                         "the CA %s is not told how it is to validate: leave out the validation",
                         config == NULL ? "manual" : config->name);
    return error_new(ERROR_ARGUMENT,
                     "the validation %s is none of those that [ca %s] lists: there is %s", name,
                     config->name, write_list(list, config->type, config, is_any));
}

static struct error *not_suited(const struct config_ca *config, const char *name)
{
    char list[LIST_SIZE], wildcards[LIST_SIZE], addresses[LIST_SIZE];

    return error_new(
        ERROR_ARGUMENT,
        "the CA %s cannot validate all of these names by %s: wildcards need %s; IP addresses %s",
        config->name, name != NULL ? name : write_list(list, config->type, config, is_any),
        write_list(wildcards, config->type, NULL, does_wildcards),
        write_list(addresses, config->type, NULL, does_addresses));
}

struct error *validation_check(const struct config_ca *config, const char *name,
                               const struct names *names)
{
    const struct validation *wanted;

    if (name == NULL && (config == NULL || validation_count(config) == 0))
        return NULL;
    wanted = config == NULL || name == NULL ? NULL : find_listed(config, name, strlen(name));
    if (name != NULL && wanted == NULL)
        return not_listed(config, name);
    if (name != NULL ? suits(wanted, names) : validation_usual(config, names) != NULL)
        return NULL;
    return not_suited(config, name);
}
