/* SPDX-License-Identifier: BSD-2-Clause */
/* How other parts get what they know into `reissue list`. */
#ifndef REISSUE_COMMAND_LIST_H
#define REISSUE_COMMAND_LIST_H

#include "certificate_scan.h"

struct list_options {
    const char *config_path; /* --config, or NULL */
};

/* Adds certificates by certificate_scan_add(); listed in command_list.c. */
typedef struct error *certificate_source(struct certificate_scan *scan,
                                         const struct list_options *options);

/* Those that are live, from the state; ERROR_STATE, _CONFIG. */
certificate_source list_live;

#endif
