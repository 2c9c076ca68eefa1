/* SPDX-License-Identifier: BSD-2-Clause */
/* What CAs look for, as a file below a web server's root: http-01 (RFC 8555, 8.3), and others. */
#include "acme.h"
#include "base64url.h"
#include "challenge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HTTP_01 "acme-challenge"

static struct error *cannot_use(const char *root, const char *what, int reason)
{
    const char *advice = "";
    if (reason == ELOOP || reason == ENOTDIR)
        advice = ": links below the web root are not followed; put the directory itself there";
    else if (reason == ENOENT)
        advice = ": is that the web server's root?";
    return error_new(ERROR_FILE, "cannot use %s/%s for the CA's validation: %s%s", root, what,
                     strerror(reason), advice);
}

/* Opens a directory in `above`, which it may have to make. Returns a descriptor, or -1 and errno.
 */
static int open_below(int above, const char *name, bool make)
{
    bool made = make && mkdirat(above, name, 0755) == 0;
    if (make && !made && errno != EEXIST)
        return -1;
    int directory = openat(above, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory >= 0 && made && fchmodat(directory, ".", 0755, 0) != 0) { /* against the umask */
        close(directory);
        return -1;
    }
    return directory;
}

/*
 * Opens .well-known/DIRECTORY, making what is missing where `make` says so. Without, *out is -1
 * where there is none.
 */
static struct error *open_directory(const char *root, const char *directory, bool make, int *out)
{
    const char *const below[] = {".well-known", directory};
    *out = -1;
    if (root == NULL) /* it was there when the job began */
        return error_new(ERROR_CONFIG, "the configuration names no webroot any more");
    *out = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*out < 0)
        return cannot_use(root, "", errno);
    for (size_t i = 0; i < sizeof(below) / sizeof(below[0]) && *out >= 0; i++) {
        int above = *out;
        *out = open_below(above, below[i], make);
        int reason = errno;
        close(above);
        if (*out < 0 && (make || reason != ENOENT))
            return cannot_use(root, below[i], reason);
    }
    return NULL;
}

/* Both are checked where they come in; here is where it would hurt. */
static struct error *check_token(const char *token)
{
    if (base64url_is(token, ACME_TOKEN_MAX - 1))
        return NULL;
    return error_new(ERROR_SERVER_ANSWER, "a challenge's token cannot be a file's name");
}

static bool write_all(int descriptor, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t written = write(descriptor, text, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        text += written;
        left -= (size_t)written;
    }
    return true;
}

/* Under another name first, so that nobody reads half of it. The umask does not count. */
static struct error *write_file(int directory, const char *root, const char *token,
                                const char *text)
{
    char name[ACME_TOKEN_MAX + 32];
    (void)snprintf(name, sizeof(name), ".%.32s.%ld", token, (long)getpid());
    (void)unlinkat(directory, name, 0);
    int file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return cannot_use(root, token, errno);
    bool good = write_all(file, text) && fchmod(file, 0644) == 0;
    int reason = good ? 0 : errno;
    if (close(file) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (good && renameat(directory, name, directory, token) == 0)
        return NULL;
    reason = good ? errno : reason;
    (void)unlinkat(directory, name, 0);
    return cannot_use(root, token, reason);
}

struct error *challenge_webroot_publish_file(const char *root, const char *directory,
                                             const char *name, const char *text)
{
    int descriptor;
    struct error *error = open_directory(root, directory, true, &descriptor);
    if (error != NULL)
        return error;
    error = write_file(descriptor, root, name, text);
    close(descriptor);
    return error;
}

struct error *challenge_webroot_remove_file(const char *root, const char *directory,
                                            const char *name)
{
    int descriptor;
    struct error *error = open_directory(root, directory, false, &descriptor);
    if (error != NULL || descriptor < 0)
        return error;
    if (unlinkat(descriptor, name, 0) != 0 && errno != ENOENT)
        error = cannot_use(root, name, errno);
    close(descriptor);
    return error;
}

struct error *challenge_webroot_publish(const char *root, const char *token,
                                        const char *key_authorization)
{
    struct error *error = check_token(token);
    return error != NULL ? error
                         : challenge_webroot_publish_file(root, HTTP_01, token, key_authorization);
}

struct error *challenge_webroot_remove(const char *root, const char *token)
{
    struct error *error = check_token(token);
    return error != NULL ? error : challenge_webroot_remove_file(root, HTTP_01, token);
}
