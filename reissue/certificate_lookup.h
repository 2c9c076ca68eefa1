/* SPDX-License-Identifier: BSD-2-Clause */
/* The certificate that a person means by a word on the command line. */
#ifndef REISSUE_CERTIFICATE_LOOKUP_H
#define REISSUE_CERTIFICATE_LOOKUP_H

#include "run.h"

#include <openssl/x509.h>

/*
 * The certificate that `word` stands for: a card: URI; a file; a name that a certificate goes by
 * here, whose live one it is; a job, whose certificate it is; the name, as `reissue list` prints
 * it, of one on a card; or the serial number of one that is there or was ever live here. They are
 * tried in this order. *place (for free()) is where it was found: a path or a URI. ERROR_NOT_FOUND,
 * _AMBIGUOUS; ERROR_ARGUMENT for a file that has none in it.
 */
struct error *certificate_lookup(struct run *run, const char *word, X509 **out,
                                 char **place) MUST_CHECK;

#endif
