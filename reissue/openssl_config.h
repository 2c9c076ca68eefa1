/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An OpenSSL configuration file for programs that know nothing of cards: the one that they would
 * have read, and on top of it the card provider, which makes their new keys on a card.
 */
#ifndef REISSUE_OPENSSL_CONFIG_H
#define REISSUE_OPENSSL_CONFIG_H

#include "card/error.h"

#include <stdbool.h>
#include <stdio.h>

/* What the provider's section says; NULL for what it does not say. */
struct openssl_config_settings {
    char *generate;       /* where new keys are made, a card: URI */
    char *pin_source;     /* where PINs come from */
    char *management_key; /* where the management key comes from, as in card_admin_key_read() */
    char *report;         /* a file that gets a line for each key whose reference was lost */
    bool overwrite_key;   /* new keys replace those in their slots */
};

/* Writes it to `out`. ERROR_ARGUMENT where the present file cannot be read. */
struct error *openssl_config_write(FILE *out,
                                   const struct openssl_config_settings *settings) MUST_CHECK;

#endif
