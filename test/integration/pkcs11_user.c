/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An application that uses a key behind a PKCS #11 module which misbehaves, with little patience
 * (two seconds), a handler for SIGCHLD, and nothing that it would have to wait for.
 */
#include "card.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t children_ended;

static void on_child(int number)
{
    (void)number;
    children_ended++;
}

static struct error *sign(struct card_key *key)
{
    uint8_t hash[32];
    uint8_t signature[512];
    size_t length;
    if (RAND_bytes(hash, sizeof(hash)) != 1)
        return error_new(ERROR_INTERNAL, "no random numbers");
    struct error *error = card_key_prepare_pin(key, NULL, NULL, NULL);
    if (error == NULL)
        error = card_key_sign(key, CARD_MECHANISM_ECDSA, hash, sizeof(hash), signature, &length);
    return error;
}

/* One line of what became of it. */
static void sign_and_tell(struct card_key *key)
{
    struct error *error = sign(key);
    char *text = error == NULL ? NULL : error_describe(error);
    printf("%s\n", error == NULL ? "signed" : text);
    (void)fflush(stdout);
    free(text);
    error_free(error);
}

static struct error *run(const char *command)
{
    return system(command) == 0
               ? NULL
               : error_new(ERROR_INTERNAL, "the command in between failed: %s", command);
}

/* sign URI COUNT */
static struct error *do_sign(struct card_key *key, char **words)
{
    struct error *error = NULL;
    for (int i = 0; error == NULL && i < atoi(words[0]); i++) {
        error = sign(key);
        if (error == NULL)
            printf("signed\n");
    }
    return error;
}

/* repeat URI COUNT: whatever comes of each */
static struct error *do_repeat(struct card_key *key, char **words)
{
    for (int i = 0; i < atoi(words[0]); i++)
        sign_and_tell(key);
    return NULL;
}

/* between URI COMMAND COMMAND: three signatures, and what happens in between */
static struct error *do_between(struct card_key *key, char **words)
{
    sign_and_tell(key);
    struct error *error = run(words[0]);
    if (error != NULL)
        return error;
    sign_and_tell(key);
    error = run(words[1]);
    if (error == NULL)
        sign_and_tell(key);
    return error;
}

static int count_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        (void)closedir(directory);
    return count;
}

/* Has the module crash in C_Sign, or not. */
static struct error *let_crash(int crash)
{
    const char *path = getenv("HOSTILE_FILE");
    if (!crash)
        return unlink(path) == 0 ? NULL : error_new(ERROR_INTERNAL, "unlink");
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs("C_Sign fork-crash", file) < 0 || fclose(file) != 0)
        return error_new(ERROR_INTERNAL, "writing %s", path);
    return NULL;
}

static struct error *crash_and_go_on(struct card_key *key)
{
    struct error *error = let_crash(1);
    if (error != NULL)
        return error;
    error = sign(key);
    if (error == NULL || error_code(error) != ERROR_MODULE)
        return error_wrap(error, ERROR_INTERNAL, "no such error as it should be");
    error_free(error);
    error = let_crash(0);
    return error != NULL ? error : sign(key);
}

/* restarts URI COUNT */
static struct error *do_restarts(struct card_key *key, char **words)
{
    struct error *error = sign(key);
    int before = count_descriptors();
    for (int i = 0; error == NULL && i < atoi(words[0]); i++)
        error = crash_and_go_on(key);
    if (error != NULL)
        return error;
    printf("%s restarts, %d descriptors before, %d after, %d children ended\n", words[0], before,
           count_descriptors(), (int)children_ended);
    if (count_descriptors() != before || children_ended != 0)
        return error_new(ERROR_INTERNAL, "something is left behind");
    if (waitpid(-1, NULL, WNOHANG | (int)__WALL) != -1 || errno != ECHILD)
        return error_new(ERROR_INTERNAL, "there is a child");
    return NULL;
}

static struct error *find(struct card_context *context, const char *text, struct card_key **key)
{
    struct card_uri *uri;
    *key = NULL;
    struct error *error = card_uri_parse(text, &uri);
    if (error == NULL)
        error = card_find_key(context, uri, key);
    card_uri_free(uri);
    return error;
}

static struct error *act(int argc, char *argv[])
{
    static const struct {
        const char *name;
        int words;
        struct error *(*act)(struct card_key *key, char **words);
    } commands[] = {
        {"sign", 1, do_sign},
        {"repeat", 1, do_repeat},
        {"between", 2, do_between},
        {"restarts", 1, do_restarts},
    };
    struct card_context *context;
    struct card_key *key = NULL;
    size_t i = 0;
    while (i < sizeof(commands) / sizeof(commands[0]) &&
           (argc != 3 + commands[i].words || strcmp(argv[1], commands[i].name) != 0))
        i++;
    if (i == sizeof(commands) / sizeof(commands[0]))
        return error_new(ERROR_ARGUMENT, "usage: pkcs11_user sign|repeat|restarts URI COUNT, "
                                         "between URI COMMAND COMMAND");
    struct error *error = card_context_new(NULL, &context);
    if (error == NULL)
        error = card_context_set_module(context, NULL, 2);
    if (error == NULL)
        error = find(context, argv[2], &key);
    if (error == NULL)
        error = commands[i].act(key, argv + 3);
    card_key_free(key);
    card_context_free(context);
    return error;
}

int main(int argc, char *argv[])
{
    (void)signal(SIGCHLD, on_child);
    struct error *error = act(argc, argv);
    if (error == NULL)
        return EXIT_SUCCESS;
    char *text = error_describe(error);
    fprintf(stderr, "%s\n", text);
    free(text);
    error_free(error);
    return EXIT_FAILURE;
}
