/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "config_check.h"

#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_PATH  "/etc/reissue/reissue.conf"
#define SYSTEM_STATE "/var/lib/reissue"

/* ---- what can be said -------------------------------------------------------------------- */

struct key {
    const char *name;
    size_t offset; /* of the char * in the section's struct */
    config_check *check;
};

static const struct key general_keys[] = {
    {"state", offsetof(struct config, state_directory), config_check_path},
};

#define KEY(name, field, check)                                                                    \
    {                                                                                              \
        name, offsetof(struct config_ca, field), check                                             \
    }
static const struct key ca_keys[] = {
    KEY("type", type, config_check_ca_type),
    KEY("directory", directory, config_check_https),
    KEY("account-key", account_key, config_check_key_place),
    KEY("contact", contact, config_check_contacts),
    KEY("terms", terms, config_check_terms),
    KEY("eab-key-id", eab_id, config_check_word),
    KEY("eab-key-file", eab_key_file, config_check_secret_file),
    KEY("profile", profile, config_check_word),
    KEY("preferred-chain", preferred_chain, config_check_text),
    KEY("ca-file", ca_file, config_check_path),
    KEY("challenge", challenge, config_check_challenge),
    KEY("webroot", webroot, config_check_path),
    KEY("dns-hook", dns_hook, config_check_word),
    KEY("listen", listen, config_check_text),
};
#undef KEY

#define KEY(name, field, check)                                                                    \
    {                                                                                              \
        name, offsetof(struct config_certificate, field), check                                    \
    }
static const struct key certificate_keys[] = {
    KEY("ca", ca, config_check_word),
    KEY("names", names, config_check_text),
    KEY("key", key, config_check_key_place),
    KEY("new-key", new_key, config_check_key_place),
    KEY("algorithm", algorithm, config_check_word),
    KEY("install", install, config_check_word),
    KEY("deploy-hook", deploy_hook, config_check_text),
    KEY("renew-before", renew_before, config_check_duration),
    KEY("revoke-after", revoke_after, config_check_duration),
    KEY("pin-source", pin_source, config_check_source),
    KEY("management-key-source", management_key_source, config_check_source),
    KEY("passphrase-source", passphrase_source, config_check_source),
};
#undef KEY

static const struct key hook_keys[] = {
    {"command", offsetof(struct config_hook, command), config_check_path},
    {"timeout", offsetof(struct config_hook, timeout), config_check_duration},
};

/* The kinds of sections. All structs but the first begin with their name. */
struct kind {
    const char *word;
    const struct key *keys;
    size_t key_count;
    size_t list, count; /* offsets in struct config */
    size_t size;
};

#define KIND(word, keys, list, count, type)                                                        \
    {                                                                                              \
        word, keys, sizeof(keys) / sizeof((keys)[0]), offsetof(struct config, list),               \
            offsetof(struct config, count), sizeof(struct type)                                    \
    }
static const struct kind kinds[] = {
    KIND("ca", ca_keys, cas, ca_count, config_ca),
    KIND("certificate", certificate_keys, certificates, certificate_count, config_certificate),
    KIND("hook", hook_keys, hooks, hook_count, config_hook),
};
#undef KIND
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static void **list_of(struct config *config, const struct kind *kind)
{
    return (void **)((char *)config + kind->list);
}

static size_t *count_of(struct config *config, const struct kind *kind)
{
    return (size_t *)((char *)config + kind->count);
}

/* ---- reading ----------------------------------------------------------------------------- */

/* inih reads the lines; which one it is at, and whether it is too long for it, is seen here. */
struct reading {
    struct config *config;
    const char *path;
    FILE *file;
    int line;
    struct error *error; /* the first */
};

static void fail(struct reading *reading, struct error *cause)
{
    if (reading->error == NULL)
        reading->error =
            error_wrap(cause, ERROR_CONFIG, "%s, line %d", reading->path, reading->line);
    else
        error_free(cause);
}

