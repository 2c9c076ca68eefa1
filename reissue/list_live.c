/* SPDX-License-Identifier: BSD-2-Clause */
/* What `reissue list` shows of the certificates that are live: they come from the state. */
#include "certificate_text.h"
#include "command_list.h"
#include "config.h"
#include "live.h"
#include "renewal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing {
    struct certificate_scan *scan;
    struct state *state;
    const struct config_certificate **configured; /* by name */
    size_t configured_count;
};

/* ---- one of them ------------------------------------------------------------------------- */

/*
 * Each with the newest job that is not at its end, if there is one, and what is remembered of the
 * time that its CA wants it renewed at.
 */
static const char lineages[] =
    "SELECT lineage.name, lineage.key, certificate.pem, lineage.ca, renewal.chosen,"
    " open.id, open.step,"
    " (SELECT value FROM job_value WHERE job = open.id AND name = 'revoke-at')"
    " FROM lineage JOIN certificate USING (fingerprint) LEFT JOIN renewal USING (fingerprint)"
    " LEFT JOIN (SELECT value, id, step, MAX(job.rowid) FROM job JOIN job_value ON job = id"
    "  WHERE name = 'name' AND step NOT IN ('done', 'cancelled') GROUP BY value) AS open"
    " ON open.value = lineage.name ORDER BY lineage.name";

enum { ROW_NAME, ROW_KEY, ROW_PEM, ROW_CA, ROW_CHOSEN, ROW_JOB, ROW_STEP, ROW_REVOKE_AT };

static int by_name(const void *one, const void *other)
{
    const struct config_certificate *const *a = one, *const *b = other;

    return strcmp((*a)->name, (*b)->name);
}

/* There may be thousands: each is looked for among sorted ones. */
static struct error *sort_configured(const struct config *config, struct listing *listing)
{
    listing->configured = calloc(config->certificate_count + 1, sizeof(*listing->configured));
    if (listing->configured == NULL)
        return error_no_memory();
    for (size_t i = 0; i < config->certificate_count; i++)
        listing->configured[i] = &config->certificates[i];
    listing->configured_count = config->certificate_count;
    qsort(listing->configured, listing->configured_count, sizeof(*listing->configured), by_name);
    return NULL;
}

static const struct config_certificate *find_configured(const struct listing *listing,
                                                        const char *name)
{
    const struct config_certificate wanted = {.name = (char *)(uintptr_t)name};
    const struct config_certificate *key = &wanted;
    const struct config_certificate **found =
        bsearch(&key, listing->configured, listing->configured_count, sizeof(*listing->configured),
                by_name);

    return found == NULL ? NULL : *found;
}

static time_t time_of(const char *text)
{
    return text == NULL ? 0 : (time_t)strtoll(text, NULL, 10);
}

/* When `renew` will renew it, as far as that is known without asking the CA: 0 where it will not.
 */
static struct error *find_renewal(const struct listing *listing, const char *const *row,
                                  const X509 *certificate, time_t *out)
{
    const struct config_certificate *config = find_configured(listing, row[ROW_NAME]);
    time_t chosen = time_of(row[ROW_CHOSEN]);
    struct error *error;

    *out = 0;
    if (config == NULL)
        return NULL;
    error = renewal_by_dates(config, certificate, out);
    if (error == NULL && chosen != 0 && chosen < *out)
        *out = chosen;
    return error;
}

/* What is under way for it, for free(); NULL where nothing is. */
static struct error *make_note(const char *const *row, char **out)
{
    *out = NULL;
    if (row[ROW_JOB] == NULL || asprintf(out, "job %s: %s", row[ROW_JOB], row[ROW_STEP]) >= 0)
        return NULL;
    *out = NULL;
    return error_no_memory();
}

static struct error *add(const struct listing *listing, const char *const *row, X509 *certificate)
{
    struct found_lineage lineage = {
        .name = row[ROW_NAME], .ca = row[ROW_CA], .revoke_at = time_of(row[ROW_REVOKE_AT])};
    char *place = NULL;
    char *note = NULL;
    struct error *error = find_renewal(listing, row, certificate, &lineage.renew_at);

    if (error == NULL)
        error = live_path(listing->state, row[ROW_NAME], "cert.pem", &place);
    if (error == NULL)
        error = make_note(row, &note);
    if (error == NULL)
        error = certificate_scan_add(listing->scan, certificate, place,
                                     row[ROW_KEY][0] == '\0' ? NULL : row[ROW_KEY], note);
    if (error == NULL)
        error = certificate_scan_add_lineage(listing->scan, &lineage);
    free(note);
    free(place);
    return error;
}

static struct error *take_lineage(void *argument, const char *const *row)
{
    X509 *certificate = NULL;
    struct error *error = certificate_from_pem(row[ROW_PEM], &certificate);

    if (error == NULL)
        error = add(argument, row, certificate);
    X509_free(certificate);
    return error;
}

/* ---- all of them ------------------------------------------------------------------------- */

struct error *list_state(struct certificate_scan *scan, struct state *state,
                         const struct config *config)
{
    struct listing listing = {.scan = scan, .state = state};
    struct error *error = sort_configured(config, &listing);

    if (error == NULL)
        error = state_query(state, lineages, (struct state_values){0}, take_lineage, &listing);
    free(listing.configured);
    return error;
}

static struct error *list_directory(struct certificate_scan *scan, const char *directory,
                                    const struct config *config)
{
    struct state *state = NULL;
    struct error *error = state_open(directory, &state);

    if (error == NULL)
        error = list_state(scan, state, config);
    state_close(state);
    return error;
}

struct error *list_live(struct certificate_scan *scan, const struct list_options *options)
{
    struct config *config = NULL;
    char *directory = NULL;
    struct error *error = config_open(options->config_path, &config);

    if (error == NULL && options->state_directory == NULL)
        error = config_state_directory(config, &directory);
    else if (error == NULL && (directory = strdup(options->state_directory)) == NULL)
        error = error_no_memory();
    if (error == NULL && state_exists(directory))
        error = list_directory(scan, directory, config);
    free(directory);
    config_free(config);
    return error;
}
