/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Meeting challenges: by a file below a web server's root, by listeners of our own, by a hook that
 * changes the DNS. Publishing twice is the same as once, and so is removing.
 */
#ifndef REISSUE_CHALLENGE_H
#define REISSUE_CHALLENGE_H

#include "card/error.h"
#include "hook.h"

#include <stddef.h>

/* ---- http-01 (RFC 8555, 8.3) by a file --------------------------------------------------- */

/*
 * Writes the key authorization to ROOT/.well-known/acme-challenge/TOKEN, readable by all, as a
 * whole or not at all. Directories that are missing are made; links below ROOT are not followed,
 * since whoever may write there could lead us elsewhere. ERROR_FILE.
 */
struct error *challenge_webroot_publish(const char *root, const char *token,
                                        const char *key_authorization) MUST_CHECK;

/* Removes it; one that is gone is fine. The directories stay. */
struct error *challenge_webroot_remove(const char *root, const char *token) MUST_CHECK;

/* The same for ROOT/.well-known/DIRECTORY/NAME: both are the caller's own words. */
struct error *challenge_webroot_publish_file(const char *root, const char *directory,
                                             const char *name, const char *text) MUST_CHECK;
struct error *challenge_webroot_remove_file(const char *root, const char *directory,
                                            const char *name) MUST_CHECK;

/* ---- listeners of our own ---------------------------------------------------------------- */

/* One challenge that a listener meets; each text is copied. */
struct challenge_answer {
    const char *identifier; /* the name or address that is validated */
    const char *token;
    const char *key_authorization;
};

struct challenge_listener;

/*
 * Answers http-01 for all of `answers` at that address (NULL: any, IPv4 and IPv6) and port (80 for
 * CAs), in threads of its own, until it is closed. Every connection has a few seconds.
 * ERROR_NETWORK where the port is taken, or not ours to take.
 */
struct error *challenge_http_listen(const char *address, unsigned port,
                                    const struct challenge_answer *answers, size_t count,
                                    struct challenge_listener **out) MUST_CHECK;

/* The same for tls-alpn-01 (RFC 8737), port 443. */
struct error *challenge_tls_alpn_listen(const char *address, unsigned port,
                                        const struct challenge_answer *answers, size_t count,
                                        struct challenge_listener **out) MUST_CHECK;

/* Stops listening, and waits for what is being answered. NULL is fine. */
void challenge_listener_close(struct challenge_listener *listener);

/* ---- dns-01 (RFC 8555, 8.4) -------------------------------------------------------------- */

/* The TXT record's value for a key authorization; the caller frees it. */
struct error *challenge_dns_value(const char *key_authorization, char **out) MUST_CHECK;

/* The record's name, "_acme-challenge." and the name without "*."; the caller frees it. */
struct error *challenge_dns_name(const char *identifier, char **out) MUST_CHECK;

enum challenge_action { CHALLENGE_PUBLISH, CHALLENGE_REMOVE };

/* A DNS record that a CA looks for. */
struct challenge_record {
    const char *identifier; /* the name that is validated */
    const char *name;       /* the record's; without the final dot */
    const char *type;       /* "TXT" or "CNAME" */
    const char *value;
};

/*
 * Runs a hook that publishes or removes a record. It is told in its environment: REISSUE_ACTION
 * (publish, remove), REISSUE_IDENTIFIER, REISSUE_DNS_NAME, REISSUE_DNS_TYPE, REISSUE_DNS_VALUE,
 * besides what `hook` itself names. ERROR_HOOK unless it exits with 0.
 */
struct error *challenge_record_hook(const struct hook *hook, enum challenge_action action,
                                    const struct challenge_record *record) MUST_CHECK;

/* The same for the record of dns-01. */
struct error *challenge_dns_hook(const struct hook *hook, enum challenge_action action,
                                 const char *identifier, const char *key_authorization) MUST_CHECK;

#endif
