/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key management that is the same for every type of key: all of it delegates to OpenSSL's default
 * provider, whether the key is a software key or the public half of a card key. See
 * provider-keymgmt(7) for what each function takes and returns; those that need the type are
 * wrapped per type.
 */
#ifndef PROVIDER_KEYMGMT_H
#define PROVIDER_KEYMGMT_H

#include "key.h"

OSSL_FUNC_keymgmt_load_fn keymgmt_load;
OSSL_FUNC_keymgmt_free_fn keymgmt_free;
OSSL_FUNC_keymgmt_has_fn keymgmt_has;
OSSL_FUNC_keymgmt_match_fn keymgmt_match;
OSSL_FUNC_keymgmt_validate_fn keymgmt_validate;
OSSL_FUNC_keymgmt_dup_fn keymgmt_dup;
OSSL_FUNC_keymgmt_get_params_fn keymgmt_get_params;
OSSL_FUNC_keymgmt_set_params_fn keymgmt_set_params;
OSSL_FUNC_keymgmt_import_fn keymgmt_import;
OSSL_FUNC_keymgmt_export_fn keymgmt_export;

/* As key_new(), for a type without domain parameters: such a key always has them all. */
struct key *keymgmt_new_without_parameters(struct provider *provider, const char *type);

/* The parameters that the default provider's keys of a type (such as "RSA") have. */
const OSSL_PARAM *keymgmt_gettable_params(struct provider *provider, const char *type);
const OSSL_PARAM *keymgmt_settable_params(struct provider *provider, const char *type);

/*
 * Parameters of key generation that make it take place on a card: where, as a card: URI, and where
 * the card's management key comes from, as in card_admin_key_read().
 */
#define KEYMGMT_PARAM_CARD_URI              "card-uri"
#define KEYMGMT_PARAM_MANAGEMENT_KEY_SOURCE "management-key-source"

/* And "yes" where the key that is in the slot, or may be, is to be lost. */
#define KEYMGMT_PARAM_OVERWRITE_KEY "overwrite-key"

/* All of them, for the tables of settable parameters. */
#define KEYMGMT_CARD_TYPES                                                                         \
    OSSL_PARAM_utf8_string(KEYMGMT_PARAM_CARD_URI, NULL, 0),                                       \
        OSSL_PARAM_utf8_string(KEYMGMT_PARAM_MANAGEMENT_KEY_SOURCE, NULL, 0),                      \
        OSSL_PARAM_utf8_string(KEYMGMT_PARAM_OVERWRITE_KEY, NULL, 0)

/* Key generation, in keymgmt_generate.c. */
void *keymgmt_gen_init(struct provider *provider, const char *type, int selection,
                       const OSSL_PARAM params[]);
OSSL_FUNC_keymgmt_gen_set_template_fn keymgmt_gen_set_template; /* for types with parameters */
OSSL_FUNC_keymgmt_gen_set_params_fn keymgmt_gen_set_params;
OSSL_FUNC_keymgmt_gen_settable_params_fn keymgmt_gen_settable_params; /* of software keys */
OSSL_FUNC_keymgmt_gen_fn keymgmt_gen;
OSSL_FUNC_keymgmt_gen_cleanup_fn keymgmt_gen_cleanup;

/* What the tables of all types have in common. */
#define KEYMGMT_COMMON_FUNCTIONS                                                                   \
    {OSSL_FUNC_KEYMGMT_LOAD, (void (*)(void))keymgmt_load},                                        \
        {OSSL_FUNC_KEYMGMT_FREE, (void (*)(void))keymgmt_free},                                    \
        {OSSL_FUNC_KEYMGMT_HAS, (void (*)(void))keymgmt_has},                                      \
        {OSSL_FUNC_KEYMGMT_MATCH, (void (*)(void))keymgmt_match},                                  \
        {OSSL_FUNC_KEYMGMT_VALIDATE, (void (*)(void))keymgmt_validate},                            \
        {OSSL_FUNC_KEYMGMT_DUP, (void (*)(void))keymgmt_dup},                                      \
        {OSSL_FUNC_KEYMGMT_GET_PARAMS, (void (*)(void))keymgmt_get_params},                        \
        {OSSL_FUNC_KEYMGMT_SET_PARAMS, (void (*)(void))keymgmt_set_params},                        \
        {OSSL_FUNC_KEYMGMT_IMPORT, (void (*)(void))keymgmt_import},                                \
        {OSSL_FUNC_KEYMGMT_EXPORT, (void (*)(void))keymgmt_export},                                \
        {OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, (void (*)(void))keymgmt_gen_set_params},                \
        {OSSL_FUNC_KEYMGMT_GEN, (void (*)(void))keymgmt_gen},                                      \
    {                                                                                              \
        OSSL_FUNC_KEYMGMT_GEN_CLEANUP, (void (*)(void))keymgmt_gen_cleanup                         \
    }

#endif
