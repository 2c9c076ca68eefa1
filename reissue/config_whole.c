/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether what the configuration says goes together, and whether what it names is there. */
#include "certificate_file.h"
#include "config_internal.h"
#include "file_load.h"
#include "text.h"
#include "validation.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error *wrong(const struct config *config, int line, const char *section,
                           const char *name, struct error *cause)
{
    return error_wrap(cause, ERROR_CONFIG, "%s, line %d: [%s %s]", config->path, line, section,
                      name);
}

static bool is(const char *value, const char *word)
{
    return value != NULL && strcmp(value, word) == 0;
}

/* ---- authorities ------------------------------------------------------------------------- */

/* A key that a CA of this type has no use for was meant for another one. */
static struct error *check_keys(const struct config_ca *ca)
{
    const struct config_kind *kind = &config_kinds[0];

    for (size_t i = 0; i < kind->key_count; i++) {
        const struct config_key *key = &kind->keys[i];

        if (key->types != NULL && config_value(ca, key) != NULL &&
            !text_has_word(key->types, ca->type))
            return error_new(ERROR_CONFIG, "type = %s has no %s (type = %s has)", ca->type,
                             key->name, key->types);
    }
    return NULL;
}

static const char *challenge_fault(const struct config_ca *ca)
{
    bool http = validation_lists(ca, "http-01"), tls = validation_lists(ca, "tls-alpn-01");
    bool dns = validation_lists(ca, "dns-01");

    if (dns && ca->dns_hook == NULL)
        return "challenge = dns-01 needs a dns-hook, which changes the zone";
    if (!dns && ca->dns_hook != NULL)
        return "dns-hook is for challenge = dns-01 only";
    if (!http && ca->webroot != NULL)
        return "webroot is for challenge = http-01 only";
    if (!http && !tls && ca->listen != NULL)
        return "listen is for the challenges http-01 and tls-alpn-01 only";
    if (!tls && ca->webroot != NULL && ca->listen != NULL)
        return "there is either a webroot, or a listener of our own (listen)";
    return NULL;
}

static const char *acme_fault(const struct config_ca *ca)
{
    if (ca->directory == NULL)
        return "type = acme needs a directory, the URL that the authority publishes";
    if ((ca->eab_id == NULL) != (ca->eab_key_file == NULL))
        return "eab-key-id and eab-key-file are both needed, or neither";
    return challenge_fault(ca);
}

/* A URL that may be http as well is another type's. */
static bool is_https(const char *url)
{
    return strncasecmp(url, "https://", strlen("https://")) == 0;
}

static const char *certum_fault(const struct config_ca *ca)
{
    bool dns = validation_lists(ca, "dns-txt") || validation_lists(ca, "dns-cname");

    if (ca->url != NULL && !is_https(ca->url))
        return "url has to begin with https:// here";
    if (ca->user == NULL || ca->password_file == NULL)
        return "type = certum needs user and password-file, those of the Partner API";
    if (!dns && ca->dns_hook != NULL)
        return "dns-hook is for validation = dns-txt and dns-cname only";
    if (ca->webroot != NULL && !validation_lists(ca, "file"))
        return "webroot is for validation = file only";
    if (ca->approver != NULL && !validation_lists(ca, "email"))
        return "approver is for validation = email only";
    return NULL;
}

static const char *cmp_fault(const struct config_ca *ca)
{
    if (ca->url == NULL)
        return "type = cmp needs a url, where the authority speaks CMP";
    if ((ca->secret_reference == NULL) != (ca->secret_file == NULL))
        return "secret-reference and secret-file are both needed, or neither";
    if (ca->client_key != NULL && ca->client_certificate == NULL)
        return "client-key is nothing without its client-certificate";
    if (ca->ca_file == NULL && ca->server_certificate == NULL && ca->secret_file == NULL)
        return "type = cmp needs a ca-file with the authority's own certificates (or a "
               "server-certificate, or a shared secret): nothing else tells whose the answers are";
    return NULL;
}

