/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acme_tool [OPTION ...] COMMAND [ARGUMENT ...]: drives the ACME layer, one command a run, with no
 * memory of earlier ones. What it did goes to standard output, a word and a value a line. An error
 * is "error CODE: message" on standard error and exit code 1; "retry-after SECONDS" follows if the
 * server said so.
 */
#include "reissue/acme.h"
#include "reissue/base64url.h"
#include "reissue/challenge.h"
#include "reissue/jws.h"

#include <getopt.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES_MAX 64

static struct {
    const char *directory, *ca, *key, *account, *method, *webroot, *hook, *csr, *out, *profile,
        *replaces, *eab_id, *eab_key, *contact, *certificate_key, *client_key, *client_certificate,
        *origin;
    unsigned port, timeout;
    int existing, counts;
} options = {.timeout = 30};

static const struct option option_names[] = {
    {"directory", required_argument, NULL, 1},
    {"ca", required_argument, NULL, 2},
    {"key", required_argument, NULL, 3},
    {"account", required_argument, NULL, 4},
    {"method", required_argument, NULL, 5},
    {"webroot", required_argument, NULL, 6},
    {"hook", required_argument, NULL, 7},
    {"csr", required_argument, NULL, 8},
    {"out", required_argument, NULL, 9},
    {"profile", required_argument, NULL, 10},
    {"replaces", required_argument, NULL, 11},
    {"eab-id", required_argument, NULL, 12},
    {"eab-key", required_argument, NULL, 13},
    {"contact", required_argument, NULL, 14},
    {"certificate-key", required_argument, NULL, 15},
    {"client-key", required_argument, NULL, 16},
    {"client-certificate", required_argument, NULL, 17},
    {"origin", required_argument, NULL, 18},
    {"port", required_argument, NULL, 19},
    {"timeout", required_argument, NULL, 20},
    {"existing", no_argument, NULL, 21},
    {"counts", no_argument, NULL, 22},
    {NULL, 0, NULL, 0},
};

static const char **text_option(int option)
{
    const char **texts[] = {
        &options.directory,
        &options.ca,
        &options.key,
        &options.account,
        &options.method,
        &options.webroot,
        &options.hook,
        &options.csr,
        &options.out,
        &options.profile,
        &options.replaces,
        &options.eab_id,
        &options.eab_key,
        &options.contact,
        &options.certificate_key,
        &options.client_key,
        &options.client_certificate,
        &options.origin,
    };

    return option >= 1 && option <= 18 ? texts[option - 1] : NULL;
}

static void parse_options(int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "+", option_names, NULL)) != -1) {
        const char **text = text_option(option);

        if (text != NULL)
            *text = optarg;
        else if (option == 19)
            options.port = (unsigned)atoi(optarg);
        else if (option == 20)
            options.timeout = (unsigned)atoi(optarg);
        else if (option == 21)
            options.existing = 1;
        else if (option == 22)
            options.counts = 1;
        else
            exit(2);
    }
}

/* ---- errors ------------------------------------------------------------------------------ */

static const char *code_name(enum error_code code)
{
    static const char *const names[] = {
        [ERROR_ARGUMENT] = "argument",
        [ERROR_UNSUPPORTED] = "unsupported",
        [ERROR_SIGNATURE] = "signature",
        [ERROR_FILE] = "file",
        [ERROR_HOOK] = "hook",
        [ERROR_NETWORK] = "network",
        [ERROR_SERVER_IDENTITY] = "server-identity",
        [ERROR_SERVER_ANSWER] = "server-answer",
        [ERROR_CA_REFUSED] = "ca-refused",
        [ERROR_CA_TROUBLE] = "ca-trouble",
        [ERROR_RATE_LIMITED] = "rate-limited",
        [ERROR_ACCOUNT_UNKNOWN] = "account-unknown",
        [ERROR_ACCOUNT_BINDING] = "account-binding",
        [ERROR_ORDER_NOT_READY] = "order-not-ready",
        [ERROR_ALREADY_REVOKED] = "already-revoked",
        [ERROR_ALREADY_REPLACED] = "already-replaced",
    };
    const char *name = code < sizeof(names) / sizeof(names[0]) ? names[code] : NULL;

    return name != NULL ? name : "other";
}

