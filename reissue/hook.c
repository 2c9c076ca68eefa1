/* SPDX-License-Identifier: BSD-2-Clause */
#include "hook.h"

#include "card/buffer.h"
#include "hook_start.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct run {
    const struct hook *hook;
    pid_t process; /* not waited for until the end, so that its number stays its own */
    int output, handle;
    struct buffer text;
    bool truncated, timed_out;
};

static long long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads what there is, without waiting, and keeps the beginning of it. */
static struct error *take_output(struct run *run)
{
    char bytes[4096];
    for (int rounds = 0; run->output >= 0 && rounds < 64; rounds++) {
        ssize_t length = read(run->output, bytes, sizeof(bytes));
        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            return NULL;
        if (length <= 0) {
            close(run->output);
            run->output = -1;
            return NULL;
        }
        size_t room = HOOK_OUTPUT_MAX - run->text.length, kept = (size_t)length;
        run->truncated = run->truncated || kept > room;
        struct error *error = buffer_append(&run->text, bytes, kept < room ? kept : room);
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* Until the hook's own process has ended, or the time is over. Sets whether it has. */
static struct error *wait_for_end(struct run *run, long long deadline, bool *ended)
{
    *ended = false;
    for (;;) {
        struct pollfd events[] = {{run->handle, POLLIN, 0}, {run->output, POLLIN, 0}};
        long long left = deadline - milliseconds();
        if (left <= 0)
            return NULL;
        int count = poll(events, 2, (int)left);
        if (count < 0 && errno != EINTR)
            return error_new(ERROR_INTERNAL, "cannot wait for a hook: %s", strerror(errno));
        struct error *error = count > 0 ? take_output(run) : NULL;
        if (error != NULL)
            return error;
        if (count > 0 && events[0].revents != 0) {
            *ended = true;
            return take_output(run);
        }
    }
}

static struct error *run_to_end(struct run *run)
{
    const struct hook *hook = run->hook;
    unsigned timeout = hook->timeout != 0 ? hook->timeout : HOOK_TIMEOUT;
    unsigned grace = hook->grace != 0 ? hook->grace : HOOK_GRACE;
    bool ended;
    struct error *error = wait_for_end(run, milliseconds() + timeout * 1000LL, &ended);
    if (error != NULL || ended)
        return error;
    run->timed_out = true;
    (void)kill(-run->process, SIGTERM);
    return wait_for_end(run, milliseconds() + grace * 1000LL, &ended);
}

/*
 * Whatever is left of the group goes with the hook. Nobody in it escapes by forking: the signal
 * reaches all of a group at once, and a process with SIGKILL pending forks no more.
 */
static int end_group(struct run *run)
{
    int status = 0;
    (void)kill(-run->process, SIGKILL);
    while (waitpid(run->process, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

/* ---- the result -------------------------------------------------------------------------- */

/* Line by line, so that the lines stay. */
static struct error *clean_output(const struct buffer *text, char **out)
{
    struct buffer clean = {0};
    struct error *error = NULL;
    for (size_t start = 0; start < text->length && error == NULL;) {
        const char *line = (const char *)text->bytes + start;
        const char *end = memchr(line, '\n', text->length - start);
        size_t length = end != NULL ? (size_t)(end - line) : text->length - start;
        char *copy = strndup(line, length), *cleaned = NULL;
        error = copy == NULL ? error_no_memory() : text_clean(copy, HOOK_OUTPUT_MAX, &cleaned);
        if (error == NULL)
            error = buffer_append(&clean, cleaned, strlen(cleaned));
        if (error == NULL && end != NULL)
            error = buffer_append(&clean, "\n", 1);
        free(copy);
        free(cleaned);
        start += length + 1;
    }
    *out =
        error == NULL ? strndup(clean.length > 0 ? (char *)clean.bytes : "", clean.length) : NULL;
    buffer_clear(&clean);
    return error == NULL && *out == NULL ? error_no_memory() : error;
}

static struct error *fill_result(struct run *run, int status, struct hook_result *out)
{
    out->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    out->timed_out = run->timed_out;
    out->truncated = run->truncated;
    return clean_output(&run->text, &out->output);
}

struct error *hook_run(const struct hook *hook, struct hook_result *out)
{
    struct run run = {.hook = hook, .process = -1, .output = -1, .handle = -1};
    int status = 0;
    *out = (struct hook_result){0};
    struct error *error = hook_start(hook, &run.process, &run.output);
    if (error == NULL && ((run.handle = pidfd_open(run.process, 0)) < 0 ||
                          fcntl(run.output, F_SETFL, O_NONBLOCK) != 0))
        error = error_new(ERROR_INTERNAL, "cannot watch a hook: %s", strerror(errno));
    if (error == NULL)
        error = run_to_end(&run);
    if (run.process > 0)
        status = end_group(&run);
    if (error == NULL)
        error = fill_result(&run, status, out);
    if (run.handle >= 0)
        close(run.handle);
    if (run.output >= 0)
        close(run.output);
    buffer_clear(&run.text);
    return error;
}

void hook_result_clear(struct hook_result *result)
{
    free(result->output);
    *result = (struct hook_result){0};
}

/* The last line that it printed, where people look for the reason. */
static const char *last_line(char *output)
{
    size_t length = strlen(output);
    while (length > 0 && (output[length - 1] == '\n' || output[length - 1] == ' '))
        output[--length] = '\0';
    const char *end = strrchr(output, '\n');
    return end != NULL ? end + 1 : output;
}

struct error *hook_run_checked(const struct hook *hook)
{
    struct hook_result result;
    struct error *error = hook_run(hook, &result);
    if (error != NULL)
        return error;
    const char *line = last_line(result.output);
    if (result.timed_out)
        error = error_new(ERROR_HOOK, "the hook %s took more than %u seconds, and was ended: %s",
                          hook->path, hook->timeout != 0 ? hook->timeout : HOOK_TIMEOUT, line);
    else if (result.signal != 0)
        error = error_new(ERROR_HOOK, "the hook %s was ended by signal %d (%s): %s", hook->path,
                          result.signal, strsignal(result.signal), line);
    else if (result.exit_code != 0)
        error = error_new(ERROR_HOOK, "the hook %s failed with exit code %d: %s", hook->path,
                          result.exit_code, line);
    hook_result_clear(&result);
    return error;
}
