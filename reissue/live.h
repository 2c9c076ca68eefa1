/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What other programs read: live/NAME/ below the state directory, with cert.pem, chain.pem,
 * fullchain.pem, privkey.pem (the key, or its reference) and bundle.pem (the last two in one file).
 * It is switched as a whole: there is no moment at which it is missing, or at which files of two
 * certificates lie beside each other. What was there before is kept in archive/NAME/.
 */
#ifndef REISSUE_LIVE_H
#define REISSUE_LIVE_H

#include "state.h"

struct live_files {
    const char *certificate; /* PEM */
    const char *chain;       /* PEM, may be empty */
    const char *key;         /* PEM, or NULL where the key is not ours to give */
};

/*
 * Makes live/NAME/ hold these files, durably. `id` names this change: the same one may be asked for
 * again. ERROR_FILE.
 */
struct error *live_switch(const struct state *state, const char *name, const char *id,
                          const struct live_files *files) MUST_CHECK;

/* The path of a file in live/NAME/; the caller frees it. */
struct error *live_path(const struct state *state, const char *name, const char *file,
                        char **out) MUST_CHECK;

#endif
