/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables behind the configuration: which sections and keys there are. */
#ifndef REISSUE_CONFIG_INTERNAL_H
#define REISSUE_CONFIG_INTERNAL_H

#include "config.h"
#include "config_check.h"

struct config_key {
    const char *name;
    size_t offset; /* of the char * in the section's struct */
    config_check *check;
    const char *types; /* of CA that it is for, with blanks in between; NULL: every one */
};

/* A kind of section. All structs but struct config begin with their name and their line. */
struct config_kind {
    const char *word; /* "ca" of [ca NAME] */
    const struct config_key *keys;
    size_t key_count;
    size_t list, count; /* offsets in struct config */
    size_t size;
};

struct config_section {
    char *name;
    int line;
};

#define CONFIG_KIND_COUNT 3
extern const struct config_kind config_kinds[CONFIG_KIND_COUNT];

/* [reissue], whose values are struct config's own. */
extern const struct config_key config_general_keys[];
extern const size_t config_general_key_count;

/* A key's value in its section, or NULL. */
const char *config_value(const void *section, const struct config_key *key);

/* The section of that name, or NULL. */
struct config_section *config_find(const struct config *config, const struct config_kind *kind,
                                   const char *name);

/* Adds an empty section; *out belongs to the configuration, and moves with the next one. */
struct error *config_add(struct config *config, const struct config_kind *kind, const char *name,
                         int line, struct config_section **out) MUST_CHECK;

/* Reads the file that config->path names. ERROR_CONFIG, with file and line. */
struct error *config_read(struct config *config) MUST_CHECK;

/* Whether what the sections say goes together. ERROR_CONFIG, with file and line. */
struct error *config_check_whole(const struct config *config) MUST_CHECK;

#endif
