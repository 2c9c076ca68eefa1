/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be wrong with a value in the configuration. */
#ifndef REISSUE_CONFIG_CHECK_H
#define REISSUE_CONFIG_CHECK_H

#include "card/error.h"

/* ERROR_CONFIG says what the value has to be. */
typedef struct error *config_check(const char *value);

/* The types of CA, for people. */
#define CONFIG_CA_TYPES "manual, acme, certum, cmp or est"

config_check config_check_text;        /* anything but nothing */
config_check config_check_word;        /* no blanks in it */
config_check config_check_path;        /* absolute */
config_check config_check_https;       /* a URL */
config_check config_check_url;         /* one that may be http as well */
config_check config_check_label;       /* a part of a URL's path */
config_check config_check_fingerprint; /* SHA-256 in hexadecimal digits, with or without colons */
config_check config_check_yes_no;      /* yes or no */
config_check config_check_key_place;   /* an absolute path, or a card: URI */
config_check config_check_secret_file; /* an absolute path to a file that nobody else can read */
config_check config_check_names;       /* list of names */
config_check config_check_algorithm;   /* RSA-3072, P-256, ... */
config_check config_check_source;      /* file:PATH, env:NAME, credential:NAME or factory */
config_check config_check_duration;    /* 14d */
config_check config_check_ca_type;
config_check config_check_challenge;
config_check config_check_contacts;
config_check config_check_validations; /* of Certum's */
config_check config_check_approver;    /* admin, ... */
config_check config_check_terms;

#endif
