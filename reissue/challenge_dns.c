/* SPDX-License-Identifier: BSD-2-Clause */
/* dns-01 (RFC 8555, 8.4): the record, and the hook that publishes it. */
#include "base64url.h"
#include "challenge.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the caller names for the hook, and ours. */
#define VARIABLES_MAX 64

struct error *challenge_dns_value(const char *key_authorization, char **out)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)key_authorization, strlen(key_authorization), hash);
    return base64url_encode(hash, sizeof(hash), out);
}

struct error *challenge_dns_name(const char *identifier, char **out)
{
    const char *name = strncmp(identifier, "*.", 2) == 0 ? identifier + 2 : identifier;
    if (asprintf(out, "_acme-challenge.%s", name) >= 0)
        return NULL;
    *out = NULL;
    return error_no_memory();
}

static struct error *run_with(const struct hook *hook, const struct hook_variable *ours,
                              size_t count)
{
    struct hook_variable variables[VARIABLES_MAX];
    struct hook with = *hook;
    if (hook->variable_count > VARIABLES_MAX - count)
        return error_new(ERROR_ARGUMENT, "a hook cannot have %zu variables", hook->variable_count);
    for (size_t i = 0; i < hook->variable_count; i++)
        variables[i] = hook->variables[i];
    for (size_t i = 0; i < count; i++)
        variables[hook->variable_count + i] = ours[i];
    with.variables = variables;
    with.variable_count = hook->variable_count + count;
    return hook_run_checked(&with);
}

struct error *challenge_record_hook(const struct hook *hook, enum challenge_action action,
                                    const struct challenge_record *record)
{
    const struct hook_variable ours[] = {
        {"REISSUE_ACTION", action == CHALLENGE_PUBLISH ? "publish" : "remove"},
        {"REISSUE_IDENTIFIER", record->identifier},
        {"REISSUE_DNS_NAME", record->name},
        {"REISSUE_DNS_TYPE", record->type},
        {"REISSUE_DNS_VALUE", record->value},
    };
    return run_with(hook, ours, sizeof(ours) / sizeof(ours[0]));
}

struct error *challenge_dns_hook(const struct hook *hook, enum challenge_action action,
                                 const char *identifier, const char *key_authorization)
{
    char *name = NULL, *value = NULL;
    struct error *error = challenge_dns_name(identifier, &name);
    if (error == NULL)
        error = challenge_dns_value(key_authorization, &value);
    if (error == NULL) {
        const struct challenge_record record = {identifier, name, "TXT", value};
        error = challenge_record_hook(hook, action, &record);
    }
    free(name);
    free(value);
    return error;
}
