/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into a program, it tells power_cut.py of each fsync() and fdatasync() of a file below
 * POWER_CUT_DISK, before and after, and waits until that has taken its pictures.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef int sync_function(int file);

/* The path of a file on the disk; false for any other. */
static int is_on_disk(int file, char *path, size_t size)
{
    const char *disk = getenv("POWER_CUT_DISK");
    char link[40];
    ssize_t length;

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
    length = readlink(link, path, size - 1);
    if (disk == NULL || length < 0)
        return 0;
    path[length] = '\0';
    return strncmp(path, disk, strlen(disk)) == 0;
}

static int call(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", getenv("POWER_CUT_SOCKET"));
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof(address)) != 0)
        abort(); /* nothing would be recorded, and the test find nothing */
    return connection;
}

static void tell(int connection, const char *text)
{
    char answer;

    if (write(connection, text, strlen(text)) != (ssize_t)strlen(text) ||
        write(connection, "\n", 1) != 1 || read(connection, &answer, 1) != 1)
        abort();
}

static int observed(const char *name, int file)
{
    sync_function *real = (sync_function *)dlsym(RTLD_NEXT, name);
    char path[4096];
    int connection, result;

    if (!is_on_disk(file, path, sizeof(path)))
        return real(file);
    connection = call();
    tell(connection, path);
    result = real(file);
    tell(connection, result == 0 ? "synced" : "failed");
    (void)close(connection);
    return result;
}

__attribute__((visibility("default"))) int fsync(int file)
{
    return observed("fsync", file);
}

__attribute__((visibility("default"))) int fdatasync(int file)
{
    return observed("fdatasync", file);
}
