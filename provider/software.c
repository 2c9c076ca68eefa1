/* SPDX-License-Identifier: BSD-2-Clause */
#include "software.h"
#include "intention.h"

#include <openssl/params.h>

EVP_PKEY_CTX *software_new(struct key *key, int (*start)(EVP_PKEY_CTX *context))
{
    EVP_PKEY_CTX *software;

    if (key == NULL || key->pkey == NULL || !intention_realize(key))
        return NULL;
    software = EVP_PKEY_CTX_new_from_pkey(key->provider->libctx, key->pkey, NULL);
    if (software != NULL && start(software) == 1)
        return software;
    EVP_PKEY_CTX_free(software);
    return NULL;
}

int software_number(EVP_PKEY_CTX *software, const char *parameter, int otherwise)
{
    int number = otherwise;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(parameter, &number),
        OSSL_PARAM_construct_end(),
    };

    return EVP_PKEY_CTX_get_params(software, params) == 1 ? number : otherwise;
}

EVP_MD *software_digest(const struct provider *provider, EVP_PKEY_CTX *software,
                        const char *parameter)
{
    char name[64] = "";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(parameter, name, sizeof(name)),
        OSSL_PARAM_construct_end(),
    };

    if (EVP_PKEY_CTX_get_params(software, params) != 1 || name[0] == '\0')
        return NULL;
    return EVP_MD_fetch(provider->libctx, name, NULL);
}

int software_set_params(EVP_PKEY_CTX *software, const OSSL_PARAM params[])
{
    if (params == NULL || params->key == NULL)
        return 1;
    return software != NULL && EVP_PKEY_CTX_set_params(software, params) == 1;
}

int software_get_params(EVP_PKEY_CTX *software, OSSL_PARAM params[])
{
    return software != NULL && EVP_PKEY_CTX_get_params(software, params) == 1;
}
