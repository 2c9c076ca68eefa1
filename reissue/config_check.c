/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_check.h"

#include "crypto.h"
#include "file_load.h"
#include "job_command.h"
#include "key_algorithm.h"
#include "names.h"
#include "validation.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

struct error *config_check_url(const char *value)
{
    return strncasecmp(value, "http://", 7) == 0 && value[7] != '\0' ? NULL
                                                                     : config_check_https(value);
}

struct error *config_check_label(const char *value)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "-_.~";

    if (value[0] == '\0' || value[0] == '.' || value[strspn(value, letters)] != '\0')
        return error_new(ERROR_CONFIG,
                         "has to be one part of a URL's path: letters, digits and - _ "
                         ". ~");
    return NULL;
}

struct error *config_check_fingerprint(const char *value)
{
    size_t digits = 0;

    for (const char *at = value; *at != '\0'; at++) {
        if (*at != ':' && !isxdigit((unsigned char)*at))
            digits = SIZE_MAX / 2;
        digits += *at != ':' ? 1 : 0;
    }
    return digits == 64 ? NULL
                        : error_new(ERROR_CONFIG, "has to be the SHA-256 of the certificate, as "
                                                  "openssl x509 -fingerprint -sha256 prints it");
}

struct error *config_check_yes_no(const char *value)
{
    static const char *const words[] = {"yes", "no", NULL};

    return one_of(value, words, "yes or no");
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
    if (error == NULL && uri->pin_value != NULL)
        error = error_new(ERROR_CONFIG, "has a PIN in it: name a pin-source instead, and change "
                                        "the PIN if others could read this file");
    card_uri_free(uri);
    return error;
}

struct error *config_check_secret_file(const char *value)
{
    struct error *error = config_check_path(value);

    return error != NULL ? error : file_check_secret(value);
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
    static const char *const words[] = {"manual", "acme", "certum", "cmp", "est", NULL};

    return one_of(value, words, CONFIG_CA_TYPES);
}

struct error *config_check_approver(const char *value)
{
    static const char *const words[] = {"admin",      "administrator", "postmaster",
                                        "hostmaster", "webmaster",     NULL};

    return one_of(value, words, "admin, administrator, postmaster, hostmaster or webmaster");
}

/* ---- lists and algorithms ---------------------------------------------------------------- */

static struct error *check_words(const char *value,
                                 struct error *(*check)(void *argument, const char *word),
                                 void *argument)
{
    char *copy = strdup(value), *rest = NULL;
    char *word = copy == NULL ? NULL : strtok_r(copy, " \t", &rest);
    struct error *error = NULL;

    if (copy == NULL)
        error = error_no_memory();
    else if (word == NULL)
        error = error_new(ERROR_CONFIG, "there is no value");
    for (; error == NULL && word != NULL; word = strtok_r(NULL, " \t", &rest))
        error = check(argument, word);
    free(copy);
    return error;
}

static struct error *check_acme_validation(void *argument, const char *word)
{
    (void)argument;
    return validation_check_word("acme", word);
}

static struct error *check_certum_validation(void *argument, const char *word)
{
    (void)argument;
    return validation_check_word("certum", word);
}

struct error *config_check_challenge(const char *value)
{
    return check_words(value, check_acme_validation, NULL);
}

struct error *config_check_validations(const char *value)
{
    return check_words(value, check_certum_validation, NULL);
}

static struct error *check_name(void *argument, const char *word)
{
    return names_add(argument, word);
}

struct error *config_check_names(const char *value)
{
    struct names names = {NULL, 0};
    struct error *error = check_words(value, check_name, &names);

    names_clear(&names);
    return error;
}

static struct error *check_contact(void *argument, const char *word)
{
    struct names *names = argument;

    if (strncmp(word, "mailto:", 7) != 0 || strchr(word, '@') == NULL)
        return error_new(ERROR_CONFIG, "has to be mailto:ADDRESS, or several of them");
    return names_add(names, word + 7);
}

struct error *config_check_contacts(const char *value)
{
    struct names names = {NULL, 0};
    struct error *error = check_words(value, check_contact, &names);

    names_clear(&names);
    return error;
}

struct error *config_check_algorithm(const char *value)
{
    return key_algorithm_find(value) != NULL
               ? NULL
               : error_new(ERROR_CONFIG, "has to be one of " KEY_ALGORITHM_NAMES);
}

struct error *config_check_terms(const char *value)
{
    static const char *const words[] = {"agreed", NULL};

    return one_of(value, words, "\"agreed\", which says that you have read the CA's terms");
}
