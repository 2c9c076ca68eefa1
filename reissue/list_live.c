/* SPDX-License-Identifier: BSD-2-Clause */
/* What `reissue list` shows of the certificates that are live: they come from the state. */
#include "certificate_text.h"
#include "command_list.h"
#include "config.h"
#include "live.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct listing {
    struct certificate_scan *scan;
    struct state *state;
};

/* What is under way for it, for free(); NULL where nothing is. */
static struct error *make_note(const char *job, const char *step, char **out)
{
    *out = NULL;
    if (job == NULL || asprintf(out, "job %s: %s", job, step) >= 0)
        return NULL;
    *out = NULL;
    return error_no_memory();
}

/* Each with the newest job that is not at its end, if there is one. */
static const char lineages[] =
    "SELECT lineage.name, lineage.key, certificate.pem, open.id, open.step"
    " FROM lineage JOIN certificate USING (fingerprint) LEFT JOIN"
    " (SELECT value, id, step, MAX(job.rowid) FROM job JOIN job_value ON job = id"
    "  WHERE name = 'name' AND step NOT IN ('done', 'cancelled') GROUP BY value) AS open"
    " ON open.value = lineage.name ORDER BY lineage.name";

static struct error *take_lineage(void *argument, const char *const *row)
{
    const struct listing *listing = argument;
    X509 *certificate = NULL;
    char *place = NULL;
    char *note = NULL;
    struct error *error = certificate_from_pem(row[2], &certificate);

    if (error == NULL)
        error = live_path(listing->state, row[0], "cert.pem", &place);
    if (error == NULL)
        error = make_note(row[3], row[4], &note);
    if (error == NULL)
        error = certificate_scan_add(listing->scan, certificate, place,
                                     row[1][0] == '\0' ? NULL : row[1], note);
    free(note);
    free(place);
    X509_free(certificate);
    return error;
}

/* A state that was never written is not made by looking. */
static bool is_there(const char *directory)
{
    char *path = NULL;
    bool there = asprintf(&path, "%s/state.db", directory) >= 0 && access(path, R_OK | W_OK) == 0;

    free(path);
    return there;
}

static struct error *list_state(struct certificate_scan *scan, const char *directory)
{
    struct listing listing = {.scan = scan};
    struct error *error = state_open(directory, &listing.state);

    if (error == NULL)
        error =
            state_query(listing.state, lineages, (struct state_values){0}, take_lineage, &listing);
    state_close(listing.state);
    return error;
}

struct error *list_live(struct certificate_scan *scan, const struct list_options *options)
{
    struct config *config = NULL;
    char *directory = NULL;
    struct error *error = config_open(options->config_path, &config);

    if (error == NULL)
        error = config_state_directory(config, &directory);
    if (error == NULL && is_there(directory))
        error = list_state(scan, directory);
    free(directory);
    config_free(config);
    return error;
}
