/* SPDX-License-Identifier: BSD-2-Clause */
/* The certificate in the state, and in the files that other programs read. */
#include "atomic_file.h"
#include "certificate_text.h"
#include "describe.h"
#include "file.h"
#include "live.h"
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- in the state ------------------------------------------------------------------------ */

static struct error *note_certificate(struct run *run, const struct job *job)
{
    const char *pem = job_get(job, JOB_CERTIFICATE);
    char fingerprint[FINGERPRINT_SIZE];
    char end_text[24];
    X509 *certificate = NULL;
    time_t end = 0;
    struct error *error = certificate_from_pem(pem, &certificate);

    if (error == NULL)
        error = certificate_fingerprint(certificate, fingerprint);
    if (error == NULL)
        error = describe_seconds(X509_get0_notAfter(certificate), &end);
    X509_free(certificate);
    if (error != NULL)
        return error;
    (void)snprintf(end_text, sizeof(end_text), "%lld", (long long)end);
    return state_run(run->state,
                     "INSERT OR IGNORE INTO certificate (fingerprint, lineage, pem, not_after)"
                     " VALUES (?1, ?2, ?3, ?4)",
                     STATE_VALUES(fingerprint, job_get(job, JOB_NAME), pem, end_text));
}

/* ---- as a file of the job ---------------------------------------------------------------- */

/* Whatever happens to the card or to the live files: what the CA gave is here. */
static struct error *keep_certificate(struct run *run, const struct job *job)
{
    char *path = NULL;
    char *text = NULL;
    struct error *error = state_path(run->state, &path, "jobs/%s/fullchain.pem", job->id);

    if (error == NULL &&
        asprintf(&text, "%s%s", job_get(job, JOB_CERTIFICATE), job_get(job, JOB_CHAIN)) < 0)
        error = error_no_memory();
    if (error == NULL)
        error = state_job_directory(run->state, job->id);
    if (error == NULL)
        error = atomic_file_write(path, ATOMIC_FILE_REPLACE, 0644, text, strlen(text));
    if (error == NULL)
        run_tell(run, job, "the certificate is in %s", path);
    free(text);
    free(path);
    return error;
}

struct error *step_store(struct run *run, struct job *job, enum step_end *end)
{
    struct error *error;

    (void)end;
    run_tell_step(run, job);
    error = note_certificate(run, job);
    return error != NULL ? error : keep_certificate(run, job);
}

/* ---- the live files ---------------------------------------------------------------------- */

/* What goes into privkey.pem, for free(); NULL where the key is not known here. */
static struct error *key_text(const struct job *job, char **out)
{
    const char *reference = job_get(job, JOB_KEY_PEM);
    const char *file = job_get(job, JOB_KEY);

    *out = NULL;
    if (reference != NULL) {
        *out = strdup(reference);
        return *out == NULL ? error_no_memory() : NULL;
    }
    return file == NULL ? NULL : file_read_text(file, out);
}

static struct error *note_lineage(struct run *run, const struct job *job)
{
    char fingerprint[FINGERPRINT_SIZE];
    const char *key = job_get(job, JOB_KEY);
    struct error *error = certificate_pem_fingerprint(job_get(job, JOB_CERTIFICATE), fingerprint);

    if (error != NULL)
        return error;
    return state_run(run->state,
                     "INSERT OR REPLACE INTO lineage (name, ca, job, key, fingerprint)"
                     " VALUES (?1, ?2, ?3, ?4, ?5)",
                     STATE_VALUES(job_get(job, JOB_NAME), job_get(job, JOB_CA), job->id,
                                  key == NULL ? "" : key, fingerprint));
}

struct error *step_switch(struct run *run, struct job *job, enum step_end *end)
{
    struct live_files files = {
        .certificate = job_get(job, JOB_CERTIFICATE),
        .chain = job_get(job, JOB_CHAIN),
    };
    char *key = NULL;
    struct error *error;

    (void)end;
    run_tell_step(run, job);
    error = key_text(job, &key);
    files.key = key;
    if (error == NULL)
        error = live_switch(run->state, job_get(job, JOB_NAME), job->id, &files);
    if (error == NULL)
        error = note_lineage(run, job);
    if (key != NULL)
        OPENSSL_cleanse(key, strlen(key));
    free(key);
    return error;
}
