/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue install: a certificate that is there already, on a card beside its key, or into files. */
#include "certificate_lookup.h"
#include "certificate_text.h"
#include "command.h"
#include "download.h"
#include "exit_code.h"
#include "job_command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: reissue install CERT --to URI|FILE [OPTION ...]\n"
                            "Writes a certificate to a card, beside the key that it is for, and "
                            "proves by a signature that\n"
                            "they fit; or into a file. CERT is a file, a name or serial number "
                            "that reissue list shows, or\n"
                            "a job; for a FILE it is a name or a job.\n";

/* ---- which key ---------------------------------------------------------------------------- */

static struct error *no_such_key(const char *to, const char *fingerprint)
{
    return error_new(
        ERROR_OTHER_KEY,
        "none of the keys at %s is the one that the certificate is for (SHA-256 of its "
        "public key: %s): nothing was written",
        to, fingerprint);
}

/* The full URI of the key among those that fit `uri` that has that fingerprint. */
static struct error *pick_key(const struct card_key_list *keys, const char *to,
                              const char *fingerprint, char **out)
{
    for (size_t i = 0; i < keys->count; i++) {
        char found[FINGERPRINT_SIZE];
        struct error *error = public_key_fingerprint(card_key_public(keys->items[i]), found);

        if (error != NULL)
            return error;
        if (strcmp(found, fingerprint) == 0)
            return card_key_uri(keys->items[i], CARD_OBJECT_PRIVATE_KEY, out);
    }
    return no_such_key(to, fingerprint);
}

static struct error *find_key(struct run *run, const char *to, const char *fingerprint, char **out)
{
    struct card_key_list keys = {0};
    struct card_uri *uri = NULL;
    struct error *error = card_uri_parse(to, &uri);

    if (error == NULL)
        error = card_find_keys(run->crypto->cards, uri, &keys);
    if (error == NULL)
        error = pick_key(&keys, to, fingerprint, out);
    card_key_list_clear(&keys);
    card_uri_free(uri);
    return error;
}

/* ---- on a card ---------------------------------------------------------------------------- */

/*
 * Installing is two steps of a job, so here is one that knows what they need, and is never saved.
 * Where they speak of the job it is by the word that the certificate was named by.
 */
static struct error *make_job(const char *word, X509 *certificate, const char *fingerprint,
                              struct job **out)
{
    char *pem = NULL;
    struct error *error = job_new(out);

    if (error != NULL)
        return error;
    free((*out)->id);
    (*out)->id = strdup(word);
    if ((*out)->id == NULL)
        return error_no_memory();
    error = certificate_to_pem(certificate, &pem);
    if (error == NULL)
        error = job_set(*out, JOB_CERTIFICATE, pem);
    if (error == NULL)
        error = job_set(*out, JOB_PUBLIC_KEY, fingerprint);
    free(pem);
    return error;
}

static struct error *run_steps(struct run *run, struct job *job, const char *key)
{
    enum step_end end;
    struct error *error = job_set(job, JOB_KEY, key);

    if (error == NULL)
        error = job_set(job, JOB_INSTALL, key);
    if (error == NULL)
        error = step_look(run, job, &end);
    job->step = STEP_INSTALL_STARTED;
    return error != NULL ? error : step_install(run, job, &end);
}

static struct error *install_on_card(struct run *run, const char *word, const char *to)
{
    X509 *certificate = NULL;
    char *place = NULL;
    char *key = NULL;
    struct job *job = NULL;
    char fingerprint[FINGERPRINT_SIZE];
    struct error *error = certificate_lookup(run, word, &certificate, &place);

    if (error == NULL)
        error = public_key_fingerprint(X509_get0_pubkey(certificate), fingerprint);
    if (error == NULL)
        error = find_key(run, to, fingerprint, &key);
    if (error == NULL)
        error = make_job(word, certificate, fingerprint, &job);
    if (error == NULL)
        error = run_steps(run, job, key);
    if (error == NULL)
        printf("%s is installed beside its key, which has signed: %s\n", word, key);
    job_free(job);
    free(key);
    free(place);
    X509_free(certificate);
    return error;
}

/* ---- the command -------------------------------------------------------------------------- */

static struct error *install(struct job_command *command, const struct download *download)
{
    struct error *error = job_command_open(command);

    if (error != NULL)
        return error;
    if (!crypto_is_card_uri(download->out))
        return download_write(command->run.state, download);
    if (download->form != NULL || download->chain)
        return error_new(ERROR_ARGUMENT, "--form and --chain are for files: a card gets the "
                                         "certificate alone");
    return install_on_card(&command->run, download->what, download->out);
}

int install_command(int argc, char **argv)
{
    struct job_command command;
    struct download download = {0};
    const struct option_spec options[] = {
        {"to", "URI|FILE", "where: card:, card:slot=9a ..., or a file, which is replaced",
         &download.out, NULL},
        {"form", "pem|der", "in which form a file is (pem)", &download.form, NULL},
        {"chain", NULL, "with its chain, in a PEM file", NULL, &download.chain},
    };
    int code = job_command_parse(&command, argc, argv, usage, options, 3);
    struct error *error;

    if (code >= 0)
        return code;
    if (argc - optind != 1 || download.out == NULL)
        return job_command_misused(usage);
    download.what = argv[optind];
    error = install(&command, &download);
    job_command_close(&command);
    return error == NULL ? EXIT_CODE_SUCCESS : command_fail(error, command.json);
}
