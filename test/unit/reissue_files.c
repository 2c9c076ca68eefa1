/* SPDX-License-Identifier: BSD-2-Clause */
#include "material.h"
#include "reissue/atomic_file.h"
#include "reissue/file_load.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/reissue-files-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL || chdir(directory) != 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    DIR *here = opendir(".");
    struct dirent *entry;

    (void)state;
    while (here != NULL && (entry = readdir(here)) != NULL)
        if (entry->d_type != DT_DIR)
            (void)unlink(entry->d_name);
    (void)closedir(here);
    return chdir("/") == 0 ? rmdir(directory) : -1;
}

/* Nothing temporary was left behind. */
static void assert_tidy(void)
{
    DIR *here = opendir(".");
    struct dirent *entry;

    while ((entry = readdir(here)) != NULL)
        assert_null(strstr(entry->d_name, ".tmp"));
    closedir(here);
}

static void assert_content(const char *path, const char *expected, mode_t mode)
{
    struct buffer bytes = {NULL, 0, 0};
    struct stat status;

    assert_no_error(file_load(path, 1000, &bytes));
    assert_int_equal(bytes.length, strlen(expected));
    assert_memory_equal(bytes.bytes, expected, bytes.length);
    buffer_clear(&bytes);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, mode);
    assert_tidy();
}

static struct error *write_text(const char *path, enum atomic_file_policy policy, mode_t mode,
                                const char *text)
{
    return atomic_file_write(path, policy, mode, text, strlen(text));
}

static void writes_and_replaces(void **state)
{
    mode_t before = umask(077);

    (void)state;
    assert_no_error(write_text("a", ATOMIC_FILE_NEW, 0644, "one"));
    assert_content("a", "one", 0644);
    umask(0);
    assert_no_error(write_text("a", ATOMIC_FILE_REPLACE, 0600, "two!"));
    assert_content("a", "two!", 0600);
    umask(before);
    assert_error(write_text("a", ATOMIC_FILE_NEW, 0600, "three"), ERROR_FILE, "exists already");
    assert_content("a", "two!", 0600);
    assert_no_error(write_text("./a", ATOMIC_FILE_REPLACE, 0600, ""));
    assert_content("a", "", 0600);
}

static void leaves_other_things_alone(void **state)
{
    char target[10];
    struct stat status;

    (void)state;
    assert_no_error(write_text("real", ATOMIC_FILE_NEW, 0644, "real"));
    assert_int_equal(symlink("real", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_error(write_text("link", ATOMIC_FILE_REPLACE, 0644, "x"), ERROR_FILE, "symbolic link");
    assert_error(write_text("dangling", ATOMIC_FILE_REPLACE, 0644, "x"), ERROR_FILE, "symbolic");
    assert_error(write_text("dangling", ATOMIC_FILE_NEW, 0644, "x"), ERROR_FILE, "exists");
    assert_error(write_text("fifo", ATOMIC_FILE_REPLACE, 0644, "x"), ERROR_FILE, "not a regular");
    assert_error(write_text("none/a", ATOMIC_FILE_REPLACE, 0644, "x"), ERROR_FILE, "its directory");
    assert_error(write_text("/", ATOMIC_FILE_REPLACE, 0644, "x"), ERROR_FILE, "/");
    assert_content("real", "real", 0644);
    assert_int_equal(readlink("link", target, sizeof(target)), 4);
    assert_int_equal(lstat("nowhere", &status), -1);
}

/* A write that fails in the middle leaves the old file, and nothing else. */
static void survives_a_full_disk(void **state)
{
    struct rlimit before, limit;
    char big[4096];

    (void)state;
    memset(big, 'x', sizeof(big));
    assert_no_error(write_text("kept", ATOMIC_FILE_NEW, 0644, "kept"));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_error(atomic_file_write("kept", ATOMIC_FILE_REPLACE, 0644, big, sizeof(big)), ERROR_FILE,
                 "File too large");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_content("kept", "kept", 0644);
}

static void keeps_the_owner(void **state)
{
    uid_t owner = geteuid() == 0 ? 33 : geteuid(); /* only root can give files away */
    gid_t group = geteuid() == 0 ? 34 : getegid();
    struct stat status;

    (void)state;
    assert_no_error(write_text("owned", ATOMIC_FILE_NEW, 0640, "1"));
    assert_int_equal(chown("owned", owner, group), 0);
    assert_no_error(write_text("owned", ATOMIC_FILE_REPLACE, 0640, "2"));
    assert_int_equal(stat("owned", &status), 0);
    assert_int_equal(status.st_uid, owner);
    assert_int_equal(status.st_gid, group);
}

static void reads_within_bounds(void **state)
{
    struct buffer bytes = {NULL, 0, 0};

    (void)state;
    assert_no_error(write_text("ten", ATOMIC_FILE_NEW, 0600, "0123456789"));
    assert_no_error(file_load("ten", 10, &bytes));
    assert_int_equal(bytes.length, 10);
    buffer_clear(&bytes);
    assert_error(file_load("ten", 9, &bytes), ERROR_FILE, "longer than 9");
    assert_null(bytes.bytes);
    assert_no_error(file_load("fifo", 9, &bytes)); /* nobody writes to it, and nobody waits */
    assert_int_equal(bytes.length, 0);
    assert_error(file_load(".", 9, &bytes), ERROR_FILE, "not a regular file");
    assert_error(file_load("/dev/zero", 9, &bytes), ERROR_FILE, "not a regular file");
    assert_error(file_load("none", 9, &bytes), ERROR_NOT_FOUND, "No such file");
}

static void guards_secrets(void **state)
{
    static const mode_t bad[] = {0640, 0604, 0620, 0660, 0601};
    struct buffer bytes = {NULL, 0, 0};

    (void)state;
    assert_no_error(write_text("secret", ATOMIC_FILE_NEW, 0600, "s"));
    assert_no_error(file_check_secret("secret"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(chmod("secret", bad[i]), 0);
        assert_error(file_load_secret("secret", 10, &bytes), ERROR_FILE, "chmod 600 secret");
        assert_null(bytes.bytes);
    }
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", directory, 1), 0);
    assert_no_error(file_load_secret("secret", 10, &bytes));
    buffer_clear(&bytes);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/", 1), 0);
    assert_error(file_check_secret("secret"), ERROR_FILE, "others can");
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    assert_error(file_check_secret("secret"), ERROR_FILE, "others can");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_replaces),  cmocka_unit_test(leaves_other_things_alone),
        cmocka_unit_test(survives_a_full_disk), cmocka_unit_test(keeps_the_owner),
        cmocka_unit_test(reads_within_bounds),  cmocka_unit_test(guards_secrets),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
