/* SPDX-License-Identifier: BSD-2-Clause */
#include "pkcs11_process.h"

#include "pkcs11_launch.h"
#include "pkcs11_wire.h"
#include "trace.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Some things take longer than others: a key may take minutes, a person at a keypad one. */
#define GENERATE_FACTOR 20
#define LOGIN_FACTOR    4

/* How long it may take until it is known how the process ended. */
#define ENDING_MS 3000

extern char **environ;

struct pkcs11_process {
    char *path;
    unsigned seconds; /* for an ordinary call */
    pid_t owner;      /* who started it */
    pid_t pid;        /* the one that watches the module */
    int frames;
    int control;
    int watched;               /* the same process as a descriptor */
    struct stat identities[2]; /* of the first two descriptors: see still_ours() */
    bool finished;             /* of no use any more */
    struct wire_ending ending;
    bool ended; /* and how is known */
};

/* ---- starting ---------------------------------------------------------------------------- */

/* The program's place; a test names the one in its build, a set-user-id program's user does not. */
static const char *program_path(void)
{
    const char *path = secure_getenv("CARD_PKCS11_PROGRAM");
    return path != NULL && *path == '/' ? path : CARD_PKCS11_PROGRAM_PATH;
}

/*
 * Modules are configured by variables of their vendors' choice, so all are passed on but those that
 * could change whose code runs, lead back here, or hold a PIN.
 */
static bool passed_on(const char *variable, const char *const *hidden)
{
    static const char *const dropped[] = {"LD_", "OPENSSL_", "CARD_", "REISSUE_", "CREDENTIALS_"};
    for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
        if (strncmp(variable, dropped[i], strlen(dropped[i])) == 0)
            return false;
    for (; *hidden != NULL; hidden++) {
        size_t length = strlen(*hidden);
        if (strncmp(variable, *hidden, length) == 0 && variable[length] == '=')
            return false;
    }
    return true;
}

/* The caller frees the array. */
static char **make_environment(const char *const *hidden)
{
    static char no_configuration[] = "OPENSSL_CONF=/dev/null";
    size_t count = 0;
    size_t kept = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    char **environment = calloc(count + 2, sizeof(*environment));
    if (environment == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (passed_on(environ[i], hidden))
            environment[kept++] = environ[i];
    environment[kept] = no_configuration;
    return environment;
}

static struct error *system_error(const char *what)
{
    return error_new(ERROR_MODULE, "cannot start a process for the PKCS #11 module: %s: %s", what,
                     strerror(errno));
}

static struct error *launch(struct pkcs11_process *process, const char *const *hidden,
                            const int descriptors[2])
{
    char number[24];
    const char *program = program_path();
    char *const arguments[] = {(char *)"card-pkcs11-module", number, process->path, NULL};
    (void)snprintf(number, sizeof(number), "%ld", (long)process->owner);
    char **environment = make_environment(hidden);
    if (environment == NULL)
        return error_no_memory();
    struct error *error =
        pkcs11_launch(program, arguments, environment, descriptors, &process->pid);
    free(environment);
    if (error == NULL)
        process->watched = (int)syscall(SYS_pidfd_open, process->pid, 0);
    return error;
}

static struct error *connect_and_launch(struct pkcs11_process *process, const char *const *hidden)
{
    int frames[2], control[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, frames) != 0)
        return system_error("socketpair");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0) {
        (void)close(frames[0]);
        (void)close(frames[1]);
        return system_error("socketpair");
    }
    const int theirs[2] = {frames[1], control[1]};
    process->frames = frames[0];
    process->control = control[0];
    struct error *error = launch(process, hidden, theirs);
    (void)close(frames[1]);
    (void)close(control[1]);
    if (error == NULL && (fstat(process->frames, &process->identities[0]) != 0 ||
                          fstat(process->control, &process->identities[1]) != 0))
        error = system_error("fstat");
    return error;
}

