/* SPDX-License-Identifier: BSD-2-Clause */
#include "preflight_internal.h"

#include "ca.h"
#include "ca_acme.h"
#include "hooks.h"
#include "validation.h"

#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Certificates, keys and the database with its log take less than that by far. */
#define ROOM_WANTED ((unsigned long long)4 * 1024 * 1024)

void preflight_say(const struct flight *flight, const char *what, const char *format, ...)
{
    char detail[1024];
    va_list arguments;

    if (flight->report == NULL)
        return;
    va_start(arguments, format);
    (void)vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    flight->report(flight->argument, what, detail);
}

bool preflight_is_kind(const struct flight *flight, const char *kind)
{
    return strcmp(job_get(flight->job, JOB_KEY_KIND), kind) == 0;
}

/* ---- the disk ----------------------------------------------------------------------------- */

/* The directory, or the nearest above it that there is: the rest will be made. Changes `path`. */
static const char *nearest_directory(char *path)
{
    while (access(path, F_OK) != 0 && errno == ENOENT && strcmp(path, ".") != 0)
        path = dirname(path);
    return path;
}

static struct error *check_disk(struct flight *flight, const char *directory)
{
    struct statvfs disk;
    unsigned long long room;

    if (statvfs(directory, &disk) != 0)
        return error_new(ERROR_FILE, "cannot tell how much room there is in %s: %s", directory,
                         strerror(errno));
    room = (unsigned long long)disk.f_bavail * disk.f_frsize;
    if (access(directory, W_OK) != 0 || (disk.f_flag & ST_RDONLY) != 0)
        return error_new(ERROR_FILE, "the state directory %s cannot be written", directory);
    if (room < ROOM_WANTED || (disk.f_files > 0 && disk.f_favail < 32))
        return error_new(ERROR_FILE,
                         "there is no room in %s: make some first, so that nothing that the CA "
                         "issues is lost",
                         directory);
    preflight_say(flight, "state", "%s, %llu MiB free", directory, room / (1024 * 1024));
    return NULL;
}

static struct error *check_room(struct flight *flight)
{
    char *path = strdup(flight->run->state->directory);
    struct error *error = path == NULL ? error_no_memory() : NULL;

    if (error == NULL)
        error = check_disk(flight, nearest_directory(path));
    free(path);
    return error;
}

/* ---- hooks -------------------------------------------------------------------------------- */

static struct error *check_hook(struct flight *flight, const char *name)
{
    struct configured_hook hook;
    struct error *error = hook_open(flight->run, flight->job, name, &hook);

    if (error != NULL)
        return error;
    preflight_say(flight, "hook", "%s: %s", name, hook.words[0]);
    hook_close(&hook);
    return NULL;
}

static struct error *check_hooks(struct flight *flight)
{
    const struct config *config = flight->run->config;
    const struct config_certificate *own =
        config_find_certificate(config, job_get(flight->job, JOB_NAME));
    const struct config_ca *ca = config_find_ca(config, job_get(flight->job, JOB_CA));
    struct error *error = NULL;
    char *names, *rest;

    if (ca != NULL && ca->dns_hook != NULL)
        error = check_hook(flight, ca->dns_hook);
    if (error != NULL || own == NULL || own->deploy_hook == NULL)
        return error;
    names = strdup(own->deploy_hook);
    if (names == NULL)
        return error_no_memory();
    for (char *name = strtok_r(names, " \t", &rest); error == NULL && name != NULL;
         name = strtok_r(NULL, " \t", &rest))
        error = check_hook(flight, name);
    free(names);
    return error;
}

/* ---- where the certificate goes, and who may put it there --------------------------------- */

static struct error *check_install(struct flight *flight)
{
    const char *place = job_get(flight->job, JOB_INSTALL);

    if (place == NULL || strcmp(place, INSTALL_BESIDE_KEY) == 0)
        return NULL;
    return preflight_card(flight, place, false);
}

static struct error *check_admin(struct flight *flight)
{
    struct card_admin admin = {0};
    struct error *error;

    if (!preflight_is_kind(flight, "card") && job_get(flight->job, JOB_INSTALL) == NULL)
        return NULL;
    error = run_read_admin(flight->run, &admin);
    if (error == NULL)
        preflight_say(flight, "management key", "%s",
                      flight->run->admin_source != NULL ? flight->run->admin_source
                                                        : "kept on the card, behind the PIN");
    run_clear_admin(&admin);
    return error;
}

/* The CA's types that look at nothing have nothing to say. */
static struct error *tell_validation(struct flight *flight)
{
    const struct config_ca *config =
        config_find_ca(flight->run->config, job_get(flight->job, JOB_CA));
    const struct validation *validation =
        config == NULL ? NULL : validation_of(flight->job, config);

    if (validation != NULL)
        preflight_say(flight, "validation", "%s (%s)", validation->meaning, validation->name);
    return NULL;
}

static void tell_nobody(void *argument, const struct job *job, const char *text)
{
    (void)argument;
    (void)job;
    (void)text;
}

/* ---- all of it ---------------------------------------------------------------------------- */

struct error *preflight(struct run *run, struct job *job, preflight_report *report, void *argument)
{
    static struct error *(*const checks[])(struct flight * flight) = {
        check_room, check_hooks, preflight_key, check_install, check_admin, tell_validation};
    struct run quiet = *run; /* what the job's steps tell is for when they are done */
    struct flight flight = {.run = &quiet, .job = job, .report = report, .argument = argument};
    struct error *error = NULL;

    quiet.tell = tell_nobody;

    for (size_t i = 0; error == NULL && i < sizeof(checks) / sizeof(checks[0]); i++)
        error = checks[i](&flight);
    return error;
}

struct error *preflight_reach_ca(struct run *run, const struct job *job, preflight_report *report,
                                 void *argument)
{
    struct flight flight = {.run = run, .report = report, .argument = argument};
    const char *name = job_get(job, JOB_CA);
    const struct acme_directory *directory;
    struct acme_ca *session;
    const struct ca *ca;
    struct error *error = ca_find(run, job, &ca);

    if (error != NULL)
        return error;
    if (ca != &acme_ca) {
        preflight_say(&flight, "CA", "%s (%s): %s", name, ca->type,
                      ca == &manual_ca ? "you are the way to it" : "not asked");
        return NULL;
    }
    error = acme_ca_reach(run, name, &session);
    if (error == NULL)
        error = acme_directory(session->acme, &directory);
    if (error == NULL)
        preflight_say(&flight, "CA", "%s answers at %s", name, session->config->directory);
    return error;
}
