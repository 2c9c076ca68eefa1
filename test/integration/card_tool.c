/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card layer on the command line, for tests: what the provider does with it, without OpenSSL's
 * machinery around it. Prints results to standard output, an error as one line to standard error.
 */
#include "card.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 32

static struct error *usage(void)
{
    return error_new(ERROR_ARGUMENT,
                     "usage: card_tool keys|key|certificates|card|pin-status URI, sign URI COUNT "
                     "[COMMAND between], threads URI THREADS COUNT, fork URI, generate URI SLOT "
                     "ALGORITHM ADMIN [overwrite], store URI SLOT ADMIN FILE");
}

/* ---- one signature ----------------------------------------------------------------------- */

static struct error *check(EVP_PKEY *key, const uint8_t *hash, const uint8_t *signature,
                           size_t length)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    int good = EVP_PKEY_verify_init(context);
    if (good == 1 && EVP_PKEY_is_a(key, "RSA"))
        good = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING);
    if (good == 1)
        good = EVP_PKEY_verify(context, signature, length, hash, 32);
    EVP_PKEY_CTX_free(context);
    return good == 1 ? NULL : error_new(ERROR_SIGNATURE, "the signature does not verify");
}

static struct error *sign_once(struct card_key *key)
{
    uint8_t hash[32];
    uint8_t signature[512];
    size_t length;
    EVP_PKEY *public_key = card_key_public(key);
    enum card_mechanism mechanism =
        EVP_PKEY_is_a(public_key, "RSA") ? CARD_MECHANISM_RSA_PKCS1 : CARD_MECHANISM_ECDSA;
    if (RAND_bytes(hash, sizeof(hash)) != 1)
        return error_new(ERROR_INTERNAL, "no random numbers");
    struct error *error = card_key_prepare_pin(key, NULL, NULL, NULL);
    if (error == NULL)
        error = card_key_sign(key, mechanism, hash, sizeof(hash), signature, &length);
    return error != NULL ? error : check(public_key, hash, signature, length);
}

/* ---- commands ---------------------------------------------------------------------------- */

static struct error *print_key(struct card_key *key)
{
    char *uri;
    struct error *error = card_key_uri(key, CARD_OBJECT_PRIVATE_KEY, &uri);
    if (error != NULL)
        return error;
    printf("%s %s %d\n", uri, EVP_PKEY_get0_type_name(card_key_public(key)),
           EVP_PKEY_get_bits(card_key_public(key)));
    free(uri);
    return NULL;
}

static struct error *do_keys(struct card_context *context, const struct card_uri *uri, char **words)
{
    struct card_key_list list;
    (void)words;
    struct error *error = card_find_keys(context, uri, &list);
    for (size_t i = 0; error == NULL && i < list.count; i++)
        error = print_key(list.items[i]);
    card_key_list_clear(&list);
    return error;
}

static struct error *do_key(struct card_context *context, const struct card_uri *uri, char **words)
{
    struct card_key *key;
    (void)words;
    struct error *error = card_find_key(context, uri, &key);
    if (error == NULL)
        error = print_key(key);
    card_key_free(key);
    return error;
}

static struct error *do_certificates(struct card_context *context, const struct card_uri *uri,
                                     char **words)
{
    struct card_certificate_list list;
    (void)words;
    struct error *error = card_find_certificates(context, uri, &list);
    for (size_t i = 0; error == NULL && i < list.count; i++)
        printf("%s %zu\n", list.items[i].uri, list.items[i].der_length);
    card_certificate_list_clear(&list);
    return error;
}

static struct error *do_card(struct card_context *context, const struct card_uri *uri, char **words)
{
    struct card *card;
    const char *serial;
    (void)words;
    struct error *error = card_find(context, uri, &card);
    if (error == NULL)
        error = card_serial(card, &serial);
    if (error == NULL)
        printf("%s\n", serial);
    card_free(card);
    return error;
}

static struct error *do_pin_status(struct card_context *context, const struct card_uri *uri,
                                   char **words)
{
    struct card *card;
    struct card_pin_status status;
    (void)words;
    struct error *error = card_find(context, uri, &card);
    if (error == NULL)
        error = card_pin_status(card, &status);
    if (error == NULL)
        printf("verified=%d blocked=%d tries=%d\n", status.verified, status.blocked,
               status.tries_left);
    card_free(card);
    return error;
}

static struct error *do_sign(struct card_context *context, const struct card_uri *uri, char **words)
{
    struct card_key *key;
    int count = words[0] == NULL ? 1 : atoi(words[0]);
    struct error *error = card_find_key(context, uri, &key);
    for (int i = 0; error == NULL && i < count; i++) {
        if (i > 0 && words[1] != NULL && system(words[1]) != 0)
            error = error_new(ERROR_INTERNAL, "the command in between failed");
        if (error == NULL)
            error = sign_once(key);
        if (error == NULL)
            printf("signed\n");
        (void)fflush(stdout);
    }
    card_key_free(key);
    return error;
}

/* ---- threads ----------------------------------------------------------------------------- */

struct worker {
    pthread_t thread;
    struct card_key *key;
    int count;
    struct error *error;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    for (int i = 0; worker->error == NULL && i < worker->count; i++)
        worker->error = sign_once(worker->key);
    return NULL;
}