static char *read_line(char *line, int size, void *argument)
{
    struct reading *reading = argument;
    char *result;

    if (reading->error != NULL)
        return NULL;
    result = fgets(line, size, reading->file);
    if (result == NULL)
        return NULL;
    reading->line++;
    if (strchr(line, '\n') == NULL && !feof(reading->file))
        fail(reading, error_new(ERROR_CONFIG, "the line has more than %d characters", size - 2));
    return result;
}

/* ---- sections ---------------------------------------------------------------------------- */

/* "ca NAME" as its kind and NAME; NULL where it is neither. */
static const struct kind *parse_section(const char *section, const char **name)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        size_t length = strlen(kinds[i].word);

        if (strncmp(section, kinds[i].word, length) == 0 && section[length] == ' ') {
            *name = section + length + strspn(section + length, " ");
            return **name == '\0' ? NULL : &kinds[i];
        }
    }
    return NULL;
}

static void *find(const struct config *config, const struct kind *kind, const char *name)
{
    char *list = *list_of((struct config *)(uintptr_t)config, kind);
    size_t count = *count_of((struct config *)(uintptr_t)config, kind);

    for (size_t i = 0; i < count; i++) {
        char *item = list + i * kind->size;

        if (strcmp(*(char **)item, name) == 0)
            return item;
    }
    return NULL;
}

static struct error *add(struct config *config, const struct kind *kind, const char *name,
                         void **out)
{
    size_t count = *count_of(config, kind);
    char *list = reallocarray(*list_of(config, kind), count + 1, kind->size);
    char *item;

    if (list == NULL)
        return error_no_memory();
    *list_of(config, kind) = list;
    item = list + count * kind->size;
    memset(item, 0, kind->size);
    *(char **)item = strdup(name);
    if (*(char **)item == NULL)
        return error_no_memory();
    (*count_of(config, kind))++;
    *out = item;
    return NULL;
}

/* ---- values ------------------------------------------------------------------------------ */

static struct error *unknown_key(const char *section, const char *name, const struct key *keys,
                                 size_t count)
{
    char list[512] = "";
    size_t length = 0;

    for (size_t i = 0; i < count && length < sizeof(list); i++)
        length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%s", i == 0 ? "" : ", ",
                                   keys[i].name);
    return error_new(ERROR_CONFIG, "[%s] knows no \"%s\": there are %s", section, name, list);
}

static struct error *set(void *item, const char *section, const struct key *keys, size_t count,
                         const char *name, const char *value)
{
    for (size_t i = 0; i < count; i++) {
        char **place = (char **)((char *)item + keys[i].offset);
        struct error *error;

        if (strcmp(keys[i].name, name) != 0)
            continue;
        if (*place != NULL)
            return error_new(ERROR_CONFIG, "%s is said twice", name);
        error = keys[i].check(value);
        if (error != NULL)
            return error_wrap(error, ERROR_CONFIG, "%s = %s", name, value);
        *place = strdup(value);
        return *place == NULL ? error_no_memory() : NULL;
    }
    return unknown_key(section, name, keys, count);
}

static struct error *take(struct config *config, const char *section, const char *name,
                          const char *value)
{
    const char *word;
    const struct kind *kind;
    void *item;
    struct error *error = NULL;

    if (strcmp(section, "reissue") == 0)
        return set(config, section, general_keys, sizeof(general_keys) / sizeof(general_keys[0]),
                   name, value);
    kind = parse_section(section, &word);
    if (kind == NULL)
        return error_new(ERROR_CONFIG,
                         "there is no section [%s]: there are [reissue], [ca NAME], [certificate "
                         "NAME] and [hook NAME]",
                         section);
    item = find(config, kind, word);
    if (item == NULL)
        error = add(config, kind, word, &item);
    return error != NULL ? error : set(item, section, kind->keys, kind->key_count, name, value);
}

static int handle(void *argument, const char *section, const char *name, const char *value)
{
    struct reading *reading = argument;
    struct error *error = take(reading->config, section, name, value);

    if (error != NULL)
        fail(reading, error);
    return 1;
}

static struct error *read_file(struct config *config, const char *path)
{
    struct reading reading = {.config = config, .path = path, .file = fopen(path, "re")};
    int result;

