/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * processes WHAT KEY: what servers and libraries do to a key (a key reference in a file) besides
 * signing: fork, get killed, and end in every order and by every way. Each signature is verified.
 * The provider comes by OPENSSL_CONF, but where it is loaded and unloaded explicitly.
 */
#include <dlfcn.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN 16
#define VICTIMS  12

static const unsigned char text[] = "what is signed";

static void die(const char *what)
{
    fprintf(stderr, "%d: %s\n", (int)getpid(), what);
    ERR_print_errors_fp(stderr);
    _exit(1);
}

static EVP_PKEY *load_from(OSSL_LIB_CTX *libctx, const char *path)
{
    BIO *file = BIO_new_file(path, "r");
    EVP_PKEY *key =
        file == NULL ? NULL : PEM_read_bio_PrivateKey_ex(file, NULL, NULL, NULL, libctx, NULL);

    BIO_free(file);
    if (key == NULL)
        die(path);
    return key;
}

static void sign_in(OSSL_LIB_CTX *libctx, EVP_PKEY *key)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[1024];
    size_t length = sizeof(signature);

    if (EVP_DigestSignInit_ex(context, NULL, "SHA256", libctx, NULL, key, NULL) != 1 ||
        EVP_DigestSign(context, signature, &length, text, sizeof(text)) != 1)
        die("signing");
    EVP_MD_CTX_free(context);
    context = EVP_MD_CTX_new();
    if (EVP_DigestVerifyInit_ex(context, NULL, "SHA256", libctx, NULL, key, NULL) != 1 ||
        EVP_DigestVerify(context, signature, length, text, sizeof(text)) != 1)
        die("verifying");
    EVP_MD_CTX_free(context);
}

static void sign(EVP_PKEY *key)
{
    sign_in(NULL, key);
}

static pid_t fork_or_die(void)
{
    pid_t child = fork();

    if (child < 0)
        die("fork");
    return child;
}

static void wait_for(pid_t child, int expected_signal)
{
    int status = 0;

    if (waitpid(child, &status, 0) != child)
        die("waitpid");
    if (expected_signal != 0 ? !WIFSIGNALED(status) || WTERMSIG(status) != expected_signal
                             : !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        die("a child did not end as it should");
}

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&time, &time) != 0 && errno == EINTR)
        continue;
}

/* ---- children ---------------------------------------------------------------------------- */

/* The key is loaded before, and used in the children and their own, while the master goes on. */
static void fork_children(const char *path, int used_before)
{
    EVP_PKEY *key = load_from(NULL, path);
    pid_t children[CHILDREN];

    if (used_before)
        sign(key);
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork_or_die();
        if (children[i] != 0)
            continue;
        pid_t grandchild = i == 0 ? fork_or_die() : -1;
        for (int j = 0; j < 5; j++)
            sign(key);
        if (grandchild > 0)
            wait_for(grandchild, 0);
        EVP_PKEY_free(key);
        exit(0);
    }
    for (int j = 0; j < 5; j++)
        sign(key);
    for (int i = 0; i < CHILDREN; i++)
        wait_for(children[i], 0);
    sign(key);
    EVP_PKEY_free(key);
}

/* Signs until it is killed, and says so after the first one. */
static void be_victim(EVP_PKEY *key, int started)
{
    sign(key);
    if (write(started, "x", 1) != 1)
        die("write");
    for (;;)
        sign(key);
}

/* A child that signs all the time is killed so many milliseconds after its first signature. */
static void kill_child(EVP_PKEY *key, long ms)
{
    int started[2];
    char byte;
    pid_t child;

    if (pipe(started) != 0)
        die("pipe");
    child = fork_or_die();
    if (child == 0)
        be_victim(key, started[1]);
    if (read(started[0], &byte, 1) != 1)
        die("read");
    sleep_ms(ms);
    kill(child, SIGKILL);
    wait_for(child, SIGKILL);
    close(started[0]);
    close(started[1]);
}

/*
 * With a card that takes its time a child is nearly always killed in a transaction. The master's
 * next signature is none the worse for it.
 */
static void kill_children(const char *path)
{
    EVP_PKEY *key = load_from(NULL, path);

    sign(key);
    for (int i = 0; i < VICTIMS; i++) {
        kill_child(key, 7L * i);
        sign(key);
    }
    EVP_PKEY_free(key);
}

/* ---- library contexts and providers ------------------------------------------------------ */

struct world {
    OSSL_LIB_CTX *libctx;
    OSSL_PROVIDER *standard;
    OSSL_PROVIDER *card;
    EVP_PKEY *key;
};

