/* SPDX-License-Identifier: BSD-2-Clause */
#include "hook_start.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where programs are; nobody's PATH leads a hook astray. */
#define HOOK_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Everything that is allocated before the fork: between it and execve() nothing may be. */
struct image {
    const char *path;
    char **arguments;
    char **environment;
};

static void list_free(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

static bool is_variable_name(const char *name)
{
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return length > 0 && name[length] == '\0' && (name[0] < '0' || name[0] > '9');
}

static struct error *add_variable(char **place, const char *name, const char *value)
{
    if (!is_variable_name(name))
        return error_new(ERROR_ARGUMENT, "\"%.40s\" cannot be the name of a hook's variable", name);
    if (asprintf(place, "%s=%s", name, value) >= 0)
        return NULL;
    *place = NULL;
    return error_no_memory();
}

static struct error *make_environment(const struct hook *hook, char ***out)
{
    size_t count = 0;
    struct error *error = NULL;
    *out = calloc(hook->variable_count + 3, sizeof(**out));
    if (*out == NULL || ((*out)[count++] = strdup(HOOK_PATH)) == NULL)
        return error_no_memory();
    if (hook->job != NULL)
        error = add_variable(&(*out)[count++], "REISSUE_JOB", hook->job);
    for (size_t i = 0; i < hook->variable_count && error == NULL; i++)
        error = add_variable(&(*out)[count++], hook->variables[i].name, hook->variables[i].value);
    return error;
}

static struct error *make_arguments(const struct hook *hook, char ***out)
{
    *out = calloc(hook->argument_count + 2, sizeof(**out));
    if (*out == NULL || ((*out)[0] = strdup(hook->path)) == NULL)
        return error_no_memory();
    for (size_t i = 0; i < hook->argument_count; i++) {
        if (((*out)[i + 1] = strdup(hook->arguments[i])) == NULL)
            return error_no_memory();
    }
    return NULL;
}

/* ---- in the new process: async-signal-safe calls only ------------------------------------- */

/* Handlers go with execve(), but what was ignored or blocked would stay so. */
static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &action, NULL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptor 3 tells the parent that execve() failed; it closes by itself if not. */
static _Noreturn void become(const struct image *image, int output, int failure)
{
    int null = open("/dev/null", O_RDWR);
    /* Out of the way of 0 to 3, whatever of them was free in the parent. */
    output = fcntl(output, F_DUPFD, 10);
    failure = fcntl(failure, F_DUPFD, 10);
    null = fcntl(null, F_DUPFD, 10);
    if (setpgid(0, 0) == 0 && dup2(null, STDIN_FILENO) == 0 && dup2(output, STDOUT_FILENO) == 1 &&
        dup2(output, STDERR_FILENO) == 2 && dup3(failure, 3, O_CLOEXEC) == 3) {
        failure = 3;
        if (close_range(4, ~0U, 0) == 0 && chdir("/") == 0) {
            reset_signals();
            execve(image->path, image->arguments, image->environment);
        }
    }
    int reason = errno;
    (void)!write(failure, &reason, sizeof(reason));
    _exit(127);
}

/* ---- in ours ----------------------------------------------------------------------------- */

static struct error *cannot_start(const char *path, int reason)
{
    return error_new(ERROR_HOOK, "the hook %s cannot be started: %s%s", path, strerror(reason),
                     reason == ENOEXEC  ? ": its first line has to name its interpreter (#!)"
                     : reason == EACCES ? ": it has to be executable"
                                        : "");
}

/* Blocks until execve() has succeeded (the pipe closes) or failed. */
static int read_failure(int descriptor)
{
    int reason = 0;
    ssize_t length;
    do
        length = read(descriptor, &reason, sizeof(reason));
    while (length < 0 && errno == EINTR);
    return length == (ssize_t)sizeof(reason) ? reason : 0;
}

/* All signals wait while the new process still has our handlers. */
static pid_t fork_into(const struct image *image, int output, int failure)
{
    sigset_t all, before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t process = fork();
    if (process == 0)
        become(image, output, failure);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (process > 0) /* also here, so that it is done before either of us goes on */
        (void)setpgid(process, process);
    return process;
}

static struct error *start(const struct image *image, pid_t *process, int *output)
{
    int out[2], failure[2];
    if (pipe2(out, O_CLOEXEC) != 0)
        return cannot_start(image->path, errno);
    if (pipe2(failure, O_CLOEXEC) != 0) {
        struct error *error = cannot_start(image->path, errno);
        close(out[0]);
        close(out[1]);
        return error;
    }
    *process = fork_into(image, out[1], failure[1]);
    int reason = *process < 0 ? errno : 0;
    close(out[1]);
    close(failure[1]);
    if (*process > 0)
        reason = read_failure(failure[0]);
    close(failure[0]);
    *output = out[0];
    return reason != 0 ? cannot_start(image->path, reason) : NULL;
}

struct error *hook_start(const struct hook *hook, pid_t *process, int *output)
{
    struct image image = {hook->path, NULL, NULL};
    *process = -1;
    *output = -1;
    if (hook->path[0] != '/')
        return error_new(ERROR_ARGUMENT, "the hook %s has to be named by its whole path",
                         hook->path);
    struct error *error = make_arguments(hook, &image.arguments);
    if (error == NULL)
        error = make_environment(hook, &image.environment);
    if (error == NULL)
        error = start(&image, process, output);
    list_free(image.arguments);
    list_free(image.environment);
    return error;
}
