/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A library has no business among the application's children: a SIGCHLD that nobody expects ends
 * sleeps, and wait() for "the" child finds another. So the program is started by a process in
 * between, which itself sends no signal when it ends and is no child to wait() (clone(2), "the
 * child termination signal"), and ends at once: init inherits the program.
 *
 * That process shares our memory and we stand still meanwhile, as with vfork(): no copy of a
 * server's memory is made. (Valgrind makes one all the same; so what came of it is left in memory
 * that is shared in any case.)
 */
#include "pkcs11_launch.h"

#include "pkcs11_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE (256 * 1024)

/* At the low end of that stack. */
struct outcome {
    pid_t process;
    int code;
};

struct launch {
    const char *program;
    char *const *arguments;
    char *const *environment;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    struct outcome *outcome;
};

static int spawn(void *argument)
{
    struct launch *launch = argument;
    launch->outcome->code =
        posix_spawn(&launch->outcome->process, launch->program, &launch->actions,
                    &launch->attributes, launch->arguments, launch->environment);
    return 0;
}

/* With all signals blocked: a handler of ours must not run in there. */
static int spawn_in_between(struct launch *launch, pid_t *process)
{
    sigset_t all, before;
    void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED)
        return ENOMEM;
    launch->outcome = stack;
    launch->outcome->code = ECHILD;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t between = clone(spawn, (char *)stack + STACK_SIZE, CLONE_VM | CLONE_VFORK, launch);
    int code = between < 0 ? errno : 0;
    if (between > 0)
        (void)waitpid(between, NULL, (int)__WCLONE);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code == 0)
        code = launch->outcome->code;
    *process = launch->outcome->process;
    (void)munmap(stack, STACK_SIZE);
    return code;
}

static int choose_descriptors(posix_spawn_file_actions_t *actions, const int descriptors[2])
{
    const char *trace = secure_getenv("CARD_TRACE");
    bool talk = trace != NULL && *trace != '\0' && strcmp(trace, "0") != 0 &&
                fcntl(STDERR_FILENO, F_GETFD) >= 0;
    int code = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (code == 0 && !talk)
        code = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(actions, descriptors[0], WIRE_DESCRIPTOR);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(actions, descriptors[1], WIRE_CONTROL_DESCRIPTOR);
    if (code == 0)
        code = posix_spawn_file_actions_addclosefrom_np(actions, WIRE_CONTROL_DESCRIPTOR + 1);
    return code;
}

static int choose_signals(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    int code = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (code == 0)
        code = posix_spawnattr_setsigdefault(attributes, &all);
    return code != 0 ? code : posix_spawnattr_setsigmask(attributes, &none);
}

static int launch_prepared(struct launch *launch, const int descriptors[2], pid_t *process)
{
    int code = posix_spawn_file_actions_init(&launch->actions);
    if (code != 0)
        return code;
    code = posix_spawnattr_init(&launch->attributes);
    if (code == 0) {
        code = choose_descriptors(&launch->actions, descriptors);
        if (code == 0)
            code = choose_signals(&launch->attributes);
        if (code == 0)
            code = spawn_in_between(launch, process);
        (void)posix_spawnattr_destroy(&launch->attributes);
    }
    (void)posix_spawn_file_actions_destroy(&launch->actions);
    return code;
}

struct error *pkcs11_launch(const char *program, char *const arguments[], char *const environment[],
                            const int descriptors[2], pid_t *process)
{
    struct launch launch = {.program = program, .arguments = arguments, .environment = environment};
    /* Out of the way of the numbers that they get there. */
    int high[2] = {fcntl(descriptors[0], F_DUPFD_CLOEXEC, WIRE_CONTROL_DESCRIPTOR + 1),
                   fcntl(descriptors[1], F_DUPFD_CLOEXEC, WIRE_CONTROL_DESCRIPTOR + 1)};
    *process = 0;
    int code = high[0] < 0 || high[1] < 0 ? errno : launch_prepared(&launch, high, process);
    for (size_t i = 0; i < 2; i++)
        if (high[i] >= 0)
            (void)close(high[i]);
    if (code == 0)
        return NULL;
    return error_new(ERROR_MODULE,
                     "cannot start %s, which PKCS #11 modules run in: %s (it is part of the card "
                     "provider; in a chroot, it and the module have to be in there)",
                     program, strerror(code));
}