struct error *pkcs11_process_start(const char *path, unsigned seconds, const char *const *hidden,
                                   struct pkcs11_process **out)
{
    *out = NULL;
    struct pkcs11_process *process = calloc(1, sizeof(*process));
    if (process == NULL)
        return error_no_memory();
    process->frames = process->control = process->watched = -1;
    process->owner = getpid();
    process->seconds = seconds;
    process->path = strdup(path);
    struct error *error =
        process->path == NULL ? error_no_memory() : connect_and_launch(process, hidden);
    if (error == NULL)
        *out = process;
    else
        pkcs11_process_stop(process);
    return error;
}

/* ---- ending ------------------------------------------------------------------------------ */

static bool is_same(int descriptor, const struct stat *identity)
{
    struct stat now;
    return fstat(descriptor, &now) == 0 && now.st_dev == identity->st_dev &&
           now.st_ino == identity->st_ino;
}

/* Daemons close what they did not open, and open something else under that number. */
static bool still_ours(const struct pkcs11_process *process)
{
    return is_same(process->frames, &process->identities[0]) &&
           is_same(process->control, &process->identities[1]);
}

/* Where this process stands for init (in a container), it inherits what it started. */
static void reap(const struct pkcs11_process *process)
{
    int collects = 0;
    if (getpid() != 1 && (prctl(PR_GET_CHILD_SUBREAPER, &collects, 0, 0, 0) != 0 || collects == 0))
        return;
    struct pollfd polled = {.fd = process->watched, .events = POLLIN};
    (void)poll(&polled, 1, ENDING_MS);
    (void)waitpid(process->pid, NULL, WNOHANG); /* ECHILD: it went to another, or was waited for */
}

static void end_process(struct pkcs11_process *process)
{
    const char byte = WIRE_KILL;
    if (process->finished)
        (void)send(process->control, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    /* A forked child may have these too: closing them would not be noticed. */
    (void)shutdown(process->frames, SHUT_RDWR);
    (void)shutdown(process->control, SHUT_WR);
    reap(process);
}

void pkcs11_process_stop(struct pkcs11_process *process)
{
    if (process == NULL)
        return;
    bool started = process->pid > 0;
    if (!started || still_ours(process)) {
        if (started && process->owner == getpid())
            end_process(process);
        if (process->frames >= 0)
            (void)close(process->frames);
        if (process->control >= 0)
            (void)close(process->control);
        if (process->watched >= 0)
            (void)close(process->watched);
    }
    free(process->path);
    free(process);
}

/* ---- what happened ----------------------------------------------------------------------- */

static void learn_ending(struct pkcs11_process *process, int timeout)
{
    struct pollfd polled = {.fd = process->control, .events = POLLIN};
    int ready;
    do
        ready = poll(&polled, 1, timeout);
    while (ready < 0 && errno == EINTR);
    if (ready != 1)
        return;
    process->finished = true;
    process->ended = recv(process->control, &process->ending, sizeof(process->ending),
                          MSG_DONTWAIT) == sizeof(process->ending);
}

/* `when` such as "in C_Sign", or "". */
static struct error *ended(const struct pkcs11_process *process, const char *when)
{
    int number = process->ending.signal;
    if (!process->ended)
        return error_new(ERROR_MODULE, "the process of the PKCS #11 module %s ended%s",
                         process->path, when);
    if (number == SIGKILL)
        return error_new(ERROR_MODULE, "the process of the PKCS #11 module %s was killed%s",
                         process->path, when);
    if (number != 0)
        return error_new(ERROR_MODULE, "the PKCS #11 module %s crashed%s: signal %d (%s)",
                         process->path, when, number, strsignal(number));
    return error_new(ERROR_MODULE, "the PKCS #11 module %s ended its process%s: exit code %d",
                     process->path, when, process->ending.exit_code);
}

struct error *pkcs11_process_check(struct pkcs11_process *process)
{
    if (process->owner != getpid() || !still_ours(process)) {
        process->finished = true;
        return error_new(ERROR_MODULE, "the connection to the PKCS #11 module %s was closed",
                         process->path);
    }
    if (!process->finished)
        learn_ending(process, 0);
    return process->finished ? ended(process, "") : NULL;
}

/* ---- exchanges --------------------------------------------------------------------------- */

/* One request and its answer, and until when. */
struct exchange {
    struct pkcs11_process *process;
    unsigned call;
    unsigned seconds;
    double deadline; /* on trace_clock() */
};

static unsigned seconds_for(unsigned seconds, unsigned call)
{
    switch (call) {
    case WIRE_GENERATE:
    case WIRE_INIT_TOKEN:
        return seconds * GENERATE_FACTOR;
    case WIRE_LOGIN:
    case WIRE_SET_PIN:
    case WIRE_INIT_PIN:
        return seconds * LOGIN_FACTOR;
    default:
        return seconds;
    }
}

static struct error *broken(const struct exchange *exchange)
{
    char when[64];
    exchange->process->finished = true;
    (void)snprintf(when, sizeof(when), " in %s", wire_call_name(exchange->call));
    learn_ending(exchange->process, ENDING_MS);
    return ended(exchange->process, when);
}

static struct error *timed_out(const struct exchange *exchange)
{
    exchange->process->finished = true;
    return error_new(ERROR_MODULE,
                     "the PKCS #11 module %s did not return from %s within %u seconds; its process "
                     "was ended",
                     exchange->process->path, wire_call_name(exchange->call), exchange->seconds);
}

/* Waits until the other side can be read from, or written to; or has ended. */
static struct error *wait_for(const struct exchange *exchange, short events)
{
    struct pollfd polled[] = {
        {.fd = exchange->process->frames, .events = events},
        {.fd = exchange->process->control, .events = POLLIN},
    };
    for (;;) {
        double left = exchange->deadline - trace_clock();
        if (left <= 0)
            return timed_out(exchange);
        int ready = poll(polled, 2, (int)left + 1);
        if (ready > 0 && (polled[0].revents & events) != 0)
            return NULL; /* what was answered before the end counts */
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return broken(exchange);
    }
}

static struct error *send_all(const struct exchange *exchange, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = send(exchange->process->frames, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count > 0) {
            bytes += count;
            length -= (size_t)count;
        } else if (errno == EAGAIN) {
            struct error *error = wait_for(exchange, POLLOUT);
            if (error != NULL)
                return error;
        } else if (errno != EINTR) {
            return broken(exchange);
        }
    }
    return NULL;
}

