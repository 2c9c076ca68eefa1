/* SPDX-License-Identifier: BSD-2-Clause */
/* The challenges of an ACME order: publishing what the CA looks for, and asking it to look. */
#include "ca_acme.h"
#include "hooks.h"
#include "jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTP  "http-01"
#define DNS   "dns-01"
#define ALPN  "tls-alpn-01"
#define USUAL HTTP

/* ---- every challenge of the order -------------------------------------------------------- */

/* One that has to be met. */
struct pending {
    struct run *run;
    struct job *job;
    struct acme_ca *ca;
    const char *identifier;
    const struct acme_challenge *challenge;
    char *key_authorization;
};

typedef struct error *visit_challenge(struct pending *pending, void *argument);

static const char *type_of(const struct acme_ca *ca)
{
    return ca->config->challenge != NULL ? ca->config->challenge : USUAL;
}

/* Those that the CA offers, for a person to choose from. */
static struct error *not_offered(const struct acme_authorization *authorization, const char *type)
{
    char list[256] = "";
    size_t length = 0;

    for (size_t i = 0; i < authorization->challenge_count && length < sizeof(list); i++)
        length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%s", i == 0 ? "" : ", ",
                                   authorization->challenges[i].type);
    return error_new(ERROR_CA_REFUSED, "the CA does not validate %s%s by %s: there is %s",
                     authorization->wildcard ? "*." : "", authorization->identifier.value, type,
                     list);
}

static struct error *visit_authorization(struct pending *pending, const char *url,
                                         visit_challenge *visit, void *argument)
{
    struct acme_authorization authorization = {0};
    struct error *error = acme_authorization_get(pending->ca->acme, url, &authorization);

    if (error == NULL && authorization.status == ACME_STATUS_PENDING) {
        pending->identifier = authorization.identifier.value;
        pending->challenge = acme_challenge_find(&authorization, type_of(pending->ca));
        if (pending->challenge == NULL || pending->challenge->token == NULL)
            error = not_offered(&authorization, type_of(pending->ca));
        if (error == NULL)
            error = jws_key_authorization(pending->ca->account_key, pending->challenge->token,
                                          &pending->key_authorization);
        if (error == NULL)
            error = visit(pending, argument);
        free(pending->key_authorization);
        pending->key_authorization = NULL;
    }
    acme_authorization_clear(&authorization);
    return error;
}

/* Visits the challenge of each authorization that the CA has not settled yet. */
static struct error *visit_all(struct run *run, struct job *job, visit_challenge *visit,
                               void *argument)
{
    struct pending pending = {.run = run, .job = job};
    struct acme_order order = {0};
    struct error *error = acme_ca_open(run, job, &pending.ca);

    if (error == NULL)
        error = acme_order_get(pending.ca->acme, job_get(job, JOB_ORDER), &order);
    for (size_t i = 0; error == NULL && i < order.authorization_count; i++)
        error = visit_authorization(&pending, order.authorizations[i], visit, argument);
    acme_order_clear(&order);
    return error;
}

/* ---- publishing -------------------------------------------------------------------------- */

/* What a listener will answer. */
struct answers {
    struct challenge_answer *items;
    size_t count;
};

static struct error *add_answer(const struct pending *pending, struct answers *answers)
{
    struct challenge_answer *items =
        reallocarray(answers->items, answers->count + 1, sizeof(*items));
    struct challenge_answer *next;

    if (items == NULL)
        return error_no_memory();
    answers->items = items;
    next = &items[answers->count++];
    *next = (struct challenge_answer){.identifier = strdup(pending->identifier),
                                      .token = strdup(pending->challenge->token),
                                      .key_authorization = strdup(pending->key_authorization)};
    return next->identifier == NULL || next->token == NULL || next->key_authorization == NULL
               ? error_no_memory()
               : NULL;
}

static void free_answers(struct answers *answers)
{
    for (size_t i = 0; i < answers->count; i++) {
        free((char *)(uintptr_t)answers->items[i].identifier); /* ours: see add_answer() */
        free((char *)(uintptr_t)answers->items[i].token);
        free((char *)(uintptr_t)answers->items[i].key_authorization);
    }
    free(answers->items);
}

static struct error *run_dns_hook(const struct pending *pending, enum challenge_action action)
{
    struct configured_hook hook;
    const char *name = pending->ca->config->dns_hook;
    struct error *error;

    if (name == NULL)
        return error_new(ERROR_CONFIG,
                         "%s: [ca %s] wants dns-01, and names no dns-hook that changes the DNS",
                         pending->run->config->path, pending->ca->config->name);
    error = hook_open(pending->run, pending->job, name, &hook);
    if (error == NULL)
        error =
            challenge_dns_hook(&hook.hook, action, pending->identifier, pending->key_authorization);
    hook_close(&hook);
    return error;
}

static bool listens(const struct acme_ca *ca)
{
    return strcmp(type_of(ca), ALPN) == 0 ||
           (strcmp(type_of(ca), HTTP) == 0 && ca->config->webroot == NULL);
}

static struct error *publish_one(struct pending *pending, void *argument)
{
    if (listens(pending->ca))
        return add_answer(pending, argument);
    if (strcmp(type_of(pending->ca), DNS) == 0)
        return run_dns_hook(pending, CHALLENGE_PUBLISH);
    return challenge_webroot_publish(pending->ca->config->webroot, pending->challenge->token,
                                     pending->key_authorization);
}

