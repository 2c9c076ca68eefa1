/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks, well-behaved and hostile. */
#include "reissue/hook.h"
#include "expect.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char directory[] = "/tmp/hook-test.XXXXXX", path[64], mark[64];

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/hook", directory);
    (void)snprintf(mark, sizeof(mark), "%s/mark", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(mark);
    return rmdir(directory);
}

static void write_hook(const char *script)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(script, file);
    assert_int_equal(fchmod(fileno(file), 0700), 0);
    assert_int_equal(fclose(file), 0);
}

static struct hook the_hook(const char *script)
{
    write_hook(script);
    return (struct hook){.path = path, .timeout = 1, .grace = 1};
}

static long seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* The process whose number is in the file `mark` is gone, or about to be. */
static void expect_gone(void)
{
    long process = 0;
    FILE *file = fopen(mark, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &process), 1);
    fclose(file);
    (void)unlink(mark);
    for (int i = 0; i < 500; i++) {
        char name[64], text[128] = "";
        (void)snprintf(name, sizeof(name), "/proc/%ld/stat", process);
        FILE *stat = fopen(name, "r");
        if (stat == NULL)
            return;
        char *line = fgets(text, sizeof(text), stat);
        fclose(stat);
        if (line != NULL &&
            strstr(line, ") Z") != NULL) /* killed; its new parent has yet to look */
            return;
        usleep(10000);
    }
    fail_msg("process %ld still runs", process);
}

static void passes_what_is_named(void **state)
{
    (void)state;
    static const char *const arguments[] = {"one", "t w o", "$(reboot)"};
    static const struct hook_variable variables[] = {{"NAME", "a=b;`reboot`"}, {"EMPTY", ""}};
    struct hook hook =
        the_hook("#!/bin/sh\necho \"$#/$1/$2/$3\"\ntr '\\0' '\\n' </proc/self/environ\n"
                 "echo; pwd; ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/0\n");
    hook.arguments = arguments;
    hook.argument_count = 3;
    hook.variables = variables;
    hook.variable_count = 2;
    hook.job = "17";
    assert_int_equal(setenv("SECRET", "x", 1), 0);
    int inherited = open("/dev/null", O_RDONLY); /* without CLOEXEC */
    assert_int_equal(dup2(inherited, 77), 77);
    struct hook_result result;
    expect_good(hook_run(&hook, &result));
    close(inherited);
    close(77);
    assert_int_equal(result.exit_code, 0);
    /* `ls` itself has 3 open: the directory. */
    assert_string_equal(result.output,
                        "3/one/t w o/$(reboot)\n"
                        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
                        "REISSUE_JOB=17\nNAME=a=b;`reboot`\nEMPTY=\n\n/\n0 1 2 3 /dev/null\n");
    hook_result_clear(&result);
}

static void resets_signals(void **state)
{
    (void)state;
    struct hook hook = the_hook("#!/bin/sh\ngrep -E '^Sig(Blk|Ign)' /proc/self/status\n");
    struct hook_result result;
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &before);
    void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
    expect_good(hook_run(&hook, &result));
    signal(SIGPIPE, handler);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_string_equal(result.output, "SigBlk: 0000000000000000\nSigIgn: 0000000000000000\n");
    hook_result_clear(&result);
}

static void tells_how_it_ended(void **state)
{
    (void)state;
    struct hook hook = the_hook("#!/bin/sh\necho first\necho 'the \033[31mreason' >&2\nexit 3\n");
    struct hook_result result;
    expect_good(hook_run(&hook, &result));
    assert_int_equal(result.exit_code, 3);
    assert_int_equal(result.signal, 0);
    assert_string_equal(result.output, "first\nthe  [31mreason\n");
    hook_result_clear(&result);
    expect_error(hook_run_checked(&hook), ERROR_HOOK, "failed with exit code 3: the  [31mreason");
    hook = the_hook("#!/bin/sh\nkill -SEGV $$\n");
    expect_error(hook_run_checked(&hook), ERROR_HOOK, "ended by signal 11");
    hook = the_hook("#!/bin/sh\nexit 0\n");
    expect_good(hook_run_checked(&hook));
}

