/* SPDX-License-Identifier: BSD-2-Clause */
#include "ca_cmp.h"

#include "card/secret.h"
#include "certificate_place.h"
#include "file_load.h"

#include <string.h>

/* Where nothing but the secret tells whose the answers are, nothing but the secret protects. */
static bool is_by_secret(const struct config_ca *config)
{
    return config->ca_file == NULL && config->server_certificate == NULL;
}

static struct error *read_files(struct cmp_ca *ca)
{
    const struct config_ca *config = ca->config;
    struct error *error = NULL;

    if (config->ca_file != NULL)
        error = certificates_read(config->ca_file, &ca->trusted);
    if (error == NULL && config->server_certificate != NULL)
        error = certificate_load(ca->run->crypto, config->server_certificate, &ca->server);
    if (error == NULL && config->secret_file != NULL)
        error = file_load_secret_text(config->secret_file, SECRET_MAX, &ca->secret);
    return error;
}

static struct error *open_http(struct cmp_ca *ca)
{
    const struct http_options options = {.ca_file = ca->config->ca_file, .plain = true};

    return http_open(&options, &ca->http);
}

static struct error *open_client(struct cmp_ca *ca)
{
    const struct cmp_options options = {
        .libctx = ca->run->crypto->libctx,
        .http = ca->http,
        .url = ca->config->url,
        .recipient = ca->config->recipient,
        .server_certificate = ca->server.certificate,
        .trusted = ca->trusted,
        .secret_reference = ca->config->secret_reference,
        .secret = ca->secret.length > 0 ? &ca->secret : NULL,
        .certificate = ca->identity.bundle.certificate,
        .key = ca->identity.key,
        .chain = ca->identity.bundle.chain,
        .implicit_confirm = ca->config->implicit_confirm != NULL &&
                            strcmp(ca->config->implicit_confirm, "yes") == 0,
    };

    if (options.key == NULL && options.secret == NULL)
        return error_new(ERROR_CONFIG,
                         "the CA %s is asked by who has a certificate of its, or a secret: the key "
                         "of the previous certificate is not here, and the configuration has "
                         "neither a client-certificate nor a secret-file",
                         ca->config->name);
    return cmp_open(&options, &ca->cmp);
}

void cmp_ca_close(struct cmp_ca *ca)
{
    cmp_close(ca->cmp);
    http_close(ca->http);
    ca_identity_clear(&ca->identity);
    certificate_bundle_clear(&ca->server);
    certificates_free(ca->trusted);
    buffer_clear(&ca->secret);
}

struct error *cmp_ca_open(struct run *run, struct job *job, bool revoke, struct cmp_ca *ca)
{
    struct error *error;

    *ca = (struct cmp_ca){
        .config = config_find_ca(run->config, job_get(job, JOB_CA)), .run = run, .job = job};
    error = read_files(ca);
    if (error == NULL && !is_by_secret(ca->config))
        error = ca_identity_open(run, job, ca->config, ca->trusted, revoke, &ca->identity);
    if (error == NULL)
        error = open_http(ca);
    return error != NULL ? error : open_client(ca);
}
