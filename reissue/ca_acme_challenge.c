/* SPDX-License-Identifier: BSD-2-Clause */
/* The challenges of an ACME order: publishing what the CA looks for, and asking it to look. */
#include "ca_acme.h"
#include "hooks.h"
#include "jws.h"
#include "validation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTP "http-01"
#define DNS  "dns-01"
#define ALPN "tls-alpn-01"

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
    const char *type = validation_of(pending->job, pending->ca->config)->name;
    struct acme_authorization authorization = {0};
    struct error *error = acme_authorization_get(pending->ca->acme, url, &authorization);

    if (error == NULL && authorization.status == ACME_STATUS_PENDING) {
        pending->identifier = authorization.identifier.value;
        pending->challenge = acme_challenge_find(&authorization, type);
        if (pending->challenge == NULL || pending->challenge->token == NULL)
            error = not_offered(&authorization, type);
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

/* ---- what lies somewhere ----------------------------------------------------------------- */

/*
 * What is published by a file or a hook is noted before it is, a line for each challenge: its
 * identifier and its key authorization, which is all that taking it back needs. That way it is
 * taken back whatever becomes of the order, and of the server.
 */
static struct error *note_published(struct pending *pending, void *argument)
{
    struct buffer *lines = argument;
    char *line = NULL;
    int length = asprintf(&line, "%s %s\n", pending->identifier, pending->key_authorization);
    struct error *error =
        length < 0 ? error_no_memory() : buffer_append(lines, line, (size_t)length);

    free(length < 0 ? NULL : line);
    return error;
}

static struct error *run_dns_hook(struct run *run, const struct job *job,
                                  const struct config_ca *config, enum challenge_action action,
                                  const char *identifier, const char *key_authorization)
{
    struct configured_hook hook;
    struct error *error;

    if (config->dns_hook == NULL)
        return error_new(ERROR_CONFIG,
                         "%s: [ca %s] wants dns-01, and names no dns-hook that changes the DNS",
                         run->config->path, config->name);
    error = hook_open(run, job, config->dns_hook, &hook);
    if (error == NULL)
        error = challenge_dns_hook(&hook.hook, action, identifier, key_authorization);
    hook_close(&hook);
    return error;
}

/* A key authorization begins with the token (RFC 8555, 8.1). */
static struct error *act_on_webroot(const char *root, enum challenge_action action,
                                    const char *key_authorization)
{
    char *token = strndup(key_authorization, strcspn(key_authorization, "."));
    struct error *error;

    if (token == NULL)
        return error_no_memory();
    error = action == CHALLENGE_PUBLISH ? challenge_webroot_publish(root, token, key_authorization)
                                        : challenge_webroot_remove(root, token);
    free(token);
    return error;
}

static struct error *act_on_line(struct run *run, const struct job *job,
                                 const struct config_ca *config, enum challenge_action action,
                                 char *line)
{
    char *key_authorization = strchr(line, ' ');

    if (key_authorization == NULL)
        return error_new(ERROR_STATE, "the state says something else than what was published");
    *key_authorization++ = '\0';
    if (strcmp(validation_of(job, config)->name, HTTP) == 0)
        return act_on_webroot(config->webroot, action, key_authorization);
    return run_dns_hook(run, job, config, action, line, key_authorization);
}

/* Publishes or removes what JOB_PUBLISHED names; one that cannot be removed keeps no other. */
static struct error *act_on_published(struct run *run, const struct job *job,
                                      const struct config_ca *config, enum challenge_action action)
{
    const char *published = job_get(job, JOB_PUBLISHED);
    char *lines = strdup(published == NULL ? "" : published);
    char *rest = NULL;
    char *line = lines == NULL ? NULL : strtok_r(lines, "\n", &rest);
    struct error *error = lines == NULL ? error_no_memory() : NULL;

    while (line != NULL && (error == NULL || action == CHALLENGE_REMOVE)) {
        struct error *trouble = act_on_line(run, job, config, action, line);

        if (error == NULL)
            error = trouble;
        else
            error_free(trouble);
        line = strtok_r(NULL, "\n", &rest);
    }
    free(lines);
    return error;
}

/* ---- publishing -------------------------------------------------------------------------- */

/* What a listener will answer. */
struct answers {
    struct challenge_answer *items;
    size_t count;
};

static struct error *add_answer(struct pending *pending, void *argument)
{
    struct answers *answers = argument;
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

static bool listens(const struct job *job, const struct config_ca *config)
{
    const char *type = validation_of(job, config)->name;

    return strcmp(type, ALPN) == 0 || (strcmp(type, HTTP) == 0 && config->webroot == NULL);
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

static struct error *listen_for(const struct job *job, struct acme_ca *ca,
                                const struct answers *answers)
{
    bool http = strcmp(validation_of(job, ca->config)->name, HTTP) == 0;
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

/* By our own listener, which ends with this process. */
static struct error *publish_listening(struct run *run, struct job *job, struct acme_ca *ca)
{
    struct answers answers = {0};
    struct error *error = visit_all(run, job, add_answer, &answers);

    if (error == NULL && answers.count > 0)
        error = listen_for(job, ca, &answers);
    free_answers(&answers);
    return error;
}

static struct error *publish_lasting(struct run *run, struct job *job, struct acme_ca *ca)
{
    struct buffer lines = {0};
    struct error *error = visit_all(run, job, note_published, &lines);

    if (error == NULL && lines.length == 0)
        return NULL;
    if (error == NULL)
        error = buffer_append(&lines, "", 1);
    if (error == NULL)
        error = job_set(job, JOB_PUBLISHED, (const char *)lines.bytes);
    if (error == NULL)
        error = job_save(run->state, job, "publishing what the CA looks for");
    if (error == NULL)
        error = act_on_published(run, job, ca->config, CHALLENGE_PUBLISH);
    buffer_clear(&lines);
    return error;
}

static struct error *publish(struct run *run, struct job *job)
{
    struct acme_ca *ca;
    struct error *error = acme_ca_open(run, job, &ca);

    if (error != NULL)
        return error;
    return (listens(job, ca->config) ? publish_listening : publish_lasting)(run, job, ca);
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

    if (error != NULL || !listens(job, ca->config) || ca->listener != NULL)
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

/* The certificate does not depend on it: what cannot be taken back is told. */
void acme_clean_up(struct run *run, struct job *job)
{
    const struct config_ca *config = config_find_ca(run->config, job_get(job, JOB_CA));
    struct acme_ca *ca = ca_session(run, config);
    struct error *error = act_on_published(run, job, config, CHALLENGE_REMOVE);

    if (ca != NULL) {
        challenge_listener_close(ca->listener);
        ca->listener = NULL;
    }
    if (error == NULL)
        error = job_set(job, JOB_PUBLISHED, NULL);
    run_tell_trouble(run, job, "what was published for the CA stays where it is", error);
}