    if (reading.file == NULL)
        return error_new(ERROR_CONFIG, "cannot open %s: %s", path, strerror(errno));
    result = ini_parse_stream(read_line, &reading, handle, &reading);
    (void)fclose(reading.file);
    if (reading.error == NULL && result > 0) {
        reading.line = result;
        fail(&reading, error_new(ERROR_CONFIG, "that is neither [SECTION] nor NAME = VALUE"));
    }
    return reading.error;
}

/* ---- names that sections give each other ------------------------------------------------- */

static struct error *check_reference(const struct config *config, const char *where,
                                     const char *kind, const char *name, bool found)
{
    if (name == NULL || found)
        return NULL;
    return error_new(ERROR_CONFIG, "%s: [%s] names a %s \"%s\", which is not there", config->path,
                     where, kind, name);
}

static struct error *check_references(const struct config *config)
{
    struct error *error = NULL;

    for (size_t i = 0; error == NULL && i < config->certificate_count; i++) {
        const char *ca = config->certificates[i].ca;

        error = check_reference(
            config, config->certificates[i].name, "CA", ca,
            ca != NULL && (strcmp(ca, "manual") == 0 || config_find_ca(config, ca) != NULL));
    }
    for (size_t i = 0; error == NULL && i < config->ca_count; i++) {
        const char *hook = config->cas[i].dns_hook;

        error = check_reference(config, config->cas[i].name, "hook", hook,
                                hook != NULL && config_find_hook(config, hook) != NULL);
    }
    return error;
}

/* ---- as a whole -------------------------------------------------------------------------- */

/* ~/.config or what stands for it (XDG Base Directory Specification), for who is not root. */
static char *home_path(const char *variable, const char *usual, const char *rest)
{
    const char *directory = secure_getenv(variable);
    const char *home = secure_getenv("HOME");
    char *path = NULL;
    int length = directory != NULL && directory[0] == '/'
                     ? asprintf(&path, "%s/%s", directory, rest)
                     : asprintf(&path, "%s/%s/%s", home == NULL ? "" : home, usual, rest);

    return length < 0 ? NULL : path;
}

static char *usual_path(void)
{
    return geteuid() == 0 ? strdup(SYSTEM_PATH)
                          : home_path("XDG_CONFIG_HOME", ".config", "reissue/reissue.conf");
}

struct error *config_state_directory(const struct config *config, char **out)
{
    if (config->state_directory != NULL)
        *out = strdup(config->state_directory);
    else
        *out = geteuid() == 0 ? strdup(SYSTEM_STATE)
                              : home_path("XDG_STATE_HOME", ".local/state", "reissue");
    return *out == NULL ? error_no_memory() : NULL;
}

static struct error *fill_in(struct config *config, const char *path)
{
    struct error *error;

    config->path = path != NULL ? strdup(path) : usual_path();
    if (config->path == NULL)
        return error_no_memory();
    if (path == NULL && access(config->path, F_OK) != 0)
        return NULL;
    error = read_file(config, config->path);
    return error != NULL ? error : check_references(config);
}

struct error *config_open(const char *path, struct config **out)
{
    struct config *config = calloc(1, sizeof(*config));
    struct error *error = config == NULL ? error_no_memory() : fill_in(config, path);

    *out = NULL;
    if (error != NULL) {
        config_free(config);
        return error;
    }
    *out = config;
    return NULL;
}

static void free_kind(struct config *config, const struct kind *kind)
{
    char *list = *list_of(config, kind);

    for (size_t i = 0; i < *count_of(config, kind); i++) {
        char *item = list + i * kind->size;

        free(*(char **)item);
        for (size_t j = 0; j < kind->key_count; j++)
            free(*(char **)(item + kind->keys[j].offset));
    }
    free(list);
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < KIND_COUNT; i++)
        free_kind(config, &kinds[i]);
    free(config->state_directory);
    free(config->path);
    free(config);
}

const struct config_ca *config_find_ca(const struct config *config, const char *name)
{
    return find(config, &kinds[0], name);
}

const struct config_certificate *config_find_certificate(const struct config *config,
                                                         const char *name)
{
    return find(config, &kinds[1], name);
}

const struct config_hook *config_find_hook(const struct config *config, const char *name)
{
    return find(config, &kinds[2], name);
}
