/* SPDX-License-Identifier: BSD-2-Clause */
/* What HTTP headers say. */
#ifndef REISSUE_HTTP_HEADER_H
#define REISSUE_HTTP_HEADER_H

#include "card/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* The longest wait that is believed: a year. */
#define HTTP_RETRY_AFTER_MAX (366L * 24 * 60 * 60)

/* A link (RFC 8288) of one relation; one that has several is there several times. */
struct http_link {
    char *relation; /* in lower case */
    char *target;   /* as it is written */
};

struct http_links {
    struct http_link *links;
    size_t count;
};

/* The most links that one answer may have. */
#define HTTP_LINKS_MAX 64

/*
 * Retry-After (RFC 9110, 10.2.3), seconds or a date, as seconds from `now`, at least 0 and at most
 * HTTP_RETRY_AFTER_MAX. -1 for what cannot be read.
 */
long http_retry_after(const char *value, time_t now);

/*
 * Adds the links of a Link header. What is malformed ends the reading of this header; what was read
 * before counts. ERROR_NO_MEMORY; ERROR_SERVER_ANSWER where there are too many.
 */
struct error *http_links_add(struct http_links *links, const char *value) MUST_CHECK;

void http_links_clear(struct http_links *links);

#endif
