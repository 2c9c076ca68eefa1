/* SPDX-License-Identifier: BSD-2-Clause */
#include "job_command.h"

#include "ca.h"
#include "command.h"
#include "config.h"
#include "exit_code.h"
#include "job_print.h"
#include "terminal.h"

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

int job_command_misused(const char *usage)
{
    return options_misused(&(struct command_options){.usage = usage});
}

int job_command_parse(struct job_command *command, int argc, char **argv, const char *usage,
                      const struct option_spec *own, size_t count)
{
    const char *wait = NULL;
    const struct option_spec common[] = {
        {"pin-source", "SOURCE", "where the card's PIN is: file:, env:, credential: or pad:",
         &command->secrets.pin_source, NULL},
        {"management-key-source", "SOURCE", "the same for the card's management key, or factory",
         &command->admin_source, NULL},
        {"passphrase-source", "SOURCE", "the same for key files",
         &command->secrets.passphrase_source, NULL},
        {"try-refused", NULL, "send a PIN that the card refused in an earlier run once more", NULL,
         &command->try_refused},
        {"wait", "[=DURATION]", "how long to wait for the CA", &wait, NULL},
        {"batch", NULL, "ask nobody", NULL, &command->secrets.batch},
        {"json", NULL, "print the outcome as JSON", NULL, &command->json},
        {"config", "FILE", "the configuration", &command->config_path, NULL},
        {"state", "DIRECTORY", "where jobs and certificates are kept", &command->state_directory,
         NULL},
    };
    const struct command_options options = {.usage = usage,
                                            .own = own,
                                            .own_count = count,
                                            .common = common,
                                            .common_count = sizeof(common) / sizeof(common[0])};
    struct error *error = NULL;
    int code;

    *command = (struct job_command){.wait = WAIT_DEFAULT};
    code = options_parse(&options, argc, argv);
    if (code >= 0 || wait == NULL)
        return code;
    command->wait = WAIT_FOREVER;
    if (wait[0] != '\0')
        error = duration_parse(wait, &command->wait);
    return error == NULL ? -1 : command_fail(error, command->json);
}

/* ---- telling ----------------------------------------------------------------------------- */

static double clock_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#define TELL_COLUMN 9 /* behind the time */

/* A line per step, with the time that has passed. */
static void tell(void *argument, const struct job *job, const char *text)
{
    const struct job_command *command = argument;

    FILE *out = command->json ? stderr : stdout;

    (void)job;
    fprintf(out, "%6.1fs  ", clock_seconds() - command->started);
    if (terminal_width(out) > 0)
        terminal_print_wrapped(out, text, TELL_COLUMN, TELL_COLUMN);
    else
        fprintf(out, "%s\n", text);
    (void)fflush(stdout);
}

void (*job_command_observer)(enum job_step step, const char *moment);

/* ---- opening ----------------------------------------------------------------------------- */

static struct error *open_state(struct job_command *command, const char *directory)
{
    return command->only_looks && !state_exists(directory)
               ? state_open_empty(directory, &command->run.state)
               : state_open(directory, &command->run.state);
}

void job_command_begin(struct job_command *command)
{
    command->started = clock_seconds();
    command->run.wait_until = run_clock() + command->wait;
}

struct error *job_command_open(struct job_command *command)
{
    struct config *config = NULL;
    char *directory = NULL;
    struct error *error = config_open(command->config_path, &config);

    command->run = (struct run){
        .config = config,
        .admin_source = command->admin_source,
        .try_refused = command->try_refused,
        .tell = tell,
        .tell_argument = command,
        .observe = job_command_observer,
    };
    job_command_begin(command);
    if (error == NULL && command->state_directory == NULL)
        error = config_state_directory(config, &directory);
    if (error == NULL)
        error = open_state(command, directory != NULL ? directory : command->state_directory);
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
    int code = command_fail(error, command->json);

    if (job != NULL && job->created != 0 && !job_is_over(job))
        fprintf(stderr,
                "reissue: the job %s is kept: once that is put right, reissue resume %s goes on; "
                "reissue cancel %s gives it up\n",
                job->id, job->id, job->id);
    return code;
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
