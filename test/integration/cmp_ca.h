/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the tests' CA share. */
#ifndef CMP_CA_H
#define CMP_CA_H

#include <openssl/cmp.h>
#include <stdbool.h>
#include <stddef.h>

struct ca {
    const char *directory;
    X509 *certificate, *other_certificate, *customer_certificate;
    EVP_PKEY *key, *other_key, *customer_key;
    const char *secret; /* or NULL: signatures */
    bool implicit_confirm;
    OSSL_CMP_SRV_CTX *server;
    OSSL_CMP_MSG *waiting; /* the request that is being thought about */
    int polls;             /* how often it will be asked for in vain */
    int check_after;       /* how long to wait in between, in seconds */
    bool has_issued;       /* in this exchange */
};

/* Writes a line to the CA's log. */
void ca_log(const struct ca *ca, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Whether the file "behave" has a line that begins with this word: takes it out, and copies what
 * follows the word to `rest`.
 */
bool ca_behaves(const struct ca *ca, const char *word, char *rest, size_t size);

/* Ends with a message where something cannot be. */
void *ca_need(void *pointer, const char *what);

/* The answer to a message; NULL where there is none. */
OSSL_CMP_MSG *ca_answer(struct ca *ca, OSSL_CMP_MSG *request);

/* The library's functions that issue and revoke. */
void ca_open_server(struct ca *ca);

/* Serves at 127.0.0.1:port for ever. */
void ca_serve(struct ca *ca, int port);

#endif
