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
static struct error *take_note(void *argument, const char *const *row)
{
    char **note = argument;

    free(*note);
    if (asprintf(note, "job %s: %s", row[0], row[1]) >= 0)
        return NULL;
    *note = NULL;
    return error_no_memory();
}

/* Takes name, CA, key and certificate. */
static struct error *take_lineage(void *argument, const char *const *row)
{
    const struct listing *listing = argument;
    X509 *certificate = NULL;
    char *place = NULL;
    char *note = NULL;
    struct error *error = certificate_from_pem(row[3], &certificate);

    if (error == NULL)
        error = live_path(listing->state, row[0], "cert.pem", &place);
    if (error == NULL)
        error = state_query(listing->state,
                            "SELECT job.id, job.step FROM job JOIN job_value ON job.id = job"
                            " WHERE name = 'name' AND value = ?1"
                            " AND step NOT IN ('done', 'cancelled')",
                            STATE_VALUES(row[0]), take_note, &note);
    if (error == NULL)
        error = certificate_scan_add(listing->scan, certificate, place,
                                     row[2][0] == '\0' ? NULL : row[2], note);
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
        error = state_query(listing.state,
                            "SELECT lineage.name, lineage.ca, lineage.key, certificate.pem"
                            " FROM lineage JOIN certificate USING (fingerprint)"
                            " ORDER BY lineage.name",
                            (struct state_values){0}, take_lineage, &listing);
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
