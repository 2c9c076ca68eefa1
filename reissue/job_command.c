/* SPDX-License-Identifier: BSD-2-Clause */
#include "job_command.h"

#include "ca.h"
#include "command.h"
#include "config.h"
#include "exit_code.h"
#include "job_print.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_DEFAULT 120                   /* seconds */
#define WAIT_FOREVER (400L * 24 * 60 * 60) /* no certificate is valid longer */

/* ---- options ----------------------------------------------------------------------------- */

struct error *duration_parse(const char *text, long *out)
{
    static const struct {
        char unit;
        long seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end;
    long number = strtol(text, &end, 10);

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (end != text && end[0] == units[i].unit && end[1] == '\0' && number >= 0 &&
            number < 100000) {
            *out = number * units[i].seconds;
            return NULL;
        }
    return error_new(ERROR_ARGUMENT, "\"%s\" is no duration: it is written 30s, 10m, 4h or 14d",
                     text);
}

/* The options that all commands share; their values for getopt_long() are above every character. */
enum shared {
    OPTION_CONFIG = 256,
    OPTION_STATE,
    OPTION_PIN_SOURCE,
    OPTION_PASSPHRASE_SOURCE,
    OPTION_MANAGEMENT_KEY_SOURCE,
    OPTION_TRY_REFUSED,
    OPTION_BATCH,
    OPTION_JSON,
    OPTION_WAIT,
    OPTION_HELP,
    OPTION_OWN, /* the first of a command's own */
};

static const struct option shared[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"state", required_argument, NULL, OPTION_STATE},
    {"pin-source", required_argument, NULL, OPTION_PIN_SOURCE},
    {"passphrase-source", required_argument, NULL, OPTION_PASSPHRASE_SOURCE},
    {"management-key-source", required_argument, NULL, OPTION_MANAGEMENT_KEY_SOURCE},
    {"try-refused", no_argument, NULL, OPTION_TRY_REFUSED},
    {"batch", no_argument, NULL, OPTION_BATCH},
    {"json", no_argument, NULL, OPTION_JSON},
    {"wait", optional_argument, NULL, OPTION_WAIT},
    {"help", no_argument, NULL, OPTION_HELP},
};
#define SHARED_COUNT (sizeof(shared) / sizeof(shared[0]))
#define OWN_MAX      24

static struct error *take_shared(struct job_command *command, int option, const char *argument)
{
    switch (option) {
    case OPTION_CONFIG:
        command->config_path = argument;
        break;
    case OPTION_STATE:
        command->state_directory = argument;
        break;
    case OPTION_PIN_SOURCE:
        command->secrets.pin_source = argument;
        break;
    case OPTION_PASSPHRASE_SOURCE:
        command->secrets.passphrase_source = argument;
        break;
    case OPTION_MANAGEMENT_KEY_SOURCE:
        command->admin_source = argument;
        break;
    case OPTION_TRY_REFUSED:
        command->try_refused = true;
        break;
    case OPTION_BATCH:
        command->secrets.batch = true;
        break;
    case OPTION_JSON:
        command->json = true;
        break;
    default:
        command->wait = WAIT_FOREVER;
        return argument == NULL ? NULL : duration_parse(argument, &command->wait);
    }
    return NULL;
}

static void take_own(const struct job_option *option, const char *argument)
{
    if (option->flag != NULL)
        *option->flag = true;
    else
        *option->text = argument;
}

/* The table for getopt_long(): what is shared, what is the command's own, and its end. */
static void fill_table(const struct job_option *options, size_t count, struct option *table)
{
    memcpy(table, shared, sizeof(shared));
    for (size_t i = 0; i < count; i++)
        table[SHARED_COUNT + i] =
            (struct option){.name = options[i].name,
                            .has_arg = options[i].flag != NULL ? no_argument : required_argument,
                            .val = OPTION_OWN + (int)i};
    table[SHARED_COUNT + count] = (struct option){0};
}

int job_command_misused(const char *usage)
{
    fputs(usage, stderr);
    return EXIT_CODE_USAGE;
}

int job_command_parse(struct job_command *command, int argc, char **argv, const char *usage,
                      const struct job_option *options, size_t count)
{
    struct option table[SHARED_COUNT + OWN_MAX + 1];
    int option;

    *command = (struct job_command){.wait = WAIT_DEFAULT};
    fill_table(options, count, table);
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        struct error *error = NULL;

        if (option == OPTION_HELP) {
            fputs(usage, stdout);
            return EXIT_CODE_SUCCESS;
        }
        if (option >= OPTION_OWN)
            take_own(&options[option - OPTION_OWN], optarg);
        else if (option >= OPTION_CONFIG)
            error = take_shared(command, option, optarg);
        else
            return job_command_misused(usage);
        if (error != NULL)
            return command_fail(error, command->json);
    }
    return -1;
}

/* ---- telling ----------------------------------------------------------------------------- */

static double clock_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A line per step, with the time that has passed. */
static void tell(void *argument, const struct job *job, const char *text)
{
    const struct job_command *command = argument;

    (void)job;
    fprintf(command->json ? stderr : stdout, "%6.1fs  %s\n", clock_seconds() - command->started,
            text);
    (void)fflush(stdout);
}

void (*job_command_observer)(enum job_step step, const char *moment);

/* ---- opening ----------------------------------------------------------------------------- */

struct error *job_command_open(struct job_command *command)
{
    struct config *config = NULL;
    char *directory = NULL;
    struct error *error = config_open(command->config_path, &config);

    command->started = clock_seconds();
    command->run = (struct run){
        .config = config,
        .admin_source = command->admin_source,
        .try_refused = command->try_refused,
        .wait_until = run_clock() + command->wait,
        .tell = tell,
        .tell_argument = command,
        .observe = job_command_observer,
    };
    if (error == NULL && command->state_directory == NULL)
        error = config_state_directory(config, &directory);
    if (error == NULL)
        error = state_open(directory != NULL ? directory : command->state_directory,
                           &command->run.state);
    free(directory);
    if (error == NULL)
        error = crypto_open(&command->secrets, &command->run.crypto);
    return error;
}

void job_command_close(struct job_command *command)
{
    ca_session_close(&command->run);
    crypto_close(command->run.crypto);
    state_close(command->run.state);
    config_free((struct config *)(uintptr_t)command->run.config); /* it was only read in between */
    command->run = (struct run){0};
}

/* ---- running ----------------------------------------------------------------------------- */

static int say_failure(const struct job_command *command, const struct job *job,
                       struct error *error)
{
    if (job != NULL && job->created != 0 && !job_is_over(job))
        fprintf(stderr, "reissue: the job %s stops here; reissue resume %s goes on from there\n",
                job->id, job->id);
    return command_fail(error, command->json);
}

int job_command_run(struct job_command *command, struct job *job, struct error *error)
{
    bool waits = false;

    if (error == NULL)
        error = run_job(&command->run, job, &waits);
    if (error != NULL)
        return say_failure(command, job, error);
    error = job_print_outcome(job, &command->run, command->json);
    if (error != NULL)
        return say_failure(command, NULL, error);
    return waits && job->step < STEP_DEPLOYED ? EXIT_CODE_WAITING : EXIT_CODE_SUCCESS;
}
