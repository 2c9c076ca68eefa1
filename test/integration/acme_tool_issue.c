/* SPDX-License-Identifier: BSD-2-Clause */
/* acme_tool: from an order to a certificate. */
#include "acme_tool.h"
#include "reissue/challenge.h"
#include "reissue/jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- issuing ----------------------------------------------------------------------------- */

static const char *challenge_type(void)
{
    if (strcmp(options.method, "dns") == 0)
        return "dns-01";
    return strcmp(options.method, "tls-alpn") == 0 ? "tls-alpn-01" : "http-01";
}

static struct hook dns_hook(void)
{
    static struct hook_variable variables[] = {{"WORK", NULL}};

    variables[0].value = getenv("WORK");
    return (struct hook){
        .path = options.hook, .variables = variables, .variable_count = 1, .job = "job-1"};
}

/* Publishes; a listener is left open. */
static struct error *publish(const struct challenge_answer *answer,
                             struct challenge_listener **listener)
{
    const struct hook hook = dns_hook();

    if (strcmp(options.method, "webroot") == 0)
        return challenge_webroot_publish(options.webroot, answer->token, answer->key_authorization);
    if (strcmp(options.method, "dns") == 0)
        return challenge_dns_hook(&hook, CHALLENGE_PUBLISH, answer->identifier,
                                  answer->key_authorization);
    if (strcmp(options.method, "http") == 0)
        return challenge_http_listen(NULL, options.port, answer, 1, listener);
    return challenge_tls_alpn_listen(NULL, options.port, answer, 1, listener);
}

static struct error *unpublish(const struct challenge_answer *answer,
                               struct challenge_listener *listener)
{
    const struct hook hook = dns_hook();

    challenge_listener_close(listener);
    if (strcmp(options.method, "webroot") == 0)
        return challenge_webroot_remove(options.webroot, answer->token);
    if (strcmp(options.method, "dns") == 0)
        return challenge_dns_hook(&hook, CHALLENGE_REMOVE, answer->identifier,
                                  answer->key_authorization);
    return NULL;
}

/* Until the server has made up its mind about it. */
static struct error *await_authorization(struct acme *acme, const char *url)
{
    for (int i = 0; i < 200; i++) {
        struct acme_authorization authorization;
        struct error *error = acme_authorization_get(acme, url, &authorization);
        enum acme_status status = authorization.status;
        const struct acme_challenge *challenge =
            error == NULL ? acme_challenge_find(&authorization, challenge_type()) : NULL;

        if (error == NULL && status == ACME_STATUS_INVALID && challenge != NULL &&
            challenge->problem != NULL)
            error = acme_problem_error(challenge->problem, "the validation failed");
        acme_authorization_clear(&authorization);
        if (error != NULL || status == ACME_STATUS_VALID)
            return error;
        usleep(50000);
    }
    die("the authorization stays pending");
}

static struct error *validate(struct acme *acme, const char *url, const char *identifier,
                              const struct acme_challenge *challenge, EVP_PKEY *key)
{
    struct challenge_answer answer = {identifier, challenge->token, NULL};
    struct challenge_listener *listener = NULL;
    char *authorization;
    struct error *error = jws_key_authorization(key, challenge->token, &authorization);

    answer.key_authorization = authorization;
    if (error == NULL)
        error = publish(&answer, &listener);
    if (error == NULL) {
        struct error *other;

        error = acme_challenge_respond(acme, challenge->url);
        if (error == NULL)
            error = await_authorization(acme, url);
        other = unpublish(&answer, listener);
        if (error == NULL)
            error = other;
        else
            error_free(other);
    }
    free(authorization);
    return error;
}

static struct error *authorize(struct acme *acme, const char *url, EVP_PKEY *key)
{
    struct acme_authorization authorization;
    const struct acme_challenge *challenge;
    struct error *error = acme_authorization_get(acme, url, &authorization);

    if (error != NULL)
        return error;
    printf("authorization %s wildcard %d reused %d\n", authorization.identifier.value,
           authorization.wildcard, authorization.status == ACME_STATUS_VALID);
    if (authorization.status != ACME_STATUS_VALID) {
        challenge = acme_challenge_find(&authorization, challenge_type());
        if (challenge == NULL)
            die("no such challenge");
        error = validate(acme, url, authorization.identifier.value, challenge, key);
    }
    acme_authorization_clear(&authorization);
    return error;
}

