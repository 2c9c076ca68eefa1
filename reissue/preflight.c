/* SPDX-License-Identifier: BSD-2-Clause */
#include "preflight.h"

#include "ca.h"
#include "ca_acme.h"
#include "card/manage.h"
#include "hooks.h"

#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Certificates, keys and the database with its log take less than that by far. */
#define ROOM_WANTED ((unsigned long long)4 * 1024 * 1024)

struct flight {
    struct run *run;
    struct job *job;
    preflight_report *report;
    void *argument;
};

static void say(const struct flight *flight, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct flight *flight, const char *what, const char *format, ...)
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

static bool is_kind(const struct flight *flight, const char *kind)
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
    say(flight, "state", "%s, %llu MiB free", directory, room / (1024 * 1024));
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
    if (access(hook.words[0], X_OK) != 0)
        error = error_new(ERROR_CONFIG, "%s: the hook %s cannot be run: %s: %s",
                          flight->run->config->path, name, hook.words[0], strerror(errno));
    else
        say(flight, "hook", "%s: %s", name, hook.words[0]);
    hook_close(&hook);
    return error;
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

/* ---- the card ----------------------------------------------------------------------------- */

static struct error *no_such_algorithm(const char *wanted, const struct card_algorithms *known)
{
    char list[256] = "";

    for (size_t i = 0; i < known->count; i++)
        (void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i == 0 ? "" : ", ",
                       known->names[i]);
    return error_new(ERROR_UNSUPPORTED, "the card makes no %s keys, but %s: choose with --alg",
                     wanted, list);
}

/* What a card does not say for certain is left for it to refuse. */
static struct error *check_algorithm(struct flight *flight, struct card *card, const char *slot)
{
    const char *wanted = job_get(flight->job, JOB_ALGORITHM);
    struct card_algorithms algorithms = {.count = 0};
    struct error *error = card_check_generates(card);

    if (error == NULL)
        error = card_read_algorithms(card, slot, &algorithms);
    if (error != NULL)
        return error;
    for (size_t i = 0; i < algorithms.count; i++)
        if (strcasecmp(algorithms.names[i], wanted) == 0)
            return NULL;
    return algorithms.certain ? no_such_algorithm(wanted, &algorithms) : NULL;
}

static struct error *check_initialised(struct card *card)
{
    bool ready = false;
    struct error *error = card_is_initialised(card, &ready);

    if (error == NULL && !ready)
        error = error_new(ERROR_UNSUPPORTED, "the card was never set up: reissue card init does "
                                             "that");
    return error;
}

/* Where there is a source for it, it can be read; that it is right is seen when it is sent. */
static struct error *check_pin_source(struct flight *flight, const struct card_uri *uri)
{
    const char *source = flight->run->crypto->secrets.pin_source;
    struct secret *pin = NULL;
    struct error *error = NULL;

    if (source == NULL)
        source = uri->pin_source;
    if (source != NULL)
        error = card_pin_read(source, &pin);
    secret_free(pin);
    return error;
}

static struct error *check_tries(struct flight *flight, struct card *card,
                                 const struct card_uri *uri)
{
    struct card_secret_info info = {.tries_left = -1};
    struct error *error = card_read_secret_info(card, CARD_SECRET_PIN, &info);

    if (error != NULL && error_code(error) == ERROR_UNSUPPORTED) {
        error_free(error);
        return NULL;
    }
    if (error != NULL || !info.tries_counted || info.tries_left < 0)
        return error;
    if (info.tries_left == 0)
        return error_new(ERROR_PIN_BLOCKED,
                         "the card's PIN is blocked: reissue card unblock gives it new tries");
    if (info.tries_left == 1 && !uri->use_last_try)
        return error_new(ERROR_PIN_LAST_TRY,
                         "the card's PIN has one try left, which is not spent: use it with reissue "
                         "card, or say use-last-try in the URI");
    say(flight, "PIN", "%d tries left", info.tries_left);
    return NULL;
}

/* The card at a URI: that it is there, is set up, and will take its PIN. */
static struct error *check_card(struct flight *flight, const char *place, bool makes_key)
{
    struct card_uri *uri = NULL;
    struct card *card = NULL;
    struct error *error = card_uri_parse(place, &uri);

    if (error == NULL)
        error = card_find_for_key(flight->run->crypto->cards, uri, &card);
    if (error == NULL)
        say(flight, "card", "%s, in %s", card_application_title(card), card_reader_name(card));
    if (error == NULL)
        error = check_initialised(card);
    if (error == NULL && makes_key)
        error = check_algorithm(flight, card, uri->slot);
    if (error == NULL)
        error = check_tries(flight, card, uri);
    if (error == NULL)
        error = check_pin_source(flight, uri);
    card_free(card);
    card_uri_free(uri);
    return error;
}