static void says_why_it_cannot_start(void **state)
{
    (void)state;
    struct hook hook = the_hook("no interpreter\n");
    expect_error(hook_run_checked(&hook), ERROR_HOOK, "has to name its interpreter");
    assert_int_equal(chmod(path, 0600), 0);
    expect_error(hook_run_checked(&hook), ERROR_HOOK, "has to be executable");
    hook.path = "/nowhere/hook";
    expect_error(hook_run_checked(&hook), ERROR_HOOK, "No such file");
    hook.path = "hook";
    expect_error(hook_run_checked(&hook), ERROR_ARGUMENT, "whole path");
    static const struct hook_variable bad[] = {{"A=B", "x"}};
    hook = the_hook("#!/bin/sh\n");
    hook.variables = bad;
    hook.variable_count = 1;
    expect_error(hook_run_checked(&hook), ERROR_ARGUMENT, "cannot be the name");
}

/* Whoever started us may have had the system forget how children end: that is no success. */
static void takes_no_unknown_end_for_success(void **state)
{
    (void)state;
    struct hook hook = the_hook("#!/bin/sh\nexit 3\n");
    void (*handler)(int) = signal(SIGCHLD, SIG_IGN);
    struct error *error = hook_run_checked(&hook);
    signal(SIGCHLD, handler);
    expect_error(error, ERROR_HOOK, "SIGCHLD");
}

static void ends_one_that_hangs(void **state)
{
    (void)state;
    long start = seconds();
    struct hook hook = the_hook("#!/bin/sh\necho waiting\nsleep 60\n");
    expect_error(hook_run_checked(&hook), ERROR_HOOK,
                 "took more than 1 seconds, and was ended: waiting");
    assert_true(seconds() - start < 10);
}

/* With all that it started, and although it ignores being asked. */
static void ends_one_that_will_not(void **state)
{
    (void)state;
    char script[256];
    (void)snprintf(
        script, sizeof(script),
        "#!/bin/sh\ntrap '' TERM INT HUP\nsh -c 'echo $$ >%s; while :; do sleep 1; done' &\n"
        "while :; do sleep 1; done\n",
        mark);
    struct hook hook = the_hook(script);
    struct hook_result result;
    expect_good(hook_run(&hook, &result));
    assert_true(result.timed_out);
    assert_int_equal(result.signal, SIGKILL);
    hook_result_clear(&result);
    expect_gone();
}

/* It ends at once, but leaves somebody behind who holds its output open. */
static void does_not_wait_for_the_left_behind(void **state)
{
    (void)state;
    long start = seconds();
    char script[256];
    (void)snprintf(script, sizeof(script), "#!/bin/sh\nsleep 600 &\necho $! >%s\necho done\n",
                   mark);
    struct hook hook = the_hook(script);
    hook.timeout = 60;
    struct hook_result result;
    expect_good(hook_run(&hook, &result));
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.output, "done\n");
    hook_result_clear(&result);
    assert_true(seconds() - start < 10);
    expect_gone();
}

static void survives_megabytes(void **state)
{
    (void)state;
    struct hook hook = the_hook("#!/bin/sh\nhead -c 20000000 /dev/zero | tr '\\0' x\nexit 5\n");
    hook.timeout = 60;
    struct hook_result result;
    expect_good(hook_run(&hook, &result));
    assert_int_equal(result.exit_code, 5);
    assert_true(result.truncated);
    assert_int_equal(strlen(result.output), HOOK_OUTPUT_MAX);
    hook_result_clear(&result);
    hook = the_hook("#!/bin/sh\nexec cat /dev/zero\n"); /* without end */
    expect_good(hook_run(&hook, &result));
    assert_true(result.timed_out);
    hook_result_clear(&result);
}

/* One process after another, each of which starts the next before it ends: no number stays the
 * same. */
static void ends_one_that_forks(void **state)
{
    (void)state;
    struct hook hook =
        the_hook("#!/bin/sh\ntrap '' TERM\n\"$0\" &\nsleep 0.05\n[ $# -eq 0 ] || sleep 60\n");
    static const char *const arguments[] = {"first"};
    hook.arguments = arguments;
    hook.argument_count = 1;
    struct hook_result result;
    expect_good(hook_run(&hook, &result));
    assert_true(result.timed_out);
    hook_result_clear(&result);
    char command[128]; /* whose own text does not match */
    (void)snprintf(command, sizeof(command), "sleep 0.3; ! pgrep -f '%s/hoo[k]' >/dev/null",
                   directory);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_what_is_named),
        cmocka_unit_test(resets_signals),
        cmocka_unit_test(tells_how_it_ended),
        cmocka_unit_test(says_why_it_cannot_start),
        cmocka_unit_test(takes_no_unknown_end_for_success),
        cmocka_unit_test(ends_one_that_hangs),
        cmocka_unit_test(ends_one_that_will_not),
        cmocka_unit_test(does_not_wait_for_the_left_behind),
        cmocka_unit_test(survives_megabytes),
        cmocka_unit_test(ends_one_that_forks),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
