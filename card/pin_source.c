/* SPDX-License-Identifier: BSD-2-Clause */
#include "pin_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct error *unreadable(const char *path, const char *reason)
{
    return error_new(ERROR_PIN_SOURCE, "cannot read the PIN from the file %s: %s", path, reason);
}

/* Drops the line end an editor leaves behind: LF, or CR LF. */
static void drop_line_end(struct secret *pin)
{
    size_t length = secret_length(pin);
    const uint8_t *bytes = secret_bytes(pin);
    if (length > 0 && bytes[length - 1] == '\n')
        length--;
    if (length > 0 && bytes[length - 1] == '\r')
        length--;
    secret_truncate(pin, length);
}

/* By read(), straight into the secret's pages: stdio would keep a copy in a buffer of its own. */
static struct error *read_all(int file, const char *path, struct secret *pin)
{
    size_t length = 0;
    while (length < secret_length(pin)) {
        ssize_t count = read(file, secret_bytes(pin) + length, secret_length(pin) - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return unreadable(path, strerror(errno));
        if (count == 0) {
            secret_truncate(pin, length);
            drop_line_end(pin);
            return secret_length(pin) > 0 ? NULL : unreadable(path, "it is empty");
        }
        length += (size_t)count;
    }
    return unreadable(path, "it is too long to hold a PIN");
}

static struct error *read_file(const char *path, struct secret **pin)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return unreadable(path, strerror(errno));
    struct error *error = secret_new(NULL, SECRET_MAX, pin);
    if (error == NULL)
        error = read_all(file, path, *pin);
    (void)close(file);
    if (error != NULL) {
        secret_free(*pin);
        *pin = NULL;
    }
    return error;
}

static struct error *read_environment(const char *name, struct secret **pin)
{
    const char *value = getenv(name);
    if (value == NULL || *value == '\0')
        return error_new(ERROR_PIN_SOURCE,
                         "the environment variable %s, which should hold the PIN, is %s", name,
                         value == NULL ? "not set" : "empty");
    if (strlen(value) > SECRET_MAX)
        return error_new(ERROR_PIN_SOURCE, "the environment variable %s is too long to hold a PIN",
                         name);
    return secret_new(value, strlen(value), pin);
}

static struct error *read_credential(const char *name, struct secret **pin)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return error_new(ERROR_PIN_SOURCE, "\"%s\" cannot be a credential's name", name);
    if (directory == NULL || *directory == '\0')
        return error_new(ERROR_PIN_SOURCE,
                         "the PIN should be in the credential \"%s\", but there are none "
                         "(CREDENTIALS_DIRECTORY is not set): add LoadCredential=%s:PATH, or "
                         "LoadCredentialEncrypted=, to the service",
                         name, name);
    char *path = NULL;
    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return error_no_memory();
    struct error *error = read_file(path, pin);
    free(path);
    return error;
}

static const struct {
    const char *prefix;
    struct error *(*read)(const char *name, struct secret **pin);
} kinds[] = {
    {"file:", read_file},
    {"env:", read_environment},
    {"credential:", read_credential},
};

enum card_pin_place pin_source_place(const char *source)
{
    if (source == NULL)
        return CARD_PIN_ANYWHERE;
    if (strcmp(source, "pad:") == 0)
        return CARD_PIN_AT_PAD;
    return strcmp(source, "host:") == 0 ? CARD_PIN_ON_HOST : CARD_PIN_FROM_SOURCE;
}

struct error *pin_source_read(const char *source, struct secret **pin)
{
    *pin = NULL;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t length = strlen(kinds[i].prefix);
        if (strncmp(source, kinds[i].prefix, length) == 0)
            return kinds[i].read(source + length, pin);
    }
    if (pin_source_place(source) != CARD_PIN_FROM_SOURCE)
        return error_new(ERROR_PIN_SOURCE, "%s serves for a card's PIN, and not here", source);
    return error_new(ERROR_PIN_SOURCE,
                     "pin-source has to be one of file:PATH, env:NAME, credential:NAME, pad:, "
                     "host:");
}
