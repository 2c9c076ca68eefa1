/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking an answer as it comes in, within limits. */
#ifndef REISSUE_HTTP_RECEIVE_H
#define REISSUE_HTTP_RECEIVE_H

#include "http.h"

#include <stddef.h>

/* All headers of one answer together. */
#define HTTP_HEADERS_MAX ((size_t)64 * 1024)

struct http_receiver {
    struct http_response *response;
    size_t size_max;
    size_t header_size;
    struct error *error; /* why the receiving was broken off */
};

/* libcurl's callbacks; `data` is the receiver. */
size_t http_receive_header(char *line, size_t size, size_t count, void *data);
size_t http_receive_body(char *bytes, size_t size, size_t count, void *data);

/* Makes the URLs of a complete answer absolute. */
struct error *http_receive_end(struct http_receiver *receiver, const char *url) MUST_CHECK;

#endif
