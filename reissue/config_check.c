/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_check.h"

#include "crypto.h"
#include "job_command.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static struct error *one_of(const char *value, const char *const *words, const char *said)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, value) == 0)
            return NULL;
    return error_new(ERROR_CONFIG, "has to be %s", said);
}

struct error *config_check_text(const char *value)
{
    return value[0] != '\0' ? NULL : error_new(ERROR_CONFIG, "there is no value");
}

struct error *config_check_word(const char *value)
{
    if (value[0] == '\0' || strpbrk(value, " \t") != NULL)
        return error_new(ERROR_CONFIG, "has to be one word");
    return NULL;
}

struct error *config_check_path(const char *value)
{
    return value[0] == '/' ? NULL : error_new(ERROR_CONFIG, "has to be a path that begins with /");
}

struct error *config_check_https(const char *value)
{
    return strncasecmp(value, "https://", 8) == 0 && value[8] != '\0'
               ? NULL
               : error_new(ERROR_CONFIG, "has to be a URL that begins with https://");
}

struct error *config_check_key_place(const char *value)
{
    struct card_uri *uri = NULL;
    struct error *error;

    if (strncasecmp(value, "card:", 5) != 0)
        return value[0] == '/'
                   ? NULL
                   : error_new(ERROR_CONFIG, "has to be a card: URI, or a path that begins with /");
    error = card_uri_parse(value, &uri);
    card_uri_free(uri);
    return error;
}

/* systemd's credentials are readable by a group, by way of an ACL (systemd.exec(5)). */
static bool is_credential(const char *path)
{
    const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");
    size_t length = directory == NULL ? 0 : strlen(directory);

    return length > 0 && strncmp(path, directory, length) == 0 && path[length] == '/';
}

struct error *config_check_secret_file(const char *value)
{
    struct stat status;

    if (value[0] != '/')
        return config_check_path(value);
    if (stat(value, &status) != 0)
        return error_new(ERROR_CONFIG, "cannot find it: %s", strerror(errno));
    if ((status.st_mode & 077) != 0 && !is_credential(value))
        return error_new(
            ERROR_CONFIG,
            "others can read or write it, which is not how a secret is kept: chmod 600 "
            "%s, and have the CA give a new one",
            value);
    return NULL;
}

struct error *config_check_source(const char *value)
{
    if (strcmp(value, "factory") == 0 || strncmp(value, "file:/", 6) == 0 ||
        (strncmp(value, "env:", 4) == 0 && value[4] != '\0') ||
        (strncmp(value, "credential:", 11) == 0 && value[11] != '\0'))
        return NULL;
    return error_new(ERROR_CONFIG, "has to be file:/PATH, env:NAME or credential:NAME");
}

struct error *config_check_duration(const char *value)
{
    long seconds;

    return duration_parse(value, &seconds);
}

struct error *config_check_ca_type(const char *value)
{
    static const char *const words[] = {"manual", "acme", NULL};

    return one_of(value, words, "manual or acme");
}

struct error *config_check_challenge(const char *value)
{
    static const char *const words[] = {"http-01", "dns-01", "tls-alpn-01", NULL};

    return one_of(value, words, "http-01, dns-01 or tls-alpn-01");
}

struct error *config_check_contacts(const char *value)
{
    return strncmp(value, "mailto:", 7) == 0
               ? NULL
               : error_new(ERROR_CONFIG, "has to be mailto:ADDRESS, or several of them");
}

struct error *config_check_terms(const char *value)
{
    static const char *const words[] = {"agreed", NULL};

    return one_of(value, words, "\"agreed\", which says that you have read the CA's terms");
}
