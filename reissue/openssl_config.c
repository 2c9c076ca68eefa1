/* SPDX-License-Identifier: BSD-2-Clause */
#include "openssl_config.h"

#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

/* The section that libcrypto starts with, in a file that names none. */
#define OWN_SECTION "reissue_init"

/* The present file, parsed: *out is NULL where there is none, which is fine. */
static struct error *load(const char *path, CONF **out)
{
    long line = 0;
    struct error *error;

    *out = NULL;
    if (access(path, F_OK) != 0)
        return NULL;
    *out = NCONF_new(NULL);
    if (*out == NULL)
        return error_no_memory();
    if (NCONF_load(*out, path, &line) > 0)
        return NULL;
    error = error_new(ERROR_ARGUMENT, "OpenSSL's configuration %s cannot be read (line %ld): %s",
                      path, line, ERR_reason_error_string(ERR_peek_last_error()));
    NCONF_free(*out);
    *out = NULL;
    return error;
}

static const char *lookup(const CONF *present, const char *section, const char *name)
{
    const char *value;

    if (present == NULL || section == NULL)
        return NULL;
    ERR_set_mark();
    value = NCONF_get_string(present, strcmp(section, "default") == 0 ? NULL : section, name);
    ERR_pop_to_mark();
    return value;
}

/* The providers that the present file activates, but for those that are listed anyway. */
static void write_other_providers(FILE *out, const CONF *present, const char *section)
{
    STACK_OF(CONF_VALUE) *values = NULL;

    if (present != NULL && section != NULL)
        values = NCONF_get_section(present, section);
    for (int i = 0; i < sk_CONF_VALUE_num(values); i++) {
        const CONF_VALUE *value = sk_CONF_VALUE_value(values, i);

        if (strcmp(value->name, "default") != 0 && strcmp(value->name, "card") != 0)
            fprintf(out, "%s = %s\n", value->name, value->value);
    }
}

/*
 * The default provider comes first and ours is preferred by a property: then new keys are ours, and
 * so are the decoders that are asked first, which parameters from a file are told by.
 */
static void write_sections(FILE *out, const CONF *present)
{
    const char *init = lookup(present, "default", "openssl_conf");
    const char *providers = lookup(present, init, "providers");
    const char *properties =
        lookup(present, lookup(present, init, "alg_section"), "default_properties");

    fprintf(out,
            "\n[default]\nopenssl_conf = %s\n"
            "\n[%s]\nproviders = reissue_providers\nalg_section = reissue_properties\n"
            "\n[reissue_properties]\ndefault_properties = %s%s?provider=card\n"
            "\n[reissue_default]\nactivate = 1\n"
            "\n[reissue_providers]\ndefault = reissue_default\ncard = reissue_card\n",
            init == NULL ? OWN_SECTION : init, init == NULL ? OWN_SECTION : init,
            properties == NULL ? "" : properties, properties == NULL ? "" : ",");
    write_other_providers(out, present, providers);
}

static void write_setting(FILE *out, const char *name, const char *value)
{
    if (value != NULL)
        fprintf(out, "%s = %s\n", name, value);
}

struct error *openssl_config_write(FILE *out, const struct openssl_config_settings *settings)
{
    char *path = CONF_get1_default_config_file();
    CONF *present = NULL;
    struct error *error = path == NULL ? error_no_memory() : load(path, &present);

    if (error == NULL) {
        if (present != NULL)
            fprintf(out, ".include = %s\n", path);
        write_sections(out, present);
        fputs("\n[reissue_card]\nactivate = 1\n", out);
        write_setting(out, "generate", settings->generate);
        write_setting(out, "pin-source", settings->pin_source);
        write_setting(out, "management-key-source", settings->management_key);
        write_setting(out, "report", settings->report);
        write_setting(out, "overwrite-key", settings->overwrite_key ? "yes" : NULL);
    }
    NCONF_free(present);
    OPENSSL_free(path);
    return error;
}