static const char *est_fault(const struct config_ca *ca)
{
    if (ca->url == NULL || !is_https(ca->url))
        return "type = est needs a url that begins with https://";
    if ((ca->user == NULL) != (ca->password_file == NULL))
        return "user and password-file are both needed, or neither";
    if (ca->client_key != NULL && ca->client_certificate == NULL)
        return "client-key is nothing without its client-certificate";
    return NULL;
}

/* What a type of CA has to be told, and what goes together there. NULL: nothing is wrong. */
static const struct {
    const char *type;
    const char *(*fault)(const struct config_ca *ca);
} faults[] = {
    {"acme", acme_fault},
    {"certum", certum_fault},
    {"cmp", cmp_fault},
    {"est", est_fault},
};

static struct error *check_type(const struct config_ca *ca)
{
    if (ca->type == NULL)
        return error_new(ERROR_CONFIG, "type is missing: " CONFIG_CA_TYPES);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        const char *fault = is(ca->type, faults[i].type) ? faults[i].fault(ca) : NULL;

        if (fault != NULL)
            return error_new(ERROR_CONFIG, "%s", fault);
    }
    return check_keys(ca);
}

static struct error *check_ca(const struct config *config, const struct config_ca *ca)
{
    struct error *error = check_type(ca);

    if (error == NULL && ca->dns_hook != NULL && config_find_hook(config, ca->dns_hook) == NULL)
        error = error_new(ERROR_CONFIG, "dns-hook names a hook \"%s\", which is not there",
                          ca->dns_hook);
    return error == NULL ? NULL : wrong(config, ca->line, "ca", ca->name, error);
}

/* ---- certificates ------------------------------------------------------------------------ */

static struct error *check_hooks(const struct config *config, const char *list)
{
    char *copy = strdup(list), *rest = NULL;
    char *word = copy == NULL ? NULL : strtok_r(copy, " \t", &rest);
    struct error *error = copy == NULL ? error_no_memory() : NULL;

    for (; error == NULL && word != NULL; word = strtok_r(NULL, " \t", &rest))
        if (config_find_hook(config, word) == NULL)
            error = error_new(ERROR_CONFIG, "deploy-hook names a hook \"%s\", which is not there",
                              word);
    free(copy);
    return error;
}

/* Whether the CA can be shown whose the names are, as far as the section has both. */
static struct error *check_validation(const struct config_ca *ca,
                                      const struct config_certificate *certificate)
{
    struct names names = {NULL, 0};
    struct error *error = NULL;

    if (certificate->names != NULL)
        error = names_add_list(&names, certificate->names);
    if (error == NULL)
        error = validation_check(ca, certificate->validation, &names);
    names_clear(&names);
    return error;
}

static struct error *check_certificate(const struct config *config,
                                       const struct config_certificate *certificate)
{
    const char *name = certificate->ca;
    const struct config_ca *ca = name == NULL ? NULL : config_find_ca(config, name);
    struct error *error = NULL;

    if (name != NULL && ca == NULL && strcmp(name, "manual") != 0)
        error = error_new(ERROR_CONFIG, "ca names a CA \"%s\", which is not there", name);
    if (error == NULL)
        error = check_validation(ca, certificate);
    if (error == NULL && certificate->deploy_hook != NULL)
        error = check_hooks(config, certificate->deploy_hook);
    return error == NULL
               ? NULL
               : wrong(config, certificate->line, "certificate", certificate->name, error);
}

static struct error *check_hook(const struct config *config, const struct config_hook *hook)
{
    if (hook->command != NULL)
        return NULL;
    return wrong(config, hook->line, "hook", hook->name,
                 error_new(ERROR_CONFIG, "command is missing"));
}

struct error *config_check_whole(const struct config *config)
{
    struct error *error = NULL;

    for (size_t i = 0; error == NULL && i < config->ca_count; i++)
        error = check_ca(config, &config->cas[i]);
    for (size_t i = 0; error == NULL && i < config->certificate_count; i++)
        error = check_certificate(config, &config->certificates[i]);
    for (size_t i = 0; error == NULL && i < config->hook_count; i++)
        error = check_hook(config, &config->hooks[i]);
    return error;
}

/* ---- what it names ----------------------------------------------------------------------- */

