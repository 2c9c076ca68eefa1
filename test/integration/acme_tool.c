/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acme_tool [OPTION ...] COMMAND [ARGUMENT ...]: drives the ACME layer, one command a run, with no
 * memory of earlier ones. What it did goes to standard output, a word and a value a line. An error
 * is "error CODE: message" on standard error and exit code 1; "retry-after SECONDS" follows if the
 * server said so.
 */
#include "acme_tool.h"

#include <getopt.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options options = {.timeout = 30};

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

_Noreturn void die(const char *what)
{
    fprintf(stderr, "acme_tool: %s\n", what);
    exit(3);
}

/* ---- commands ---------------------------------------------------------------------------- */

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
