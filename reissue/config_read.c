/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the file. inih splits the lines; what it does not tell (where it is, empty sections,
 * lines and names that it would cut short) is seen by the function that it gets its lines from.
 */
#include "config_internal.h"

#include "text.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* inih cuts longer names of sections (ini.c: MAX_SECTION is 50). */
#define SECTION_MAX 49

/* A configuration is never longer, in lines; nor is one value, in bytes. */
#define LINES_MAX 200000
#define VALUE_MAX 65536

/* A value that may go on in the next line, and is checked when it is complete. */
struct pending {
    const struct config_key *key; /* NULL: none */
    char **place;
    int line;
};

struct reading {
    struct config *config;
    FILE *file;
    int line;
    bool indented;    /* the line may go on with the value before */
    int header;       /* line of a section's header that no key has followed yet, or 0 */
    char section[64]; /* whose keys are being read */
    void *item;       /* its struct */
    const struct config_key *keys;
    size_t key_count;
    bool general_seen;
    struct pending pending;
    struct error *error; /* the first */
};

static void fail_at(struct reading *reading, int line, struct error *cause)
{
    if (reading->error == NULL)
        reading->error =
            error_wrap(cause, ERROR_CONFIG, "%s, line %d", reading->config->path, line);
    else
        error_free(cause);
}

/* ---- values ------------------------------------------------------------------------------ */

/* Values are not always for everybody's eyes: none is repeated in a message. */
static void finish_value(struct reading *reading)
{
    struct pending *pending = &reading->pending;
    struct error *error = NULL;

    if (pending->key == NULL)
        return;
    error = pending->key->check(*pending->place);
    if (error != NULL)
        fail_at(reading, pending->line, error_wrap(error, ERROR_CONFIG, "%s", pending->key->name));
    pending->key = NULL;
}

static struct error *begin_value(struct reading *reading, const struct config_key *key,
                                 char **place, const char *value)
{
    if (*place != NULL)
        return error_new(ERROR_CONFIG, "%s is said twice in this section", key->name);
    *place = strdup(value);
    if (*place == NULL)
        return error_no_memory();
    reading->pending = (struct pending){key, place, reading->line};
    return NULL;
}

static struct error *continue_value(struct reading *reading, const char *value)
{
    char **place = reading->pending.place;
    char *longer;

    if (strlen(*place) + strlen(value) > VALUE_MAX)
        return error_new(ERROR_CONFIG, "%s has more than %d bytes", reading->pending.key->name,
                         VALUE_MAX);
    if (asprintf(&longer, "%s%s%s", *place, **place != '\0' ? " " : "", value) < 0)
        return error_no_memory();
    free(*place);
    *place = longer;
    return NULL;
}

/* ---- sections ---------------------------------------------------------------------------- */

static const char *section_fault(const char *name)
{
    if (name[0] == '\0')
        return "has no name: it is written like [ca NAME]";
    if (name[0] == '.' || name[0] == '-')
        return "has a name that begins with a dot or a hyphen";
    for (; *name != '\0'; name++)
        if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
              (*name >= '0' && *name <= '9') || strchr(".-_", *name) != NULL))
            return "has a name with something else in it than letters, digits, dots, hyphens and "
                   "underscores";
    return NULL;
}

/* [ca NAME] and the like. */
static struct error *open_named(struct reading *reading, const struct config_kind *kind,
                                const char *name)
{
    const char *fault = section_fault(name);
    struct config_section *section = NULL;
    struct error *error;

    if (fault != NULL)
        return error_new(ERROR_CONFIG, "the section %s", fault);
    section = config_find(reading->config, kind, name);
    if (section != NULL)
        return error_new(ERROR_CONFIG, "there is a section [%s %s] already, in line %d", kind->word,
                         name, section->line);
    error = config_add(reading->config, kind, name, reading->header, &section);
    reading->item = section;
    reading->keys = kind->keys;
    reading->key_count = kind->key_count;
    return error;
}

static struct error *open_general(struct reading *reading)
{
    if (reading->general_seen)
        return error_new(ERROR_CONFIG, "there is a section [reissue] already");
    reading->general_seen = true;
    reading->item = reading->config;
    reading->keys = config_general_keys;
    reading->key_count = config_general_key_count;
    return NULL;
}

static struct error *unknown_section(const char *section)
{
    char *clean;
    struct error *error = text_clean(section, SECTION_MAX, &clean);

    if (error == NULL)
        error = error_new(ERROR_CONFIG,
                          "there is no section [%s]: there are [reissue], [ca NAME], [certificate "
                          "NAME] and [hook NAME]",
                          clean);
    free(clean);
    return error;
}

static struct error *open_section(struct reading *reading, const char *section)
{
    if (section[0] == '\0')
        return error_new(ERROR_CONFIG, "this is before the first [SECTION]");
    if (strcmp(section, "reissue") == 0)
        return open_general(reading);
    for (size_t i = 0; i < CONFIG_KIND_COUNT; i++) {
        const struct config_kind *kind = &config_kinds[i];
        size_t length = strlen(kind->word);

        if (strncmp(section, kind->word, length) == 0 &&
            (section[length] == ' ' || section[length] == '\0'))
            return open_named(reading, kind, section + length + strspn(section + length, " "));
    }
    return unknown_section(section);
}

/* ---- keys -------------------------------------------------------------------------------- */