static struct error *report(struct worker *workers, int count)
{
    struct error *first = NULL;
    for (int i = 0; i < count; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        printf("thread %d: %s\n", i,
               workers[i].error == NULL ? "good" : error_message(workers[i].error));
        if (first == NULL)
            first = workers[i].error;
        else
            error_free(workers[i].error);
    }
    return first;
}

static struct error *do_threads(struct card_context *context, const struct card_uri *uri,
                                char **words)
{
    struct worker workers[THREADS_MAX] = {0};
    struct card_key *key;
    if (words[0] == NULL || words[1] == NULL || atoi(words[0]) > THREADS_MAX)
        return usage();
    struct error *error = card_find_key(context, uri, &key);
    if (error != NULL)
        return error;
    int started = 0;
    for (; started < atoi(words[0]); started++) {
        workers[started] = (struct worker){.key = key, .count = atoi(words[1])};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
            break;
    }
    error = report(workers, started);
    card_key_free(key);
    return error;
}

/* ---- fork -------------------------------------------------------------------------------- */

static struct error *fork_and_sign(struct card_key *key)
{
    int status = 0;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct error *error = sign_once(key);
        if (error == NULL)
            error = sign_once(key);
        if (error != NULL)
            fprintf(stderr, "child: %s\n", error_message(error));
        _exit(error == NULL ? 0 : 1);
    }
    struct error *error = sign_once(key); /* at the same time */
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        error_free(error);
        error = error_new(ERROR_INTERNAL, "the child failed");
    }
    return error;
}

/* The context goes first: keys live on. */
static struct error *do_fork(struct card_context *context, const struct card_uri *uri, char **words)
{
    struct card_key *key;
    (void)words;
    struct error *error = card_find_key(context, uri, &key);
    if (error == NULL)
        error = sign_once(key);
    if (error == NULL)
        error = fork_and_sign(key);
    if (error == NULL)
        error = sign_once(key);
    card_key_free(key);
    return error;
}

/* ---- administration ---------------------------------------------------------------------- */

static struct error *parse_admin(const char *text, struct secret **out)
{
    return secret_new(text, strlen(text), out);
}

static struct error *do_generate(struct card_context *context, const struct card_uri *uri,
                                 char **words)
{
    struct card *card = NULL;
    struct secret *admin = NULL;
    EVP_PKEY *key = NULL;
    if (words[0] == NULL || words[1] == NULL || words[2] == NULL)
        return usage();
    struct card_generate_options options = {.algorithm = words[1], .overwrite = words[3] != NULL};
    struct error *error = parse_admin(words[2], &admin);
    if (error == NULL)
        error = card_find(context, uri, &card);
    if (error == NULL)
        error = card_generate_key(card, &(struct card_admin){.secret = admin}, words[0], &options,
                                  &key);
    if (error == NULL)
        printf("%s %d\n", EVP_PKEY_get0_type_name(key), EVP_PKEY_get_bits(key));
    EVP_PKEY_free(key);
    card_free(card);
    secret_free(admin);
    return error;
}

static struct error *read_file(const char *path, uint8_t *out, size_t room, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return error_new(ERROR_ARGUMENT, "cannot open %s", path);
    *length = fread(out, 1, room, file);
    (void)fclose(file);
    return NULL;
}

static struct error *do_store(struct card_context *context, const struct card_uri *uri,
                              char **words)
{
    static uint8_t der[65536];
    struct card *card = NULL;
    struct secret *admin = NULL;
    size_t length = 0;
    if (words[0] == NULL || words[1] == NULL || words[2] == NULL)
        return usage();
    struct error *error = parse_admin(words[1], &admin);
    if (error == NULL)
        error = read_file(words[2], der, sizeof(der), &length);
    if (error == NULL)
        error = card_find(context, uri, &card);
    if (error == NULL)
        error = card_store_certificate(card, &(struct card_admin){.secret = admin}, words[0], der,
                                       length);
    card_free(card);
    secret_free(admin);
    return error;
}

/* ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    struct error *(*run)(struct card_context *context, const struct card_uri *uri, char **words);
} commands[] = {
    {"keys", do_keys},       {"key", do_key},   {"certificates", do_certificates},
    {"card", do_card},       {"sign", do_sign}, {"pin-status", do_pin_status},
    {"threads", do_threads}, {"fork", do_fork}, {"generate", do_generate},
    {"store", do_store},
};

static struct error *run(const char *command, const char *text, char **words)
{
    struct card_context *context = NULL;
    struct card_uri *uri = NULL;
    struct error *error = card_uri_parse(text, &uri);
    if (error == NULL)
        error = card_context_new(NULL, &context);
    size_t i = 0;
    while (i < sizeof(commands) / sizeof(commands[0]) && strcmp(commands[i].name, command) != 0)
        i++;
    if (error == NULL)
        error = i == sizeof(commands) / sizeof(commands[0]) ? usage()
                                                            : commands[i].run(context, uri, words);
    card_context_free(context);
    card_uri_free(uri);
    return error;
}

int main(int argc, char **argv)
{
    struct error *error = argc < 3 ? usage() : run(argv[1], argv[2], argv + 3);
    if (error == NULL)
        return 0;
    char *text = error_describe(error);
    fprintf(stderr, "%d: %s\n", (int)error_code(error), text == NULL ? "out of memory" : text);
    free(text);
    error_free(error);
    return 1;
}