/* Polls until the order is no longer in that status. */
static struct error *await_order(struct acme *acme, struct acme_order *order,
                                 enum acme_status status)
{
    for (int i = 0; i < 200 && order->status == status; i++) {
        struct acme_order now;
        struct error *error = acme_order_get(acme, order->url, &now);

        if (error != NULL)
            return error;
        acme_order_clear(order);
        *order = now;
        if (order->status == status)
            usleep(50000);
    }
    return NULL;
}

static struct error *finalize(struct acme *acme, struct acme_order *order)
{
    struct acme_order now;
    unsigned char *der;
    int length = load_csr(options.csr, &der);
    struct error *error = acme_order_finalize(acme, order, der, (size_t)length, &now);

    OPENSSL_free(der);
    if (error != NULL)
        return error;
    acme_order_clear(order);
    *order = now;
    return await_order(acme, order, ACME_STATUS_PROCESSING);
}

static struct error *fetch(struct acme *acme, const char *url)
{
    struct acme_chain chain, other;
    struct error *error = acme_certificate_get(acme, url, &chain);

    if (error == NULL)
        error = save_chain(&chain, options.out);
    if (error == NULL)
        printf("chain %d alternates %zu\n", sk_X509_num(chain.certificates),
               chain.alternates.count);
    for (size_t i = 0; error == NULL && i < chain.alternates.count; i++) {
        char path[4096];

        snprintf(path, sizeof(path), "%s.%zu", options.out, i + 1);
        error = acme_certificate_get(acme, chain.alternates.urls[i], &other);
        if (error == NULL)
            error = save_chain(&other, path);
        acme_chain_clear(&other);
    }
    acme_chain_clear(&chain);
    return error;
}

static struct error *new_order(struct acme *acme, char **arguments, int count,
                               struct acme_order *out)
{
    struct acme_order_request request = {.names = (const char *const *)arguments,
                                         .name_count = (size_t)count,
                                         .profile = options.profile,
                                         .replaces = options.replaces};
    struct error *error = acme_order_new(acme, &request, out);

    if (error == NULL)
        printf("order %s\nstatus %d\n", out->url, out->status);
    return error;
}

struct error *order(struct acme *acme, char **arguments, int count)
{
    struct acme_order made;
    struct error *error = new_order(acme, arguments, count, &made);

    acme_order_clear(&made);
    return error;
}

struct error *issue(struct acme *acme, char **arguments, int count)
{
    EVP_PKEY *key = load_key(options.key);
    struct acme_order made;
    struct error *error = new_order(acme, arguments, count, &made);

    for (size_t i = 0; error == NULL && i < made.authorization_count; i++)
        error = authorize(acme, made.authorizations[i], key);
    if (error == NULL)
        error = await_order(acme, &made, ACME_STATUS_PENDING);
    if (error == NULL)
        error = finalize(acme, &made);
    if (error == NULL && made.status != ACME_STATUS_VALID)
        die("the order is not valid");
    if (error == NULL)
        error = fetch(acme, made.certificate);
    acme_order_clear(&made);
    EVP_PKEY_free(key);
    return error;
}

struct error *finalize_order(struct acme *acme, char **arguments, int count)
{
    struct acme_order found;
    struct error *error = acme_order_get(acme, arguments[0], &found);

    (void)count;
    if (error == NULL)
        error = finalize(acme, &found);
    if (error == NULL)
        printf("status %d\n", found.status);
    acme_order_clear(&found);
    return error;
}

struct error *certificate(struct acme *acme, char **arguments, int count)
{
    (void)count;
    return fetch(acme, arguments[0]);
}

struct error *look_at_authorization(struct acme *acme, char **arguments, int count)
{
    struct acme_authorization found;
    struct error *error = acme_authorization_get(acme, arguments[0], &found);

    (void)count;
    if (error == NULL)
        printf("challenges %zu\n", found.challenge_count);
    acme_authorization_clear(&found);
    return error;
}

struct error *give_up(struct acme *acme, char **arguments, int count)
{
    struct acme_authorization found;
    struct error *error = acme_authorization_deactivate(acme, arguments[0], &found);

    (void)count;
    if (error == NULL)
        printf("deactivated %d\n", found.status == ACME_STATUS_DEACTIVATED);
    acme_authorization_clear(&found);
    return error;
}

struct error *look_at_order(struct acme *acme, char **arguments, int count)
{
    struct acme_order found;
    struct error *error = acme_order_get(acme, arguments[0], &found);

    (void)count;
    if (error == NULL) {
        printf("status %d\nretry-after %ld\n", found.status, found.retry_after);
        for (size_t i = 0; i < found.authorization_count; i++)
            printf("authorization %s\n", found.authorizations[i]);
    }
    acme_order_clear(&found);
    return error;
}
