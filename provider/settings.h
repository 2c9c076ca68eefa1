/* SPDX-License-Identifier: BSD-2-Clause */
/* The provider's section of OpenSSL's configuration; provider_check_settings() judges it. */
#ifndef PROVIDER_SETTINGS_H
#define PROVIDER_SETTINGS_H

#include "provider.h"

/* Fills in what the section says; libcrypto's functions are known. False without memory. */
bool settings_take(struct provider *provider);

/* Frees that. */
void settings_free(struct provider *provider);

/* Whether a setting is that word; `value` is NULL where the section does not say. */
bool setting_is(const char *value, const char *word);

#endif
