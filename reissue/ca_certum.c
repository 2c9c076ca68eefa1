/* SPDX-License-Identifier: BSD-2-Clause */
/* Certum's Partner API as a CA: a reissue, from the request to the certificate. */
#include "ca_certum.h"

#include "csr.h"

#include <stdlib.h>
#include <string.h>

/* Seconds between looks, after so many quick ones. */
#define PAUSE       15
#define QUICK_LOOKS 4

/* ---- the session ------------------------------------------------------------------------- */

static struct error *open_session(struct run *run, const struct config_ca *config, void *session)
{
    struct certum_ca *ca = session;
    const struct certum_options options = {
        .url = config->url,
        .user = config->user,
        .password_file = config->password_file,
        .ca_file = config->ca_file,
    };

    (void)run;
    ca->config = config;
    return certum_open(&options, &ca->certum);
}

static void close_session(void *session)
{
    certum_close(((struct certum_ca *)session)->certum);
}

struct error *certum_ca_reach(struct run *run, const struct config_ca *config,
                              struct certum_ca **out)
{
    static const struct ca_session_kind kind = {sizeof(**out), open_session, close_session};
    void *session;
    struct error *error = ca_session_open(run, config, &kind, &session);

    *out = session;
    return error;
}

struct error *certum_ca_open(struct run *run, const struct job *job, struct certum_ca **out)
{
    return certum_ca_reach(run, config_find_ca(run->config, job_get(job, JOB_CA)), out);
}

struct error *certum_look_later(struct certum_ca *ca, struct job *job, const char *what,
                                enum step_end *end)
{
    return ca_look_later(job, ca->looks++ < QUICK_LOOKS ? 0 : PAUSE, what, end);
}

static struct error *prepare(struct run *run, struct job *job, enum step_end *end)
{
    struct certum_ca *ca;

    (void)end;
    run_tell_step(run, job);
    return certum_ca_open(run, job, &ca);
}

const struct ca certum_ca = {
    .type = "certum",
    .title = "Certum's Partner API (experimental)",
    .offers = CA_GIVEN_REQUEST | CA_UNATTENDED,
    .check = certum_check_rules,
    .prepare = prepare,
    .order = certum_make_order,
    .publish = certum_publish,
    .validate = certum_validate,
    .await = certum_await,
    .finalize = certum_take_certificate,
    .clean_up = certum_clean_up,
    .cancel = certum_cancel_order,
    .revoke = certum_revoke_predecessor,
    .resend_mail = certum_resend_mail,
    .orders = certum_list_orders,
    .download = certum_download,
};
