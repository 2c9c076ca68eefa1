/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_internal.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- what can be said -------------------------------------------------------------------- */

const struct config_key config_general_keys[] = {
    {"state", offsetof(struct config, state_directory), config_check_path, NULL},
};
const size_t config_general_key_count = COUNT(config_general_keys);

#define KEY(name, field, check, types)                                                             \
    {                                                                                              \
        name, offsetof(struct config_ca, field), check, types                                      \
    }
static const struct config_key ca_keys[] = {
    KEY("type", type, config_check_ca_type, NULL),
    KEY("ca-file", ca_file, config_check_path, NULL),
    KEY("directory", directory, config_check_https, "acme"),
    KEY("account-key", account_key, config_check_key_place, "acme"),
    KEY("contact", contact, config_check_contacts, "acme"),
    KEY("terms", terms, config_check_terms, "acme"),
    KEY("eab-key-id", eab_id, config_check_word, "acme"),
    KEY("eab-key-file", eab_key_file, config_check_secret_file, "acme"),
    KEY("profile", profile, config_check_word, "acme"),
    KEY("preferred-chain", preferred_chain, config_check_text, "acme"),
    KEY("challenge", challenge, config_check_challenge, "acme"),
    KEY("webroot", webroot, config_check_path, "acme certum"),
    KEY("dns-hook", dns_hook, config_check_word, "acme certum"),
    KEY("listen", listen, config_check_text, "acme"),
    KEY("user", user, config_check_text, "certum est"),
    KEY("password-file", password_file, config_check_secret_file, "certum est"),
    KEY("validation", validation, config_check_validations, "certum"),
    KEY("approver", approver, config_check_approver, "certum"),
    KEY("url", url, config_check_url, "certum cmp est"),
    KEY("client-certificate", client_certificate, config_check_key_place, "cmp est"),
    KEY("client-key", client_key, config_check_key_place, "cmp est"),
    KEY("label", label, config_check_label, "est"),
    KEY("ca-fingerprint", ca_fingerprint, config_check_fingerprint, "est"),
    KEY("recipient", recipient, config_check_text, "cmp"),
    KEY("server-certificate", server_certificate, config_check_path, "cmp"),
    KEY("secret-reference", secret_reference, config_check_text, "cmp"),
    KEY("secret-file", secret_file, config_check_secret_file, "cmp"),
    KEY("implicit-confirm", implicit_confirm, config_check_yes_no, "cmp"),
};
#undef KEY

#define KEY(name, field, check)                                                                    \
    {                                                                                              \
        name, offsetof(struct config_certificate, field), check, NULL                              \
    }
static const struct config_key certificate_keys[] = {
    KEY("ca", ca, config_check_word),
    KEY("names", names, config_check_names),
    KEY("key", key, config_check_key_place),
    KEY("new-key", new_key, config_check_key_place),
    KEY("algorithm", algorithm, config_check_algorithm),
    KEY("validation", validation, config_check_word),
    KEY("install", install, config_check_key_place),
    KEY("deploy-hook", deploy_hook, config_check_text),
    KEY("renew-before", renew_before, config_check_duration),
    KEY("revoke-after", revoke_after, config_check_duration),
    KEY("pin-source", pin_source, config_check_source),
    KEY("management-key-source", management_key_source, config_check_source),
    KEY("passphrase-source", passphrase_source, config_check_source),
};
#undef KEY

static const struct config_key hook_keys[] = {
    {"command", offsetof(struct config_hook, command), config_check_path, NULL},
    {"timeout", offsetof(struct config_hook, timeout), config_check_duration, NULL},
};

#define KIND(word, keys, list, count, type)                                                        \
    {                                                                                              \
        word, keys, COUNT(keys), offsetof(struct config, list), offsetof(struct config, count),    \
            sizeof(struct type)                                                                    \
    }
const struct config_kind config_kinds[CONFIG_KIND_COUNT] = {
    KIND("ca", ca_keys, cas, ca_count, config_ca),
    KIND("certificate", certificate_keys, certificates, certificate_count, config_certificate),
    KIND("hook", hook_keys, hooks, hook_count, config_hook),
};
#undef KIND

/* ---- the lists --------------------------------------------------------------------------- */

static void **list_of(const struct config *config, const struct config_kind *kind)
{
    return (void **)((char *)config + kind->list);
}

static size_t *count_of(const struct config *config, const struct config_kind *kind)
{
    return (size_t *)((char *)config + kind->count);
}

const char *config_value(const void *section, const struct config_key *key)
{
    return *(char *const *)(const void *)((const char *)section + key->offset);
}

struct config_section *config_find(const struct config *config, const struct config_kind *kind,
                                   const char *name)
{
    char *list = *list_of(config, kind);

    for (size_t i = 0; i < *count_of(config, kind); i++) {
        struct config_section *section = (void *)(list + i * kind->size);

        if (strcmp(section->name, name) == 0)
            return section;
    }
    return NULL;
}

struct error *config_add(struct config *config, const struct config_kind *kind, const char *name,
                         int line, struct config_section **out)
{
    size_t count = *count_of(config, kind);
    char *list = reallocarray(*list_of(config, kind), count + 1, kind->size);
    struct config_section *section;

    *out = NULL;
    if (list == NULL)
        return error_no_memory();
    *list_of(config, kind) = list;
    section = (void *)(list + count * kind->size);
    memset(section, 0, kind->size);
    section->name = strdup(name);
    section->line = line;
    if (section->name == NULL)
        return error_no_memory();
    (*count_of(config, kind))++;
    *out = section;
    return NULL;
}

static void free_kind(struct config *config, const struct config_kind *kind)
{
    char *list = *list_of(config, kind);

    for (size_t i = 0; i < *count_of(config, kind); i++) {
        char *section = list + i * kind->size;

        free(((struct config_section *)(void *)section)->name);
        for (size_t j = 0; j < kind->key_count; j++)
            free(*(char **)(void *)(section + kind->keys[j].offset));
    }
    free(list);
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < CONFIG_KIND_COUNT; i++)
        free_kind(config, &config_kinds[i]);
    free(config->state_directory);
    free(config->path);
    free(config);
}

const struct config_ca *config_find_ca(const struct config *config, const char *name)
{
    return (void *)config_find(config, &config_kinds[0], name);
}

const struct config_certificate *config_find_certificate(const struct config *config,
                                                         const char *name)
{
    return (void *)config_find(config, &config_kinds[1], name);
}

const struct config_hook *config_find_hook(const struct config *config, const char *name)
{
    return (void *)config_find(config, &config_kinds[2], name);
}
