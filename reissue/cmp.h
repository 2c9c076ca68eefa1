/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CMP (RFC 9810, as RFC 9483 profiles it), by libcrypto's client. It makes and checks the messages;
 * here they are carried, and what the CA has answered is kept, so that a transaction outlives the
 * process that began it: libcrypto is shown the answers again, and goes on where they end.
 */
#ifndef REISSUE_CMP_H
#define REISSUE_CMP_H

#include "card/buffer.h"
#include "card/error.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

struct http;

/* All of it outlives the session. What is not there is NULL. */
struct cmp_options {
    OSSL_LIB_CTX *libctx;
    struct http *http;
    const char *url;
    const char *recipient;        /* the CA's name, as "/C=PL/O=Company/CN=CA" */
    X509 *server_certificate;     /* the only one that protects the CA's answers ... */
    STACK_OF(X509) * trusted;     /* ... or what the CA's own certificates lead to */
    const char *secret_reference; /* the shared secret: its name ... */
    const struct buffer *secret;  /* ... and itself; or a signature, by: */
    X509 *certificate;            /* who asks, */
    EVP_PKEY *key;                /* with this key */
    STACK_OF(X509) * chain;       /* and what is above it */
    bool implicit_confirm;        /* ask for it */
};

struct cmp;

/* ERROR_ARGUMENT for a recipient that is no name. *out is for cmp_close(). */
struct error *cmp_open(const struct cmp_options *options, struct cmp **out) MUST_CHECK;
void cmp_close(struct cmp *cmp);

/* ---- a transaction ----------------------------------------------------------------------- */

enum cmp_kind {
    CMP_FIRST,   /* ir: a first certificate in this PKI */
    CMP_ANOTHER, /* cr: another one */
    CMP_UPDATE,  /* kur: the successor of the one that asks */
    CMP_PKCS10,  /* p10cr: what a request in PKCS #10 says, which was signed elsewhere */
};

/* The first answer, the last one after waiting, and the one to the confirmation. */
#define CMP_ANSWERS_MAX 3
#define CMP_ID_SIZE     33 /* sixteen bytes in hexadecimal digits */

/* What a process needs to go on with a transaction. A zeroed one is none. */
struct cmp_record {
    char id[CMP_ID_SIZE]; /* transactionID */
    enum cmp_kind kind;   /* of request: it stays, whoever asks later */
    struct buffer answers[CMP_ANSWERS_MAX];
    size_t count;
    bool asked; /* something was sent since, whose answer may be lost */
};

/* Begins one, with an identifier of its own. */
struct error *cmp_record_new(enum cmp_kind kind, struct cmp_record *out) MUST_CHECK;

/* The rest as text, for free(), and back; `id` is the transaction's. ERROR_STATE. */
struct error *cmp_record_format(const struct cmp_record *record, char **out) MUST_CHECK;
struct error *cmp_record_parse(const char *id, const char *text, struct cmp_record *out) MUST_CHECK;
void cmp_record_clear(struct cmp_record *record);

struct cmp_request {
    const X509_REQ *csr; /* what is asked for */
    EVP_PKEY *key;       /* its key; NULL for CMP_PKCS10 */
    X509 *predecessor;   /* of CMP_UPDATE */

    /* Whether what came is what was wanted: the certificate, and what came with it. An error has
       the CA told that it is not taken. */
    struct error *(*accept)(void *argument, STACK_OF(X509) * certificates);

    /* Makes the record durable: the CA has answered, and goes on from there. */
    struct error *(*keep)(void *argument, const struct cmp_record *record);
    void *argument;
};

enum cmp_end {
    CMP_ISSUED,    /* accepted, and confirmed where the CA wants that */
    CMP_WAITS,     /* the CA wants to be asked again in so many seconds */
    CMP_OVER,      /* an error, after which nothing of the transaction is left */
    CMP_FORGOTTEN, /* an answer was lost, and the CA does not go on with the transaction */
    CMP_OPEN,      /* another error: the same transaction can be gone on with */
};

/*
 * Sends the request, or goes on with what `record` has of it. *seconds is set for CMP_WAITS. The
 * CA's refusal is ERROR_CA_REFUSED or what else its words mean; an answer that is malformed, not
 * the CA's or not to this request, ERROR_SERVER_ANSWER; ERROR_NETWORK.
 */
struct error *cmp_enrol(struct cmp *cmp, const struct cmp_request *request,
                        struct cmp_record *record, enum cmp_end *end, long *seconds) MUST_CHECK;

/* Asks for the certificate's revocation (rr), for a reason of RFC 5280, 5.3.1.
 * ERROR_ALREADY_REVOKED.
 */
struct error *cmp_revoke(struct cmp *cmp, X509 *certificate, int reason) MUST_CHECK;

#endif