/* "ADDRESS:PORT", "[ADDRESS]:PORT", ":PORT" or nothing. */
static struct error *parse_listen(const char *text, unsigned usual, char *address, size_t size,
                                  unsigned *port)
{
    const char *colon = text == NULL ? NULL : strrchr(text, ':');
    size_t length;
    char *end;

    address[0] = '\0';
    *port = usual;
    if (text == NULL)
        return NULL;
    *port = colon == NULL ? 0 : (unsigned)strtoul(colon + 1, &end, 10);
    length = colon == NULL ? 0 : (size_t)(colon - text);
    if (colon == NULL || *end != '\0' || *port == 0 || *port > 65535 || length >= size)
        return error_new(ERROR_CONFIG, "listen = %s has to be ADDRESS:PORT", text);
    if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    memcpy(address, text, length);
    address[length] = '\0';
    return NULL;
}

static struct error *listen_for(struct acme_ca *ca, const struct answers *answers)
{
    bool http = strcmp(type_of(ca), HTTP) == 0;
    char address[64];
    unsigned port;
    struct error *error =
        parse_listen(ca->config->listen, http ? 80 : 443, address, sizeof(address), &port);

    if (error != NULL)
        return error;
    challenge_listener_close(ca->listener);
    ca->listener = NULL;
    return (http ? challenge_http_listen : challenge_tls_alpn_listen)(
        address[0] == '\0' ? NULL : address, port, answers->items, answers->count, &ca->listener);
}

static struct error *publish(struct run *run, struct job *job)
{
    struct answers answers = {0};
    struct acme_ca *ca;
    struct error *error = acme_ca_open(run, job, &ca);

    if (error == NULL)
        error = visit_all(run, job, publish_one, &answers);
    if (error == NULL && answers.count > 0)
        error = listen_for(ca, &answers);
    free_answers(&answers);
    return error;
}

struct error *acme_publish(struct run *run, struct job *job, enum step_end *end)
{
    run_tell_step(run, job);
    return acme_ask_again(run, job, publish(run, job), end);
}

struct error *acme_ensure_published(struct run *run, struct job *job)
{
    struct acme_ca *ca;
    struct error *error = acme_ca_open(run, job, &ca);

    if (error != NULL || !listens(ca) || ca->listener != NULL)
        return error;
    return publish(run, job);
}

/* ---- asking the CA to look --------------------------------------------------------------- */

static struct error *respond(struct pending *pending, void *argument)
{
    (void)argument;
    if (pending->challenge->status != ACME_STATUS_PENDING)
        return NULL; /* asked before */
    pending->ca->asked = true;
    return acme_challenge_respond(pending->ca->acme, pending->challenge->url);
}

struct error *acme_validate(struct run *run, struct job *job, enum step_end *end)
{
    struct error *error;

    run_tell_step(run, job);
    error = acme_ensure_published(run, job);
    if (error == NULL)
        error = visit_all(run, job, respond, NULL);
    return acme_ask_again(run, job, error, end);
}

/* ---- cleaning up ------------------------------------------------------------------------- */

/* The authorizations are settled by now: what was published is found by their challenges. */
static struct error *remove_one(struct pending *pending, const char *url)
{
    struct acme_authorization authorization = {0};
    const char *type = type_of(pending->ca);
    struct error *error = acme_authorization_get(pending->ca->acme, url, &authorization);

    if (error == NULL)
        pending->challenge = acme_challenge_find(&authorization, type);
    if (error == NULL && pending->challenge != NULL && pending->challenge->token != NULL) {
        pending->identifier = authorization.identifier.value;
        error = jws_key_authorization(pending->ca->account_key, pending->challenge->token,
                                      &pending->key_authorization);
        if (error == NULL)
            error = strcmp(type, DNS) == 0 ? run_dns_hook(pending, CHALLENGE_REMOVE)
                                           : challenge_webroot_remove(pending->ca->config->webroot,
                                                                      pending->challenge->token);
        free(pending->key_authorization);
        pending->key_authorization = NULL;
    }
    acme_authorization_clear(&authorization);
    return error;
}

static struct error *remove_all(struct pending *pending)
{
    struct acme_order order = {0};
    struct error *error =
        acme_order_get(pending->ca->acme, job_get(pending->job, JOB_ORDER), &order);

    for (size_t i = 0; error == NULL && i < order.authorization_count; i++)
        error = remove_one(pending, order.authorizations[i]);
    acme_order_clear(&order);
    return error;
}

/* The certificate does not depend on it: what cannot be taken back is told. */
void acme_clean_up(struct run *run, struct job *job)
{
    struct pending pending = {.run = run, .job = job};
    struct error *error = acme_ca_open(run, job, &pending.ca);

    if (error == NULL && listens(pending.ca)) {
        challenge_listener_close(pending.ca->listener);
        pending.ca->listener = NULL;
    } else if (error == NULL && job_get(job, JOB_ORDER) != NULL) {
        error = remove_all(&pending);
    }
    if (error != NULL) {
        char *text = error_describe(error);

        run_tell(run, job, "what was published for the CA stays where it is: %s",
                 text != NULL ? text : error_message(error));
        free(text);
        error_free(error);
    }
}