static int report(struct acme *acme, struct error *error)
{
    char *text = error_describe(error);

    fprintf(stderr, "error %s: %s\n", code_name(error_code(error)), text);
    if (acme != NULL && acme_retry_after(acme) >= 0)
        fprintf(stderr, "retry-after %ld\n", acme_retry_after(acme));
    free(text);
    error_free(error);
    return 1;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "acme_tool: %s\n", what);
    exit(3);
}

/* ---- files ------------------------------------------------------------------------------- */

static EVP_PKEY *load_key(const char *uri)
{
    OSSL_STORE_CTX *store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
    EVP_PKEY *key = NULL;

    if (store == NULL || OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY) != 1)
        die(uri);
    while (key == NULL && !OSSL_STORE_eof(store)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);

        key = info != NULL ? OSSL_STORE_INFO_get1_PKEY(info) : NULL;
        OSSL_STORE_INFO_free(info);
    }
    OSSL_STORE_close(store);
    if (key == NULL)
        die(uri);
    return key;
}

static X509 *load_certificate(const char *path)
{
    FILE *file = fopen(path, "r");
    X509 *certificate = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

    if (certificate == NULL)
        die(path);
    fclose(file);
    return certificate;
}

static int load_csr(const char *path, unsigned char **der)
{
    FILE *file = fopen(path, "r");
    X509_REQ *request = file != NULL ? PEM_read_X509_REQ(file, NULL, NULL, NULL) : NULL;
    int length;

    *der = NULL;
    length = request != NULL ? i2d_X509_REQ(request, der) : 0;
    if (length <= 0)
        die(path);
    fclose(file);
    X509_REQ_free(request);
    return length;
}

static struct error *save_chain(const struct acme_chain *chain, const char *path)
{
    char *pem;
    struct error *error = acme_chain_pem(chain, &pem);
    FILE *file = error == NULL ? fopen(path, "w") : NULL;

    if (error == NULL && (file == NULL || fputs(pem, file) < 0 || fclose(file) != 0))
        die(path);
    free(pem);
    return error;
}

/* ---- account ----------------------------------------------------------------------------- */

static struct error *account(struct acme *acme, char **arguments, int count)
{
    struct buffer mac = {0};
    struct acme_account found;
    struct acme_account_request request = {
        .contacts = &options.contact,
        .contact_count = options.contact != NULL,
        .terms_agreed = true,
        .only_existing = options.existing,
        .eab_id = options.eab_id,
    };
    struct error *error;

    (void)arguments;
    (void)count;
    if (options.eab_key != NULL &&
        (error = base64url_decode(options.eab_key, strlen(options.eab_key), &mac)) != NULL)
        return error;
    request.eab_key = mac.bytes;
    request.eab_key_length = mac.length;
    error = acme_account_new(acme, &request, &found);
    if (error == NULL)
        printf("account %s\ncreated %d\nstatus %d\n", found.url, found.created, found.status);
    acme_account_clear(&found);
    buffer_clear(&mac);
    return error;
}

static struct error *show(struct acme *acme, char **arguments, int count)
{
    struct acme_account found;
    struct error *error = acme_account_get(acme, &found);

    (void)arguments;
    (void)count;
    if (error == NULL)
        printf("status %d\norders %s\n", found.status, found.orders != NULL ? found.orders : "-");
    acme_account_clear(&found);
    return error;
}

static struct error *update(struct acme *acme, char **arguments, int count)
{
    struct acme_account found;
    struct error *error =
        acme_account_update(acme, (const char *const *)arguments, (size_t)count, &found);

    if (error == NULL)
        printf("status %d\n", found.status);
    acme_account_clear(&found);
    return error;
}