static void world_make(struct world *world, const char *path)
{
    world->libctx = OSSL_LIB_CTX_new();
    world->standard = OSSL_PROVIDER_load(world->libctx, "default");
    world->card = OSSL_PROVIDER_load(world->libctx, "card");
    if (world->standard == NULL || world->card == NULL)
        die("OSSL_PROVIDER_load");
    world->key = load_from(world->libctx, path);
}

static void world_unload(struct world *world)
{
    if (OSSL_PROVIDER_unload(world->card) != 1 || OSSL_PROVIDER_unload(world->standard) != 1)
        die("OSSL_PROVIDER_unload");
}

static void two_contexts(const char *path)
{
    struct world first;
    struct world second;

    world_make(&first, path);
    world_make(&second, path);
    sign_in(first.libctx, first.key);
    sign_in(second.libctx, second.key);
    EVP_PKEY_free(first.key);
    world_unload(&first);
    OSSL_LIB_CTX_free(first.libctx);
    sign_in(second.libctx, second.key);
    EVP_PKEY_free(second.key);
    world_unload(&second);
    OSSL_LIB_CTX_free(second.libctx);
}

/* The key outlives its provider's unloading: it works, or fails in order, and is freed. */
static void unload_first(const char *path)
{
    struct world world;

    world_make(&world, path);
    sign_in(world.libctx, world.key);
    world_unload(&world);
    EVP_PKEY *copy = EVP_PKEY_dup(world.key);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[1024];
    size_t length = sizeof(signature);
    if (EVP_DigestSignInit_ex(context, NULL, "SHA256", world.libctx, NULL, world.key, NULL) == 1)
        (void)EVP_DigestSign(context, signature, &length, text, sizeof(text));
    ERR_clear_error();
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(copy);
    EVP_PKEY_free(world.key);
    OSSL_LIB_CTX_free(world.libctx);
}

/* ---- ends -------------------------------------------------------------------------------- */

static EVP_PKEY *kept; /* what is not freed is still reachable at the end, and so no leak */

static void *exit_from_thread(void *unused)
{
    sign(kept);
    exit(0);
    return unused;
}

static void *sign_on(void *unused)
{
    for (;;)
        sign(kept);
    return unused;
}

static void start(void *(*work)(void *))
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, work, NULL) != 0)
        die("pthread_create");
}

static void end(const char *how, const char *path)
{
    kept = load_from(NULL, path);
    sign(kept);
    if (strcmp(how, "cleanup") == 0) {
        EVP_PKEY_free(kept);
        kept = NULL;
        OPENSSL_cleanup();
    } else if (strcmp(how, "exit-from-thread") == 0) {
        start(exit_from_thread);
        for (;;)
            pause();
    } else if (strcmp(how, "_exit-while-signing") == 0) {
        start(sign_on);
        sleep_ms(200);
        _exit(0);
    } else if (strcmp(how, "_exit") == 0) {
        _exit(0);
    } else if (strcmp(how, "nothing") != 0) {
        die(how);
    }
}

/* ---- a library that comes and goes ------------------------------------------------------- */

/* The library is this very file, built as one: sign_library.so. It leaves everything behind. */
__attribute__((visibility("default"))) void library_sign(const char *path);

void library_sign(const char *path)
{
    EVP_PKEY *key = load_from(NULL, path);

    sign(key);
    EVP_PKEY_free(key);
}

static void dlclose_library(const char *path, const char *library)
{
    for (int i = 0; i < 3; i++) {
        void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
        void (*function)(const char *) = NULL;
        if (handle != NULL)
            *(void **)&function = dlsym(handle, "library_sign");
        if (function == NULL)
            die(library);
        function(path);
        if (dlclose(handle) != 0)
            die("dlclose");
    }
}

int main(int argc, char **argv)
{
    const char *what = argc >= 3 ? argv[1] : "";

    if (strcmp(what, "fork") == 0)
        fork_children(argv[2], 0);
    else if (strcmp(what, "fork-after-use") == 0)
        fork_children(argv[2], 1);
    else if (strcmp(what, "kill") == 0)
        kill_children(argv[2]);
    else if (strcmp(what, "contexts") == 0)
        two_contexts(argv[2]);
    else if (strcmp(what, "unload") == 0)
        unload_first(argv[2]);
    else if (strcmp(what, "dlclose") == 0 && argc == 4)
        dlclose_library(argv[2], argv[3]);
    else
        end(what, argc >= 3 ? argv[2] : "usage: processes WHAT KEY [LIBRARY]");
    return 0;
}
