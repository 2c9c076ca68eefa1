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
 * How a reference that was encrypted is told from a plain one between the two steps, in place of
 * the tag of its SEQUENCE: the application's answer has been the passphrase, and would be again
 * (-passin) if it were asked for the PIN. The structure's name would say it better, but the `file`
 * store does not pass that on.
 */
#define REFERENCE_TAG        0x30
#define REFERENCE_TAG_OPENED 0x7e

/*
 * Fails the step from DER to a key; returns 0. The error is put on OpenSSL's queue by the step from
 * PEM around it, where there is one: libcrypto may drop errors of the steps within. Frees it.
 */
int decoder_fail(struct provider *provider, struct error *error);

/*
 * All the bytes that are there, for decoder_free_der(); NULL where they are more than any of our
 * objects has. They may be anything, somebody's private key included.
 */
uint8_t *decoder_read_der(struct provider *provider, OSSL_CORE_BIO *in, size_t *length);
void decoder_free_der(uint8_t *der);

#endif
