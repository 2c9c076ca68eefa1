/* SPDX-License-Identifier: BSD-2-Clause */
/* A certificate that reissue has, written out. */
#ifndef REISSUE_DOWNLOAD_H
#define REISSUE_DOWNLOAD_H

#include "state.h"

struct download {
    const char *what; /* a name that a certificate goes by here, or a job */
    const char *form; /* "pem", "der"; NULL: PEM */
    const char *out;  /* a file, which is replaced; NULL: the standard output */
    bool chain;       /* with its chain; PEM only */
};

/* ERROR_ARGUMENT for a form that there is not; ERROR_NOT_FOUND; ERROR_FILE. */
struct error *download_write(struct state *state, const struct download *download) MUST_CHECK;

#endif