/* ---- the key ------------------------------------------------------------------------------ */

static struct error *check_slot(struct flight *flight)
{
    enum step_end end;
    struct error *error = step_choose_key(flight->run, flight->job, &end);

    if (error != NULL)
        return error;
    say(flight, "new key", "%s at %s%s", job_get(flight->job, JOB_ALGORITHM),
        job_get(flight->job, JOB_KEY_WANTED),
        strcmp(job_get(flight->job, JOB_KEY_SLOT_BEFORE), "empty") == 0
            ? ", which is free"
            : ": the key that is there is lost");
    return NULL;
}

static struct error *check_new_file(struct flight *flight)
{
    const char *path = job_get(flight->job, JOB_KEY_WANTED);
    char *copy = strdup(path);
    struct error *error = NULL;

    if (copy == NULL)
        return error_no_memory();
    if (access(dirname(copy), W_OK | X_OK) != 0)
        error = error_new(ERROR_FILE, "cannot make the key's file %s: %s", path, strerror(errno));
    else
        say(flight, "new key", "%s in %s", job_get(flight->job, JOB_ALGORITHM), path);
    free(copy);
    return error;
}

/* A key that wants a finger on the card is of no use to a timer. */
static struct error *check_touch(const struct flight *flight, const struct card_key *key,
                                 const char *place)
{
    enum card_policy policy = card_key_touch_policy(key);

    if (!flight->run->crypto->secrets.batch ||
        (policy != CARD_POLICY_ALWAYS && policy != CARD_POLICY_CACHED))
        return NULL;
    return error_new(ERROR_UNSUPPORTED,
                     "the key %s wants the card to be touched each time, and with --batch, or from "
                     "a timer, nobody is there to do that",
                     place);
}

static struct error *check_card_key(struct flight *flight, const char *place)
{
    struct card_uri *uri = NULL;
    struct card_key *key = NULL;
    struct error *error = card_uri_parse(place, &uri);

    if (error == NULL)
        error = card_find_key(flight->run->crypto->cards, uri, &key);
    if (error == NULL)
        error = check_touch(flight, key, place);
    card_key_free(key);
    card_uri_free(uri);
    return error;
}

/* The key that there is: in its slot, or in a file that can be read. */
static struct error *check_present_key(struct flight *flight)
{
    const char *place = job_get(flight->job, JOB_KEY_WANTED);
    struct error *error = NULL;

    if (crypto_is_card_uri(place))
        error = check_card_key(flight, place);
    else if (access(place, R_OK) != 0)
        error = error_new(ERROR_NOT_FOUND, "cannot read the key %s: %s", place, strerror(errno));
    if (error == NULL)
        say(flight, "key", "%s, which stays", place);
    return error;
}

static struct error *check_request(struct flight *flight)
{
    enum step_end end;
    struct error *error = step_make_request(flight->run, flight->job, &end);

    if (error == NULL)
        say(flight, "request", "it can be sent");
    return error;
}

static struct error *check_key(struct flight *flight)
{
    const char *place = job_get(flight->job, JOB_KEY_WANTED);
    struct error *error = NULL;

    if (is_kind(flight, "csr"))
        return check_request(flight);
    if (crypto_is_card_uri(place))
        error = check_card(flight, place, is_kind(flight, "card"));
    if (error != NULL)
        return error;
    if (is_kind(flight, "card"))
        return check_slot(flight);
    return is_kind(flight, "file") ? check_new_file(flight) : check_present_key(flight);
}

/* ---- where the certificate goes, and who may put it there --------------------------------- */

static struct error *check_install(struct flight *flight)
{
    const char *place = job_get(flight->job, JOB_INSTALL);

    if (place == NULL || strcmp(place, INSTALL_BESIDE_KEY) == 0)
        return NULL;
    return check_card(flight, place, false);
}

static struct error *check_admin(struct flight *flight)
{
    struct card_admin admin = {0};
    struct error *error;

    if (!is_kind(flight, "card") && job_get(flight->job, JOB_INSTALL) == NULL)
        return NULL;
    error = run_read_admin(flight->run, &admin);
    if (error == NULL)
        say(flight, "management key", "%s",
            flight->run->admin_source != NULL ? flight->run->admin_source
                                              : "kept on the card, behind the PIN");
    run_clear_admin(&admin);
    return error;
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
        check_room, check_hooks, check_key, check_install, check_admin};
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
        say(&flight, "CA", "%s (%s): %s", name, ca->type,
            ca == &manual_ca ? "you are the way to it" : "not asked");
        return NULL;
    }
    error = acme_ca_reach(run, name, &session);
    if (error == NULL)
        error = acme_directory(session->acme, &directory);
    if (error == NULL)
        say(&flight, "CA", "%s answers at %s", name, session->config->directory);
    return error;
}
