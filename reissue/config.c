/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "config_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_PATH  "/etc/reissue/reissue.conf"
#define SYSTEM_STATE "/var/lib/reissue"

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
    error = config_read(config);
    return error != NULL ? error : config_check_whole(config);
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