static struct error *deactivate(struct acme *acme, char **arguments, int count)
{
    struct acme_account found;
    struct error *error = acme_account_deactivate(acme, &found);

    (void)arguments;
    (void)count;
    if (error == NULL)
        printf("deactivated %d\n", found.status == ACME_STATUS_DEACTIVATED);
    acme_account_clear(&found);
    return error;
}

static struct error *orders(struct acme *acme, char **arguments, int count)
{
    struct acme_account found;
    struct acme_urls urls = {0};
    struct error *error = acme_account_get(acme, &found);

    (void)arguments;
    (void)count;
    if (error == NULL && found.orders == NULL)
        die("the account has no list of orders");
    if (error == NULL)
        error = acme_account_orders(acme, found.orders, &urls);
    for (size_t i = 0; error == NULL && i < urls.count; i++)
        printf("order %s\n", urls.urls[i]);
    acme_urls_clear(&urls);
    acme_account_clear(&found);
    return error;
}

static struct error *key_change(struct acme *acme, char **arguments, int count)
{
    EVP_PKEY *key = load_key(arguments[0]);
    struct error *error = acme_key_change(acme, key);
    struct acme_account found;

    (void)count;
    EVP_PKEY_free(key);
    if (error == NULL) { /* the session signs with it from here on */
        error = acme_account_get(acme, &found);
        acme_account_clear(&found);
    }
    return error;
}

static struct error *find_key(struct acme *acme, char **arguments, int count)
{
    EVP_PKEY *keys[8] = {NULL};
    size_t which;
    struct error *error;

    for (int i = 0; i < count && i < 8; i++)
        keys[i] = load_key(arguments[i]);
    error = acme_account_find_key(acme, keys, (size_t)count, &which);
    if (error == NULL)
        printf("key %s\naccount %s\n", arguments[which], acme_account_url(acme));
    for (int i = 0; i < count && i < 8; i++)
        EVP_PKEY_free(keys[i]);
    return error;
}

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

static struct error *order(struct acme *acme, char **arguments, int count)
{
    struct acme_order made;
    struct error *error = new_order(acme, arguments, count, &made);

    acme_order_clear(&made);
    return error;
}

static struct error *issue(struct acme *acme, char **arguments, int count)
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

static struct error *finalize_order(struct acme *acme, char **arguments, int count)
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

static struct error *certificate(struct acme *acme, char **arguments, int count)
{
    (void)count;
    return fetch(acme, arguments[0]);
}

static struct error *look_at_authorization(struct acme *acme, char **arguments, int count)
{
    struct acme_authorization found;
    struct error *error = acme_authorization_get(acme, arguments[0], &found);

    (void)count;
    if (error == NULL)
        printf("challenges %zu\n", found.challenge_count);
    acme_authorization_clear(&found);
    return error;
}

static struct error *give_up(struct acme *acme, char **arguments, int count)
{
    struct acme_authorization found;
    struct error *error = acme_authorization_deactivate(acme, arguments[0], &found);

    (void)count;
    if (error == NULL)
        printf("deactivated %d\n", found.status == ACME_STATUS_DEACTIVATED);
    acme_authorization_clear(&found);
    return error;
}

static struct error *look_at_order(struct acme *acme, char **arguments, int count)
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

/* ---- certificates ------------------------------------------------------------------------ */

static struct error *revoke_certificate(struct acme *acme, char **arguments, int count)
{
    EVP_PKEY *key = options.certificate_key != NULL ? load_key(options.certificate_key) : NULL;
    X509 *revoked = load_certificate(arguments[0]);
    struct error *error = acme_revoke(acme, revoked, count > 1 ? atoi(arguments[1]) : -1, key);

    X509_free(revoked);
    EVP_PKEY_free(key);
    return error;
}

static struct error *renewal(struct acme *acme, char **arguments, int count)
{
    X509 *asked = load_certificate(arguments[0]);
    struct acme_renewal found = {0};
    char *id;
    struct error *error = acme_certificate_id(asked, &id);

