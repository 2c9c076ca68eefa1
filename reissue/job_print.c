/* SPDX-License-Identifier: BSD-2-Clause */
#include "job_print.h"

#include "ca.h"
#include "clipboard.h"
#include "live.h"
#include "terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_INDENT 10 /* behind a job's id */

void time_text(time_t time, char out[TIME_TEXT_SIZE])
{
    struct tm local;

    (void)strftime(out, TIME_TEXT_SIZE, "%Y-%m-%d %H:%M", localtime_r(&time, &local));
}

/* ---- for machines ------------------------------------------------------------------------ */

static void write_value(struct json_writer *writer, const char *name, const struct job *job,
                        enum job_value value)
{
    if (job_get(job, value) != NULL)
        json_write_string(writer, name, job_get(job, value));
}

void job_write_json(struct json_writer *writer, const struct job *job)
{
    json_write_object(writer, NULL);
    json_write_string(writer, "job", job->id);
    json_write_string(writer, "step", job_step_name(job->step));
    json_write_integer(writer, "created", (long)job->created);
    json_write_integer(writer, "updated", (long)job->updated);
    write_value(writer, "name", job, JOB_NAME);
    write_value(writer, "ca", job, JOB_CA);
    write_value(writer, "key", job, JOB_KEY);
    write_value(writer, "public_key_sha256", job, JOB_PUBLIC_KEY);
    write_value(writer, "csr", job, JOB_CSR);
    write_value(writer, "certificate", job, JOB_CERTIFICATE);
    write_value(writer, "installed", job, JOB_INSTALL);
    write_value(writer, "waits_for", job, JOB_WAITS_FOR);
    if (job_get(job, JOB_WAITS_UNTIL) != NULL)
        json_write_integer(writer, "waits_until", (long)job_get_number(job, JOB_WAITS_UNTIL, 0));
    write_value(writer, "failure", job, JOB_FAILURE);
    json_write_object_end(writer);
}

static struct error *print_json(const struct job *job)
{
    struct json_writer writer = {0};

    job_write_json(&writer, job);
    return json_write_print(&writer);
}

/* ---- for people -------------------------------------------------------------------------- */

static struct error *print_places(const struct job *job, const struct run *run)
{
    char *path;
    struct error *error = live_path(run->state, job_get(job, JOB_NAME), "", &path);

    if (error != NULL)
        return error;
    printf("\n%s has its new certificate.\n  files      %s\n", job_get(job, JOB_NAME), path);
    if (job_get(job, JOB_KEY) != NULL)
        printf("  key        %s\n", job_get(job, JOB_KEY));
    if (job_get(job, JOB_INSTALL) != NULL)
        printf("  installed  %s\n", job_get(job, JOB_INSTALL));
    if (job->step == STEP_REVOCATION_OWED)
        printf("  to come    %s\n", job_get(job, JOB_WAITS_FOR));
    free(path);
    return NULL;
}

/* What a person does with a request, step by step; only to a terminal, for it is long. */
static void print_request(const struct job *job)
{
    const char *csr = job_get(job, JOB_CSR);
    bool copied = clipboard_copy(stdout, csr);

    printf("\n%s\n1. Give this request to your CA: %spaste it into the CA's web page, or send the "
           "file\n"
           "   %s\n"
           "2. Wait for as long as that takes: nothing runs meanwhile, and nothing is locked.\n"
           "3. With what the CA sends (PEM, DER or PKCS #7):\n\n"
           "   reissue resume %s --cert FILE\n\n"
           "reissue status says what is waited for.\n",
           csr, copied ? "it was offered to the clipboard;\n   " : "", job_get(job, JOB_ORDER),
           job->id);
}

static bool waits_for_person(const struct job *job, const struct run *run)
{
    const struct ca *ca = NULL;
    struct error *error = ca_find(run, job, &ca);

    error_free(error); /* then it is none that a person is the way to */
    return ca == &manual_ca && job->step == STEP_FINALIZE_SENT && job_get(job, JOB_ORDER) != NULL;
}

struct error *job_print_outcome(const struct job *job, const struct run *run, bool json)
{
    if (json)
        return print_json(job);
    if (job->step == STEP_CANCELLED)
        printf("\nThe job %s is cancelled.\n", job->id);
    else if (job->step >= STEP_DEPLOYED)
        return print_places(job, run);
    else if (isatty(STDOUT_FILENO) && run != NULL && waits_for_person(job, run))
        print_request(job);
    else
        printf("\nThe job %s waits for %s\n", job->id, job_get(job, JOB_WAITS_FOR));
    return NULL;
}

/* Below a job's line; in one line for whoever reads it by program. */
static void print_indented(const char *what, const char *text)
{
    int used = printf("          %s ", what);

    if (terminal_width(stdout) > 0)
        terminal_print_wrapped(stdout, text, (size_t)used, LINE_INDENT);
    else
        printf("%s\n", text);
}

void job_print_line(const struct job *job)
{
    char updated[TIME_TEXT_SIZE];
    const char *waits = job_get(job, JOB_WAITS_FOR);
    const char *failure = job_get(job, JOB_FAILURE);

    time_text(job->updated, updated);
    printf("%s  %-20s %-20s %s\n", job->id, job_get(job, JOB_NAME), job_step_name(job->step),
           updated);
    if (failure != NULL)
        print_indented("failed:", failure);
    else if (waits != NULL)
        print_indented("waits for", waits);
}