static struct error *receive_all(const struct exchange *exchange, uint8_t *bytes, size_t length)
{
    while (length > 0) {
        struct error *error = wait_for(exchange, POLLIN);
        if (error != NULL)
            return error;
        ssize_t count = recv(exchange->process->frames, bytes, length, MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
            return broken(exchange);
        if (count > 0) {
            bytes += count;
            length -= (size_t)count;
        }
    }
    return NULL;
}

static struct error *converse(const struct exchange *exchange, const uint8_t *request,
                              size_t length, uint8_t *response, size_t *response_length)
{
    uint32_t size = (uint32_t)length;
    size_t room = *response_length;
    *response_length = 0;
    struct error *error = send_all(exchange, (const uint8_t *)&size, sizeof(size));
    if (error == NULL)
        error = send_all(exchange, request, length);
    if (error == NULL)
        error = receive_all(exchange, (uint8_t *)&size, sizeof(size));
    if (error == NULL && size > room) {
        exchange->process->finished = true;
        error = error_new(ERROR_MODULE, "the process of the PKCS #11 module %s answers nonsense",
                          exchange->process->path);
    }
    if (error == NULL)
        error = receive_all(exchange, response, size);
    if (error == NULL)
        *response_length = size;
    return error;
}

struct error *pkcs11_process_exchange(struct pkcs11_process *process, const uint8_t *request,
                                      size_t length, uint8_t *response, size_t *response_length)
{
    struct wire_reader in = {request, length, false};
    struct exchange exchange = {.process = process, .call = (unsigned)wire_get_number(&in)};
    struct error *error = pkcs11_process_check(process);
    if (error != NULL)
        return error;
    double start = trace_clock();
    exchange.seconds = seconds_for(process->seconds, exchange.call);
    exchange.deadline = start + 1e3 * exchange.seconds;
    error = converse(&exchange, request, length, response, response_length);
    trace_call(wire_call_name(exchange.call), error == NULL, trace_clock() - start);
    return error;
}