    (void)count;
    if (error == NULL) {
        printf("id %s\n", id);
        error = acme_renewal_get(acme, id, &found);
    }
    if (error == NULL)
        printf("start %ld\nend %ld\nretry-after %ld\nexplanation %s\n", (long)found.start,
               (long)found.end, found.retry_after,
               found.explanation != NULL ? found.explanation : "-");
    acme_renewal_clear(&found);
    X509_free(asked);
    free(id);
    return error;
}

static struct error *directory(struct acme *acme, char **arguments, int count)
{
    const struct acme_directory *found;
    struct error *error = acme_directory(acme, &found);

    (void)arguments;
    (void)count;
    if (error == NULL)
        printf("external-account %d\nrenewal-info %d\n", found->external_account_required,
               found->renewal_info != NULL);
    return error;
}

static const struct {
    const char *name;
    int arguments; /* at least */
    struct error *(*run)(struct acme *acme, char **arguments, int count);
} commands[] = {
    {"account", 0, account},
    {"show", 0, show},
    {"update", 1, update},
    {"deactivate", 0, deactivate},
    {"orders", 0, orders},
    {"key-change", 1, key_change},
    {"find-key", 1, find_key},
    {"order", 1, order},
    {"issue", 1, issue},
    {"finalize", 1, finalize_order},
    {"certificate", 1, certificate},
    {"look-at-order", 1, look_at_order},
    {"look-at-authorization", 1, look_at_authorization},
    {"give-up", 1, give_up},
    {"revoke", 1, revoke_certificate},
    {"renewal", 1, renewal},
    {"directory", 0, directory},
};

static struct error *run(struct acme *acme, char **arguments, int count)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (count > commands[i].arguments && strcmp(arguments[0], commands[i].name) == 0)
            return commands[i].run(acme, arguments + 1, count - 1);
    }
    die("no such command, or too few arguments");
}

/* ---- the session ------------------------------------------------------------------------- */

static struct error *open_session(struct acme **acme)
{
    const char *origins[] = {options.origin};
    struct acme_options wanted = {.directory = options.directory,
                                  .origins = origins,
                                  .origin_count = options.origin != NULL,
                                  .http = {.ca_file = options.ca, .timeout = options.timeout}};
    EVP_PKEY *key;
    struct error *error;

    if (options.client_key != NULL) {
        wanted.http.client_key = load_key(options.client_key);
        wanted.http.client_certificate = load_certificate(options.client_certificate);
    }
    error = acme_open(&wanted, acme);
    EVP_PKEY_free(wanted.http.client_key);
    X509_free(wanted.http.client_certificate);
    if (error != NULL || options.key == NULL)
        return error;
    key = load_key(options.key);
    acme_use_key(*acme, key);
    EVP_PKEY_free(key);
    return options.account != NULL ? acme_use_account(*acme, options.account) : NULL;
}

int main(int argc, char **argv)
{
    OSSL_PROVIDER *providers[] = {OSSL_PROVIDER_load(NULL, "default"),
                                  OSSL_PROVIDER_load(NULL, "card")};
    struct acme *acme = NULL;
    struct error *error;
    int code = 0;

    parse_options(argc, argv);
    if (providers[0] == NULL || providers[1] == NULL || optind >= argc || options.directory == NULL)
        die("usage: acme_tool --directory URL [OPTION ...] COMMAND [ARGUMENT ...]");
    error = open_session(&acme);
    if (error == NULL)
        error = run(acme, argv + optind, argc - optind);
    if (error != NULL)
        code = report(acme, error);
    if (options.counts && acme != NULL)
        printf("exchanges %lu\nnonces-rejected %lu\n", acme_counts(acme).exchanges,
               acme_counts(acme).nonces_rejected);
    acme_close(acme);
    OSSL_PROVIDER_unload(providers[1]);
    OSSL_PROVIDER_unload(providers[0]);
    return code;
}
