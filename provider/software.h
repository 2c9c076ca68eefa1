/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Software contexts: the EVP_PKEY_CTX of OpenSSL's default provider that every context of ours
 * keeps beside it. With a software key it does all the work; with a card key it holds and checks
 * the parameters, so that they mean what they mean in OpenSSL.
 */
#ifndef PROVIDER_SOFTWARE_H
#define PROVIDER_SOFTWARE_H

#include "key.h"

/* A new context on the key's software half, for EVP_PKEY_CTX_free(), started with `start` (such as
   EVP_PKEY_decrypt_init); NULL where there is none or it does not start. */
EVP_PKEY_CTX *software_new(struct key *key, int (*start)(EVP_PKEY_CTX *context));

/* A number that is set in the context; `otherwise` where the context does not say. */
int software_number(EVP_PKEY_CTX *software, const char *parameter, int otherwise);

/* The digest that one of the context's parameters names, for EVP_MD_free(); NULL where none is. */
EVP_MD *software_digest(const struct provider *provider, EVP_PKEY_CTX *software,
                        const char *parameter);

/* As the set_ctx_params and get_ctx_params of every operation; NULL context: nothing is started. */
int software_set_params(EVP_PKEY_CTX *software, const OSSL_PARAM params[]);
int software_get_params(EVP_PKEY_CTX *software, OSSL_PARAM params[]);

#endif
