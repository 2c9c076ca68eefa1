/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One HTTPS exchange after another, by libcurl. Only https (but see `plain`), the server's
 * certificate is verified (but see `unverified`), no redirect is followed, and the answer's size
 * and the time it takes are bounded. A proxy of the environment (https_proxy) is used: it carries
 * TLS that it cannot look into.
 */
#ifndef REISSUE_HTTP_H
#define REISSUE_HTTP_H

#include "card/buffer.h"
#include "card/error.h"
#include "http_header.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

struct http;

struct http_options {
    const char *ca_file;           /* whom to trust (PEM), instead of the system's CAs; or NULL */
    const char *user_agent;        /* or NULL */
    EVP_PKEY *client_key;          /* for mutual TLS, of any provider; or NULL */
    X509 *client_certificate;      /* its certificate; both or neither */
    STACK_OF(X509) * client_chain; /* and those above it; or NULL */
    unsigned timeout;              /* seconds for a whole exchange; 0 for HTTP_TIMEOUT */
    bool plain;                    /* http as well: for messages that are protected themselves */
    bool unverified;               /* whoever answers: only to GET what is checked in itself */
};

#define HTTP_TIMEOUT 60

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };

struct http_request {
    enum http_method method;
    const char *url;
    /* URLs, to whose origins alone it may go: whoever attaches credentials or signs names them. */
    const char *const *allowed;
    size_t allowed_count;
    const char *accept;         /* or NULL */
    const char *content_type;   /* of a POST */
    const char *body;           /* of a POST */
    size_t body_length;         /* of a body with bytes of all kinds; 0: it is a text */
    const char *const *headers; /* others, as "Name: value" */
    size_t header_count;
    const char *user, *password; /* for who asks for them (RFC 7617, RFC 7616); or NULL */
    bool once;                   /* it does something, and must not be sent a second time */
    size_t size_max;             /* the longest answer that is taken, in bytes */
};

struct http_response {
    long status;
    struct buffer body;
    char *content_type; /* without parameters, in lower case; these are NULL where absent */
    char *nonce;        /* Replay-Nonce (RFC 8555, 6.5), in base64url */
    char *location;     /* absolute, as are the targets of links */
    struct http_links links;
    long retry_after; /* seconds from now; -1: not said */
};

/* A client. Keeps references to key and certificates. The caller closes it. */
struct error *http_open(const struct http_options *options, struct http **out) MUST_CHECK;
void http_close(struct http *http);

/*
 * One exchange. Whatever the status says is a success here; the caller clears the response, also
 * after an error. ERROR_NETWORK where it is not known whether the server got the request,
 * ERROR_SERVER_IDENTITY, ERROR_SERVER_ANSWER.
 */
struct error *http_exchange(struct http *http, const struct http_request *request,
                            struct http_response *response) MUST_CHECK;

void http_response_clear(struct http_response *response);

/* The `index`th link of that relation, or NULL. */
const char *http_response_link(const struct http_response *response, const char *relation,
                               size_t index);

#endif
