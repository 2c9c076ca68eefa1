/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration, an ini file: reissue.conf(5). Every value is checked when it is read, and what
 * is not known, or said twice, is an error with its file and line.
 */
#ifndef REISSUE_CONFIG_H
#define REISSUE_CONFIG_H

#include "card/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a value says nothing, it is NULL. Lists are written with blanks in between; a value that
   went on in further lines has a blank in place of each line's end. */

/* [ca NAME]. Which types of CA have which key is in config_table.c. */
struct config_ca {
    char *name;
    int line;          /* of its header */
    char *type;        /* "manual", "acme", "certum", "cmp", "est" */
    char *ca_file;     /* whom to trust, in place of the system's CAs */
    char *directory;   /* of ACME: its URL */
    char *account_key; /* a file (made where there is none), or a card: URI */
    char *contact;     /* list of mailto: URLs */
    char *terms;       /* "agreed" */
    char *eab_id;
    char *eab_key_file;
    char *profile;
    char *preferred_chain; /* the common name of an issuer in it */
    char *challenge;       /* list of "http-01", "dns-01", "tls-alpn-01" */
    char *webroot;         /* of http-01; without one, it listens itself */
    char *dns_hook;        /* a [hook NAME] */
    char *listen;          /* ADDRESS:PORT for the listener */
    char *url;             /* of the service */
    char *user;
    char *password_file;
    char *validation;         /* list of Certum's: "dns-txt", "dns-cname", "file", "email" */
    char *approver;           /* whom the mail is for */
    char *client_certificate; /* a file, or a card: URI: with its key, the client's own proof */
    char *client_key;         /* a file, or a card: URI */
    char *label;              /* of EST: which of the service's CAs (RFC 7030, 3.2.2) */
    char *ca_fingerprint;     /* SHA-256 of the CA's certificate that is trusted at first sight */
    char *recipient;          /* of CMP: the CA's name, as in /C=PL/O=Company/CN=CA */
    char *server_certificate; /* of CMP: what protects its answers, a file */
    char *secret_reference;   /* of CMP: the name of the shared secret ... */
    char *secret_file;        /* ... and where it is */
    char *implicit_confirm;   /* of CMP: "yes" or "no" */
};

/* [certificate NAME] */
struct config_certificate {
    char *name;
    int line; /* of its header */
    char *ca;
    char *names;        /* list: example.org dns:..., ip:..., email:... */
    char *key;          /* the key that there is, to be kept */
    char *new_key;      /* where new ones are made */
    char *algorithm;    /* what kind they are */
    char *validation;   /* the one of the CA's that is used */
    char *install;      /* a card: URI, or a file */
    char *deploy_hook;  /* list of [hook NAME]s */
    char *renew_before; /* a duration; two thirds of the lifetime otherwise */
    char *revoke_after; /* a duration */
    char *pin_source, *management_key_source, *passphrase_source;
};

/* [hook NAME] */
struct config_hook {
    char *name;
    int line;      /* of its header */
    char *command; /* absolute path and arguments, with blanks in between */
    char *timeout; /* a duration */
};

struct config {
    char *path; /* or NULL: there is no such file */
    char *state_directory;
    struct config_ca *cas;
    size_t ca_count;
    struct config_certificate *certificates;
    size_t certificate_count;
    struct config_hook *hooks;
    size_t hook_count;
};

/*
 * Reads the configuration from `path`, or from where it usually is (NULL): there it may be missing.
 * ERROR_CONFIG, with file and line. *out is for config_free().
 */
struct error *config_open(const char *path, struct config **out) MUST_CHECK;
void config_free(struct config *config);

/*
 * Looks at what the configuration names and reading it does not: that files are there, that secrets
 * are kept as such, that hooks can be run and are changed by nobody else. ERROR_CONFIG, with file
 * and line.
 */
struct error *config_check_files(const struct config *config) MUST_CHECK;

/* Where the state is: what the configuration says, or the usual place, for free(). */
struct error *config_state_directory(const struct config *config, char **out) MUST_CHECK;

/* The section of that name; NULL where there is none. */
const struct config_ca *config_find_ca(const struct config *config, const char *name);
const struct config_certificate *config_find_certificate(const struct config *config,
                                                         const char *name);
const struct config_hook *config_find_hook(const struct config *config, const char *name);

#endif
