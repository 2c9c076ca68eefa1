/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The provider's section of OpenSSL's configuration (config(5), "Provider Configuration").
 * libcrypto hands its settings out by name, and does not say which there are; so the file is read
 * once more, for a name that we do not know.
 */
#include "settings.h"

#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

static const struct setting {
    const char *name;
    size_t offset;             /* of its value in struct provider */
    const char *word1, *word2; /* what it can be; NULL: anything */
} settings[] = {
    {"generate", offsetof(struct provider, generate), NULL, NULL},
    {"management-key-source", offsetof(struct provider, management_key), NULL, NULL},
    {"overwrite-key", offsetof(struct provider, overwrite_key), "yes", "no"},
    {"pin-source", offsetof(struct provider, pin_source), NULL, NULL},
    {"verify", offsetof(struct provider, verify), "load", "use"},
    {"pkcs11-uris", offsetof(struct provider, pkcs11_uris), "yes", "no"},
    {"report", offsetof(struct provider, report), NULL, NULL},
};

#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

/* What libcrypto means for itself, and what it answers whether the section says so or not. */
static const char *const libcryptos_own[] = {
    "identity",
    "module",
    "activate",
    "soft_load",
    OSSL_PROV_PARAM_CORE_VERSION,
    OSSL_PROV_PARAM_CORE_PROV_NAME,
    OSSL_PROV_PARAM_CORE_MODULE_FILENAME,
};

#define LIBCRYPTOS_OWN_COUNT (sizeof(libcryptos_own) / sizeof(libcryptos_own[0]))

/* Where a setting's value is kept. */
static char **place(struct provider *provider, const struct setting *setting)
{
    return (char **)(void *)((char *)provider + setting->offset);
}

static const char *value_of(const struct provider *provider, const struct setting *setting)
{
    return *(char *const *)(const void *)((const char *)provider + setting->offset);
}

/* What the provider's section says under that name; NULL: nothing. Belongs to libcrypto. */
static const char *ask(const struct provider *provider, const char *name)
{
    char *text = NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_ptr(name, &text, 0),
        OSSL_PARAM_construct_end(),
    };

    return provider->core_get_params(provider->core, params) ? text : NULL;
}

/* ---- names that are not known ------------------------------------------------------------ */

static bool is_known(const char *name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (strcmp(settings[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < LIBCRYPTOS_OWN_COUNT; i++)
        if (strcmp(libcryptos_own[i], name) == 0)
            return true;
    return false;
}

/*
 * A name that is not known, and that libcrypto has a value for: then it is in our section,
 * whichever of the file's that is. NULL where there is none.
 */
static const char *find_unknown(const struct provider *provider, const CONF *file)
{
    STACK_OF(OPENSSL_CSTRING) *sections = NCONF_get_section_names(file);
    const char *found = NULL;

    for (int i = 0; found == NULL && i < sk_OPENSSL_CSTRING_num(sections); i++) {
        STACK_OF(CONF_VALUE) *values =
            NCONF_get_section(file, sk_OPENSSL_CSTRING_value(sections, i));

        for (int j = 0; found == NULL && j < sk_CONF_VALUE_num(values); j++) {
            const char *name = sk_CONF_VALUE_value(values, j)->name;

            if (!is_known(name) && ask(provider, name) != NULL)
                found = name;
        }
    }
    sk_OPENSSL_CSTRING_free(sections);
    return found;
}

/*
 * Where the file cannot be read nothing is found: libcrypto has told, or the program has settled
 * that it does not matter. The program may have read another one; then there is nothing to find.
 */
static bool take_unknown(struct provider *provider)
{
    char *path = CONF_get1_default_config_file();
    CONF *file = NCONF_new(NULL);
    const char *name = NULL;
    bool good = true;

    ERR_set_mark();
    if (path != NULL && file != NULL && NCONF_load(file, path, NULL) > 0)
        name = find_unknown(provider, file);
    ERR_pop_to_mark();
    if (name != NULL) {
        provider->unknown_setting = OPENSSL_strdup(name);
        good = provider->unknown_setting != NULL;
    }
    NCONF_free(file);
    OPENSSL_free(path);
    return good;
}

/* ------------------------------------------------------------------------------------------ */

bool settings_take(struct provider *provider)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *value = ask(provider, settings[i].name);

        if (value != NULL && (*place(provider, &settings[i]) = OPENSSL_strdup(value)) == NULL)
            return false;
    }
    return take_unknown(provider);
}

void settings_free(struct provider *provider)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        OPENSSL_free(*place(provider, &settings[i]));
    OPENSSL_free(provider->unknown_setting);
}

bool setting_is(const char *value, const char *word)
{
    return value != NULL && strcmp(value, word) == 0;
}

static struct error *unknown(const char *name)
{
    char names[256] = "";
    size_t length = 0;

    for (size_t i = 0; i < SETTING_COUNT && length < sizeof(names); i++)
        length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
                                   i == 0 ? "" : ", ", settings[i].name);
    return error_new(
        ERROR_ARGUMENT,
        "the card provider's configuration has an unknown setting \"%s\"; there are: %s", name,
        names);
}

struct error *provider_check_settings(const struct provider *provider)
{
    if (provider->unknown_setting != NULL)
        return unknown(provider->unknown_setting);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &settings[i];
        const char *value = value_of(provider, setting);

        if (setting->word1 != NULL && value != NULL && !setting_is(value, setting->word1) &&
            !setting_is(value, setting->word2))
            return error_new(
                ERROR_ARGUMENT,
                "the card provider's configuration says %s = %s; it has to be %s or %s",
                setting->name, value, setting->word1, setting->word2);
    }
    return NULL;
}