static struct error *check_present(const char *path, const char *what, mode_t type)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return error_new(ERROR_CONFIG, "%s %s: %s", what, path, strerror(errno));
    if ((status.st_mode & S_IFMT) != type)
        return error_new(ERROR_CONFIG, "%s %s is no %s", what, path,
                         type == S_IFDIR ? "directory" : "regular file");
    return NULL;
}

static struct error *check_source(const char *source)
{
    static const char file[] = "file:";

    return source != NULL && strncmp(source, file, strlen(file)) == 0
               ? file_check_secret(source + strlen(file))
               : NULL;
}

static struct error *check_trust(const char *path)
{
    STACK_OF(X509) * certificates;
    struct error *error = certificates_read(path, &certificates);

    certificates_free(certificates);
    return error;
}

static bool is_path(const char *value)
{
    return value != NULL && value[0] == '/';
}

/* Who asks by a certificate, and whose certificate protects the answers. */
static struct error *check_identity_files(const struct config_ca *ca)
{
    struct error *error = NULL;

    if (is_path(ca->client_certificate))
        error = check_trust(ca->client_certificate);
    if (error == NULL && is_path(ca->client_key))
        error = file_check_secret(ca->client_key);
    if (error == NULL && ca->server_certificate != NULL)
        error = check_trust(ca->server_certificate);
    return error;
}

/* An account key is made where there is none. */
static struct error *check_ca_files(const struct config_ca *ca)
{
    struct error *error = NULL;

    if (ca->ca_file != NULL)
        error = check_trust(ca->ca_file);
    if (error == NULL && ca->webroot != NULL)
        error = check_present(ca->webroot, "webroot", S_IFDIR);
    if (error == NULL && ca->eab_key_file != NULL)
        error = file_check_secret(ca->eab_key_file);
    if (error == NULL && ca->password_file != NULL)
        error = file_check_secret(ca->password_file);
    if (error == NULL && is_path(ca->account_key) && access(ca->account_key, F_OK) == 0)
        error = file_check_secret(ca->account_key);
    return error != NULL ? error : check_identity_files(ca);
}

static struct error *check_certificate_files(const struct config_certificate *certificate)
{
    struct error *error = check_source(certificate->pin_source);

    if (error == NULL)
        error = check_source(certificate->management_key_source);
    if (error == NULL)
        error = check_source(certificate->passphrase_source);
    if (error == NULL && is_path(certificate->key))
        error = check_present(certificate->key, "key", S_IFREG);
    return error;
}

/* Who can change a hook runs what they like as whoever runs us. */
static struct error *check_hook_files(const struct config_hook *hook)
{
    char *path = strndup(hook->command, strcspn(hook->command, " \t"));
    struct stat status;
    struct error *error = path == NULL ? error_no_memory() : NULL;

    if (error == NULL)
        error = check_present(path, "command", S_IFREG);
    if (error == NULL && access(path, X_OK) != 0)
        error = error_new(ERROR_CONFIG, "command %s cannot be run: chmod +x %s", path, path);
    if (error == NULL && stat(path, &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        error = error_new(ERROR_CONFIG,
                          "others may write command %s, and so have us run what they like: chmod "
                          "go-w %s",
                          path, path);
    free(path);
    return error;
}

struct error *config_check_files(const struct config *config)
{
    struct error *error = NULL;

    for (size_t i = 0; error == NULL && i < config->ca_count; i++) {
        error = check_ca_files(&config->cas[i]);
        if (error != NULL)
            error = wrong(config, config->cas[i].line, "ca", config->cas[i].name, error);
    }
    for (size_t i = 0; error == NULL && i < config->certificate_count; i++) {
        const struct config_certificate *certificate = &config->certificates[i];

        error = check_certificate_files(certificate);
        if (error != NULL)
            error = wrong(config, certificate->line, "certificate", certificate->name, error);
    }
    for (size_t i = 0; error == NULL && i < config->hook_count; i++) {
        error = check_hook_files(&config->hooks[i]);
        if (error != NULL)
            error = wrong(config, config->hooks[i].line, "hook", config->hooks[i].name, error);
    }
    return error;
}
