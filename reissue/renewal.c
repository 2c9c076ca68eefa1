/* SPDX-License-Identifier: BSD-2-Clause */
#include "renewal.h"

#include "ca_acme.h"
#include "certificate_text.h"
#include "describe.h"
#include "file.h"
#include "job_command.h"
#include "live.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long to leave a CA alone that does not say so, in seconds: RFC 9773, 4.3.2. */
#define ASK_AGAIN (6L * 60 * 60)

/* Who is to be left alone for longer than that, was so by a clock that was wrong, in seconds. */
#define LEFT_ALONE_MAX (7L * 24 * 60 * 60)

/* ---- by the certificate's own dates ------------------------------------------------------ */

struct error *renewal_by_dates(const struct config_certificate *config, const X509 *certificate,
                               time_t *out)
{
    time_t start = 0;
    time_t end = 0;
    long before = 0;
    struct error *error = describe_seconds(X509_get0_notBefore(certificate), &start);

    if (error == NULL)
        error = describe_seconds(X509_get0_notAfter(certificate), &end);
    if (error == NULL && config->renew_before != NULL)
        error = duration_parse(config->renew_before, &before);
    if (error == NULL)
        *out = config->renew_before != NULL ? end - before : start + (end - start) / 3 * 2;
    return error;
}

/* ---- by the CA's window ------------------------------------------------------------------ */

/* What is remembered of a certificate's window. */
struct window {
    time_t chosen;    /* the moment in it; 0: none was given */
    time_t ask_again; /* 0: nobody was asked yet */
};

static struct error *take_window(void *argument, const char *const *row)
{
    struct window *window = argument;

    window->chosen = (time_t)strtoll(row[0], NULL, 10);
    window->ask_again = (time_t)strtoll(row[1], NULL, 10);
    return NULL;
}

/* Any moment in the window, so that not everybody comes at its beginning (RFC 9773, 4.2). */
static time_t choose_moment(const struct acme_renewal *renewal)
{
    unsigned long long random = 0;
    unsigned long long length = (unsigned long long)(renewal->end - renewal->start);

    if (renewal->end <= renewal->start || RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
        return renewal->start;
    return renewal->start + (time_t)(random % length);
}

static struct error *save_window(struct run *run, const char *fingerprint,
                                 const struct window *window)
{
    char chosen[24];
    char again[24];

    (void)snprintf(chosen, sizeof(chosen), "%lld", (long long)window->chosen);
    (void)snprintf(again, sizeof(again), "%lld", (long long)window->ask_again);
    return state_run(run->state,
                     "INSERT OR REPLACE INTO renewal (fingerprint, chosen, ask_again)"
                     " VALUES (?1, ?2, ?3)",
                     STATE_VALUES(fingerprint, chosen, again));
}

/* A window that has not moved keeps its moment. */
static void take_answer(const struct acme_renewal *renewal, struct window *window)
{
    long again = renewal->retry_after >= 0 ? renewal->retry_after : ASK_AGAIN;

    if (again > LEFT_ALONE_MAX)
        again = LEFT_ALONE_MAX;
    if (window->chosen < renewal->start || window->chosen > renewal->end)
        window->chosen = choose_moment(renewal);
    window->ask_again = time(NULL) + again;
}

/* That the CA told no window, and why; unless it has none (owned). */
static void tell_no_answer(struct run *run, const char *name, struct error *error)
{
    char *text = error_code(error) == ERROR_UNSUPPORTED ? NULL : error_describe(error);

    if (text != NULL)
        run_tell(run, NULL, "%s: the CA did not say when to renew: %s", name, text);
    free(text);
    error_free(error);
}

/* A CA that has no such windows is left alone for a while. One that cannot be asked now, or answers
   nonsense, is asked by the next run; what it said before still counts. */
static void ask_ca(struct run *run, const struct config_certificate *config, X509 *certificate,
                   struct window *window)
{
    struct acme_renewal renewal = {0};
    struct acme_ca *ca;
    char *identifier = NULL;
    struct error *error = acme_ca_reach(run, config->ca, &ca);

    if (error == NULL)
        error = acme_certificate_id(certificate, &identifier);
    if (error == NULL)
        error = acme_renewal_get(ca->acme, identifier, &renewal);
    if (error == NULL)
        take_answer(&renewal, window);
    else if (error_code(error) == ERROR_UNSUPPORTED)
        window->ask_again = time(NULL) + ASK_AGAIN;
    acme_renewal_clear(&renewal);
    free(identifier);
    if (error != NULL)
        tell_no_answer(run, config->name, error);
}

static struct error *find_window(struct run *run, const struct config_certificate *config,
                                 X509 *certificate, struct window *window)
{
    char fingerprint[FINGERPRINT_SIZE];
    time_t now = time(NULL);
    struct error *error = certificate_fingerprint(certificate, fingerprint);

    if (error == NULL)
        error =
            state_query(run->state, "SELECT chosen, ask_again FROM renewal WHERE fingerprint = ?1",
                        STATE_VALUES(fingerprint), take_window, window);
    if (error == NULL && (window->ask_again <= now || window->ask_again > now + LEFT_ALONE_MAX)) {
        ask_ca(run, config, certificate, window);
        error = save_window(run, fingerprint, window);
    }
    return error;
}

/*
 * The window counts instead of two thirds of the lifetime, earlier or later, but not beyond the
 * certificate's end, which would be too late. What the configuration says is the latest.
 */
static struct error *due_by_window(struct run *run, const struct config_certificate *config,
                                   X509 *certificate, time_t *out)
{
    const struct config_ca *ca =
        config->ca == NULL ? NULL : config_find_ca(run->config, config->ca);
    struct window window = {0};
    time_t end = 0;
    struct error *error;

    if (ca == NULL || (ca->type != NULL && strcmp(ca->type, "acme") != 0))
        return NULL;
    error = find_window(run, config, certificate, &window);
    if (error == NULL)
        error = describe_seconds(X509_get0_notAfter(certificate), &end);
    if (error == NULL && window.chosen != 0 &&
        (window.chosen < *out || (config->renew_before == NULL && window.chosen < end)))
        *out = window.chosen;
    return error;
}

struct error *renewal_due(struct run *run, const struct config_certificate *config, time_t *out)
{
    char *path = NULL;
    char *pem = NULL;
    X509 *certificate = NULL;
    struct error *error = live_path(run->state, config->name, "cert.pem", &path);

    if (error == NULL)
        error = file_read_text(path, &pem);
    if (error == NULL)
        error = certificate_from_pem(pem, &certificate);
    if (error == NULL)
        error = renewal_by_dates(config, certificate, out);
    if (error == NULL)
        error = due_by_window(run, config, certificate, out);
    X509_free(certificate);
    free(pem);
    free(path);
    return error;
}
