/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates where people say that they are: in a file, or on a card. */
#ifndef REISSUE_CERTIFICATE_PLACE_H
#define REISSUE_CERTIFICATE_PLACE_H

#include "certificate_file.h"
#include "crypto.h"

/*
 * The certificate at `place`, a card: URI or a file, which may have its issuers as well. *out is
 * for certificate_bundle_clear(). ERROR_AMBIGUOUS where several on the card fit; ERROR_ARGUMENT for
 * a file that has none; ERROR_NOT_FOUND, ERROR_FILE.
 */
struct error *certificate_load(struct crypto *crypto, const char *place,
                               struct certificate_bundle *out) MUST_CHECK;

#endif