static struct error *unknown_key(const struct reading *reading, const char *name)
{
    char *list = NULL, *clean = NULL;
    size_t size;
    FILE *out = open_memstream(&list, &size);
    struct error *error = text_clean(name, SECTION_MAX, &clean);

    for (size_t i = 0; out != NULL && i < reading->key_count; i++)
        fprintf(out, "%s%s", i == 0 ? "" : ", ", reading->keys[i].name);
    if (out == NULL || fclose(out) != 0 || error != NULL) {
        error_free(error);
        error = error_no_memory();
    } else
        error = error_new(ERROR_CONFIG, "[%s] knows no \"%s\": there are %s", reading->section,
                          clean, list);
    free(list);
    free(clean);
    return error;
}

/* Goes on to a section with its first key; false where it cannot be. */
static bool enter_section(struct reading *reading, const char *section)
{
    int line = reading->header != 0 ? reading->header : reading->line;
    struct error *error;

    (void)snprintf(reading->section, sizeof(reading->section), "%s", section);
    error = open_section(reading, section);
    reading->header = 0;
    if (error != NULL)
        fail_at(reading, line, error);
    return error == NULL;
}

static struct error *take(struct reading *reading, const char *section, const char *name,
                          const char *value)
{
    if (reading->indented && reading->pending.key != NULL &&
        strcmp(reading->pending.key->name, name) == 0)
        return continue_value(reading, value);
    finish_value(reading);
    if ((reading->header != 0 || reading->item == NULL) && !enter_section(reading, section))
        return NULL;
    for (size_t i = 0; i < reading->key_count; i++)
        if (strcmp(reading->keys[i].name, name) == 0)
            return begin_value(reading, &reading->keys[i],
                               (void *)((char *)reading->item + reading->keys[i].offset), value);
    return unknown_key(reading, name);
}

static int handle(void *argument, const char *section, const char *name, const char *value)
{
    struct reading *reading = argument;
    struct error *error = NULL;

    if (reading->error == NULL)
        error = take(reading, section, name, value);
    if (error != NULL)
        fail_at(reading, reading->line, error);
    return 1;
}

/* ---- lines ------------------------------------------------------------------------------- */

/* What inih does not tell of a header: that its section is empty, or its name too long. */
static void see_header(struct reading *reading, const char *line)
{
    if (reading->header != 0)
        fail_at(reading, reading->header, error_new(ERROR_CONFIG, "nothing is in this section"));
    else if (strcspn(line + 1, "]\n") > SECTION_MAX)
        fail_at(
            reading, reading->line,
            error_new(ERROR_CONFIG, "a section's name has more than %d characters", SECTION_MAX));
    finish_value(reading);
    reading->header = reading->line;
}

static void see_line(struct reading *reading, const char *line, size_t length, int room)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* of UTF-8, which inih skips */
    const char *start = line;

    if (reading->line == 1 && strncmp(start, mark, strlen(mark)) == 0)
        start += strlen(mark);
    reading->indented = *start == ' ' || *start == '\t';
    if (strlen(line) != length)
        fail_at(reading, reading->line, error_new(ERROR_CONFIG, "there is a NUL in the line"));
    else if (length == (size_t)room - 1 && line[length - 1] != '\n')
        fail_at(reading, reading->line,
                error_new(ERROR_CONFIG,
                          "the line has more than %d characters: go on in the next one, "
                          "which begins with a blank",
                          room - 2));
    else if (*start == '[')
        see_header(reading, start);
    else if (reading->indented && start[strspn(start, " \t")] == '[')
        fail_at(reading, reading->line,
                error_new(ERROR_CONFIG, "a section begins at the beginning of a line"));
}

/* As fgets(), which does not tell of a NUL. */
static char *read_line(char *line, int room, void *argument)
{
    struct reading *reading = argument;
    size_t length = 0;
    int character = 0;

    if (reading->error != NULL)
        return NULL;
    while (length + 1 < (size_t)room && character != '\n' &&
           (character = fgetc(reading->file)) != EOF)
        line[length++] = (char)character;
    line[length] = '\0';
    if (length == 0)
        return NULL;
    if (++reading->line > LINES_MAX)
        fail_at(reading, reading->line, error_new(ERROR_CONFIG, "there are too many lines"));
    else
        see_line(reading, line, length, room);
    return reading->error == NULL ? line : NULL;
}

static void finish(struct reading *reading, int bad_line)
{
    if (reading->error == NULL && bad_line > 0)
        fail_at(reading, bad_line,
                error_new(ERROR_CONFIG, "this is neither [SECTION] nor NAME = VALUE"));
    finish_value(reading);
    if (reading->error == NULL && reading->header != 0)
        fail_at(reading, reading->header, error_new(ERROR_CONFIG, "nothing is in this section"));
    if (reading->error == NULL && ferror(reading->file))
        fail_at(reading, reading->line, error_new(ERROR_CONFIG, "it cannot be read further"));
}

struct error *config_read(struct config *config)
{
    struct reading reading = {.config = config, .file = fopen(config->path, "re")};
    int result;

    if (reading.file == NULL)
        return error_new(ERROR_CONFIG, "cannot open %s: %s", config->path, strerror(errno));
    result = ini_parse_stream(read_line, &reading, handle, &reading);
    finish(&reading, result);
    (void)fclose(reading.file); /* was only read */
    return reading.error;
}
