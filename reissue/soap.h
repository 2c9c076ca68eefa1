/* SPDX-License-Identifier: BSD-2-Clause */
/* SOAP 1.1 over https, document/literal: one call after another to one service. */
#ifndef REISSUE_SOAP_H
#define REISSUE_SOAP_H

#include "http.h"
#include "xml.h"

#include <stdbool.h>

struct soap_options {
    const char *url;     /* of the service: https; every call goes there, and nowhere else */
    const char *space;   /* the namespace of its operations */
    const char *service; /* what it is called in messages: "Certum" */
    struct http_options http;
};

struct soap;

struct soap_call {
    const char *operation; /* in the service's namespace */
    bool once;             /* it does something, and must not be sent a second time */

    /* Writes what stands in the operation's element. */
    void (*write)(struct xml_writer *writer, const void *argument);
    const void *argument;
};

/* Opens a client; the texts in `options` have to last as long. The caller closes it. */
struct error *soap_open(const struct soap_options *options, struct soap **out) MUST_CHECK;
void soap_close(struct soap *soap);

/*
 * Makes a call. `*answer` is the document, for xml_free(), and `*content` in it what the envelope's
 * body holds. The request is wiped: it may have a password in it.
 *
 * ERROR_CA_REFUSED: the service has read the request, and refused it (a Fault of the Client's
 * kind). ERROR_CA_TROUBLE: it has a fault of its own. After these two nothing was done, unless
 * `once` is set: then a fault of its own is ERROR_NETWORK, like all else after which that is not
 * known, but for ERROR_SERVER_IDENTITY (nothing was sent) and ERROR_SERVER_ANSWER (it makes no
 * sense).
 */
struct error *soap_call(struct soap *soap, const struct soap_call *call, struct xml **answer,
                        const struct xml **content) MUST_CHECK;

#endif
