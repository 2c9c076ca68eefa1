/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * card-pkcs11-module PROCESS MODULE: a PKCS #11 module for the process of that number.
 *
 * Two processes: this one runs no foreign code. It waits until the module's process ends, and says
 * how; and ends it, with all that it started, when the other side goes away or says so. So whoever
 * uses the module has nobody to kill, and no number of a process that may be another's by then.
 */
#include "../pkcs11_wire.h"
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long the module has for C_Finalize, in milliseconds. */
#define GRACE_MS 2000

/* As much memory of its own as a module may ask for: what it leaks must not take the machine. */
#define DATA_MAX (1024UL * 1024 * 1024)

#ifdef CARD_SANITIZED
/* The module's faults are its own, and are told as those of any module. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0:handle_segv=0:handle_abort=0";
}
#endif

static int open_process(pid_t process)
{
    return (int)syscall(SYS_pidfd_open, process, 0);
}

/* ---- the module's process ---------------------------------------------------------------- */

/* The kernel takes this one first when memory runs out. */
static void offer_to_the_killer(void)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (write(file, "1000", 4) != 4)
        (void)fputs("card-pkcs11-module: cannot offer itself to the OOM killer\n", stderr);
    (void)close(file);
}

static void limit_memory(void)
{
#ifndef CARD_SANITIZED /* a sanitizer wants terabytes */
    const struct rlimit limit = {DATA_MAX, DATA_MAX};
    (void)setrlimit(RLIMIT_DATA, &limit);
#endif
}

static int run_module(pid_t parent, const char *path)
{
    (void)close(WIRE_CONTROL_DESCRIPTOR);
    (void)setsid(); /* a group of its own, and no terminal */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        return EXIT_FAILURE;
    offer_to_the_killer();
    limit_memory();
    /* What a module prints goes where its complaints go, and never between the frames. */
    if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return EXIT_FAILURE;
    return serve(WIRE_DESCRIPTOR, path);
}

/* ---- the one that watches ---------------------------------------------------------------- */

static int wait_until(struct pollfd *polled, nfds_t count, int timeout)
{
    int ready;
    do
        ready = poll(polled, count, timeout);
    while (ready < 0 && errno == EINTR);
    return ready;
}

/* Until the module's process ends (false), or nobody wants it any more (true; *now: at once). */
static bool wait_for_either(int module, int owner, bool *now)
{
    struct pollfd polled[] = {
        {.fd = module, .events = POLLIN},
        {.fd = WIRE_CONTROL_DESCRIPTOR, .events = POLLIN},
        {.fd = owner, .events = POLLIN},
    };
    char byte = 0;
    *now = false;
    if (wait_until(polled, 3, -1) < 0)
        return true;
    if (polled[0].revents != 0)
        return false;
    if (polled[1].revents != 0)
        *now = recv(WIRE_CONTROL_DESCRIPTOR, &byte, 1, MSG_DONTWAIT) == 1 && byte == WIRE_KILL;
    return true;
}

/* The process is not waited for before its whole group is gone: until then its number is its own.
 */
static struct wire_ending end_module(pid_t module)
{
    struct wire_ending ending = {0, 0};
    siginfo_t information;
    int status = 0;
    while (waitid(P_PID, (id_t)module, &information, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        continue;
    (void)kill(-module, SIGKILL);
    while (waitpid(module, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFSIGNALED(status))
        ending.signal = WTERMSIG(status);
    else
        ending.exit_code = WEXITSTATUS(status);
    return ending;
}

static int watch(pid_t module, int owner)
{
    bool now;
    int watched = open_process(module);
    (void)close(WIRE_DESCRIPTOR);
    if (watched < 0 || wait_for_either(watched, owner, &now)) {
        struct pollfd polled = {.fd = watched, .events = POLLIN};
        if (watched >= 0 && !now)
            (void)wait_until(&polled, 1, GRACE_MS);
        (void)kill(module, SIGKILL); /* it may not have made its group yet */
        (void)kill(-module, SIGKILL);
    }
    struct wire_ending ending = end_module(module);
    (void)send(WIRE_CONTROL_DESCRIPTOR, &ending, sizeof(ending), MSG_NOSIGNAL | MSG_DONTWAIT);
    return EXIT_SUCCESS;
}

static bool is_socket(int descriptor)
{
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

int main(int argc, char *argv[])
{
    const struct rlimit no_core = {0, 0};
    long process = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
    if (process <= 0 || !is_socket(WIRE_DESCRIPTOR) || !is_socket(WIRE_CONTROL_DESCRIPTOR)) {
        (void)fputs("card-pkcs11-module runs a PKCS #11 module for the card provider, which "
                    "starts it; there is nothing to be done with it by hand\n",
                    stderr);
        return EXIT_FAILURE;
    }
    /* A PIN passes through: no core dumps, and no process of the same user looks in. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)setsid();
    int owner = open_process((pid_t)process);
    pid_t self = getpid();
    pid_t module = owner < 0 ? -1 : fork();
    if (module == 0)
        return run_module(self, argv[2]);
    return module < 0 ? EXIT_FAILURE : watch(module, owner);
}
