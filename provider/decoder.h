/* SPDX-License-Identifier: BSD-2-Clause */
/* What decoders have in common. */
#ifndef PROVIDER_DECODER_H
#define PROVIDER_DECODER_H

#include "key.h"

/* A decoder's context is the provider: there is nothing else to remember. */
OSSL_FUNC_decoder_newctx_fn decoder_newctx;
OSSL_FUNC_decoder_freectx_fn decoder_freectx;

/* Key references in DER: for which selections, and reading one that stands for an EC key. */
OSSL_FUNC_decoder_does_selection_fn decoder_does_selection;
OSSL_FUNC_decoder_decode_fn decoder_decode_ec;

/*
 * All the bytes that are there, for decoder_free_der(); NULL where they are more than any of our
 * objects has. They may be anything, somebody's private key included.
 */
uint8_t *decoder_read_der(struct provider *provider, OSSL_CORE_BIO *in, size_t *length);
void decoder_free_der(uint8_t *der);

#endif
