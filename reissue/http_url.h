/* SPDX-License-Identifier: BSD-2-Clause */
/* URLs from servers, read by the library that connects to them: two readers could disagree. */
#ifndef REISSUE_HTTP_URL_H
#define REISSUE_HTTP_URL_H

#include "card/error.h"

#include <stdbool.h>
#include <stddef.h>

#define HTTP_URL_MAX 2048

/*
 * An https URL's origin (RFC 6454), "https://host:port" in lower case; the caller frees it.
 * ERROR_SERVER_ANSWER for what is no https URL, is longer than HTTP_URL_MAX, has a user or password
 * in it, or characters that no URL has.
 */
struct error *http_url_origin(const char *url, char **out) MUST_CHECK;

/*
 * That a URL is https, and that its origin is that of one of `allowed` (URLs). ERROR_SERVER_ANSWER
 * says whose host it is.
 */
struct error *http_url_allowed(const char *url, const char *const *allowed,
                               size_t count) MUST_CHECK;

/* The same, but http is fine as well. */
struct error *http_url_allowed_plain(const char *url, const char *const *allowed,
                                     size_t count) MUST_CHECK;

/* A reference relative to `base` (RFC 3986, 5), made absolute; the caller frees it. */
struct error *http_url_resolve(const char *base, const char *reference, char **out) MUST_CHECK;

#endif
