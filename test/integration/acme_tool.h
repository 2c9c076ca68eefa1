/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of acme_tool share. */
#ifndef TEST_ACME_TOOL_H
#define TEST_ACME_TOOL_H

#include "reissue/acme.h"

struct options {
    const char *directory, *ca, *key, *account, *method, *webroot, *hook, *csr, *out, *profile,
        *replaces, *eab_id, *eab_key, *contact, *certificate_key, *client_key, *client_certificate,
        *origin;
    unsigned port, timeout;
    int existing, counts;
};

extern struct options options;

/* Ends the tool: the test itself is at fault, or what it found cannot be. */
_Noreturn void die(const char *what);

/* ---- files: each ends the tool where it cannot ------------------------------------------- */

EVP_PKEY *load_key(const char *uri);
X509 *load_certificate(const char *path);
int load_csr(const char *path, unsigned char **der);
struct error *save_chain(const struct acme_chain *chain, const char *path) MUST_CHECK;

/* ---- commands ---------------------------------------------------------------------------- */

struct error *account(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *show(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *update(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *deactivate(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *orders(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *key_change(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *find_key(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *order(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *issue(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *finalize_order(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *certificate(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *look_at_authorization(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *give_up(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *look_at_order(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *revoke_certificate(struct acme *acme, char **arguments, int count) MUST_CHECK;
struct error *renewal(struct acme *acme, char **arguments, int count) MUST_CHECK;

#endif
