/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue download: the certificate of a job, or the one that is live under a name. */
#include "atomic_file.h"
#include "certificate_text.h"
#include "command.h"
#include "download.h"
#include "exit_code.h"
#include "file.h"
#include "job_command.h"
#include "live.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: reissue download NAME|JOB [OPTION ...]\n"
    "Writes a certificate that reissue has: the one in use under a name, or a job's.\n";

/* ---- what is written --------------------------------------------------------------------- */

/* What is live under the name, else the job's; PEM, for free(). */
static struct error *find_pem(struct state *state, const struct download *download, char **out)
{
    char *path = NULL;
    struct job *job = NULL;
    struct error *error = NULL;

    if (strchr(download->what, '/') == NULL)
        error =
            live_path(state, download->what, download->chain ? "fullchain.pem" : "cert.pem", &path);
    if (error == NULL && path != NULL && access(path, R_OK) == 0) {
        error = file_read_text(path, out);
        free(path);
        return error;
    }
    free(path);
    if (error == NULL)
        error = job_load(state, download->what, &job);
    if (error == NULL && job_get(job, JOB_CERTIFICATE) == NULL)
        error = error_new(ERROR_NOT_FOUND, "the job %s has no certificate yet", job->id);
    if (error == NULL && asprintf(out, "%s%s", job_get(job, JOB_CERTIFICATE),
                                  download->chain ? job_get(job, JOB_CHAIN) : "") < 0)
        error = error_no_memory();
    job_free(job);
    return error;
}

static struct error *write_bytes(const struct download *download, const void *bytes, size_t length)
{
    if (download->out != NULL)
        return atomic_file_write(download->out, ATOMIC_FILE_REPLACE, 0644, bytes, length);
    if (fwrite(bytes, 1, length, stdout) != length || fflush(stdout) != 0)
        return error_new(ERROR_FILE, "cannot write to the standard output");
    return NULL;
}

static struct error *write_der(const struct download *download, const char *pem)
{
    X509 *certificate;
    unsigned char *der = NULL;
    struct error *error = certificate_from_pem(pem, &certificate);
    int length = error == NULL ? i2d_X509(certificate, &der) : 0;

    if (error == NULL && length < 0)
        error = crypto_error("cannot encode the certificate");
    if (error == NULL)
        error = write_bytes(download, der, (size_t)length);
    OPENSSL_free(der);
    X509_free(certificate);
    return error;
}

static struct error *check_form(const struct download *download, bool *der)
{
    *der = download->form != NULL && strcmp(download->form, "der") == 0;
    if (!*der && download->form != NULL && strcmp(download->form, "pem") != 0)
        return error_new(ERROR_ARGUMENT, "--form is pem or der, not %s", download->form);
    if (*der && download->chain)
        return error_new(ERROR_ARGUMENT, "DER holds one certificate: --chain is for PEM");
    return NULL;
}

struct error *download_write(struct state *state, const struct download *download)
{
    char *pem = NULL;
    bool der;
    struct error *error = check_form(download, &der);

    if (error == NULL)
        error = find_pem(state, download, &pem);
    if (error == NULL)
        error = der ? write_der(download, pem) : write_bytes(download, pem, strlen(pem));
    free(pem);
    return error;
}

int download_command(int argc, char **argv)
{
    struct job_command command;
    struct download download = {0};
    const struct option_spec options[] = {
        {"form", "pem|der", "in which form (pem)", &download.form, NULL},
        {"chain", NULL, "with its chain (PEM only)", NULL, &download.chain},
        {"out", "FILE", "there, and not to the standard output", &download.out, NULL},
    };
    int code = job_command_parse(&command, argc, argv, usage, options, 3);
    struct error *error;

    if (code >= 0)
        return code;
    if (argc - optind != 1)
        return job_command_misused(usage);
    download.what = argv[optind];
    command.only_looks = true;
    error = job_command_open(&command);
    if (error == NULL)
        error = download_write(command.run.state, &download);
    job_command_close(&command);
    return error == NULL ? EXIT_CODE_SUCCESS : command_fail(error, command.json);
}
