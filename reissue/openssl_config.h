/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An OpenSSL configuration file for programs that know nothing of cards: the one that they would
 * have read, and on top of it the card provider, which makes their new keys on a card.
 */
#ifndef REISSUE_OPENSSL_CONFIG_H
#define REISSUE_OPENSSL_CONFIG_H

#include "card/error.h"

#include <stdio.h>

/*
 * Writes it to `out`. `generate` is a card: URI, `management_key` where the management key comes
 * from, as in card_admin_key_read() (NULL: nowhere). ERROR_ARGUMENT where the present file cannot
 * be read.
 */
struct error *openssl_config_write(FILE *out, const char *generate,
                                   const char *management_key) MUST_CHECK;

#endif
