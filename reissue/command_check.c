/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue check: the verdict on a certificate request. */
#include "card/public_key.h"
#include "command.h"
#include "csr_check.h"
#include "describe.h"
#include "exit_code.h"
#include "json_write.h"
#include "names.h"
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_SHOWN 10

static const char usage[] =
    "usage: reissue check [OPTION ...] FILE\n"
    "Says what is wrong with a certificate request (PEM or DER; \"-\" is the standard input), and\n"
    "how to mend it. Exits with 16 where it should not be sent.\n";

struct options {
    enum csr_profile profile;
    bool private_authority;
    bool json;
    const char *file;
};

/* A request, and what people want to know of it. */
struct report {
    const struct options *options;
    X509_REQ *request;
    struct csr_verdict verdict;
    struct names names;
    char *subject;
    char key[64];
};

/* Returns -1 to go on, or an exit code. */
static int parse_options(int argc, char **argv, struct options *options)
{
    const char *profile = NULL;
    const struct option_spec own[] = {
        {"profile", "tls|code-signing|smime",
         "what the certificate is for (told by the request itself)", &profile, NULL},
        {"private-ca", NULL,
         "it is for an authority with rules of its own: what only public ones refuse does not "
         "count",
         NULL, &options->private_authority},
        {"json", NULL, "print the verdict as JSON", NULL, &options->json},
    };
    const struct command_options command = {
        .usage = usage, .own = own, .own_count = sizeof(own) / sizeof(own[0])};
    int code;

    *options = (struct options){.profile = CSR_PROFILE_GUESS};
    code = options_parse(&command, argc, argv);
    if (code >= 0)
        return code;
    if (profile != NULL)
        options->profile = csr_profile_parse(profile);
    if (optind + 1 != argc || (profile != NULL && options->profile == CSR_PROFILE_GUESS))
        return options_misused(&command);
    options->file = argv[optind];
    return -1;
}

/* ---- the report -------------------------------------------------------------------------- */

static struct error *make_report(const struct options *options, struct report *report)
{
    struct csr_remains remains;
    const EVP_PKEY *key;
    struct error *error = csr_read(options->file, &report->request, &remains);

    if (error == NULL)
        error = csr_check(report->request, &remains, options->profile, &report->verdict);
    if (error == NULL)
        error = describe_name(X509_REQ_get_subject_name(report->request), &report->subject);
    if (error == NULL)
        error = names_of_request(report->request, &report->names);
    if (error != NULL)
        return error;
    key = X509_REQ_get0_pubkey(report->request);
    if (key != NULL)
        public_key_name(key, report->key, sizeof(report->key));
    else
        strcpy(report->key, "unreadable key");
    return NULL;
}

static void clear_report(struct report *report)
{
    X509_REQ_free(report->request);
    csr_verdict_clear(&report->verdict);
    names_clear(&report->names);
    free(report->subject);
}

static const char *verdict_text(const struct report *report)
{
    if (report->verdict.count == 0)
        return "nothing is wrong with it";
    if (csr_verdict_good(&report->verdict, report->options->private_authority))
        return "it can be sent";
    return report->verdict.worst == CSR_BROKEN ? "do not send it"
                                               : "public authorities will refuse it";
}

static struct error *print_text(const struct report *report)
{
    char *names;
    struct error *error = names_text(&report->names, NAMES_SHOWN, &names);

    if (error == NULL) {
        printf("Request for %s, checked as for a %s certificate\n", report->key,
               csr_profile_text(report->verdict.profile));
        printf("  subject: %s\n  names:   %s\n", report->subject[0] != '\0' ? report->subject : "-",
               names[0] != '\0' ? names : "-");
    }
    free(names);
    for (size_t i = 0; error == NULL && i < report->verdict.count; i++) {
        const struct csr_finding *finding = &report->verdict.items[i];

        printf("%-8s %s\n         %s\n", csr_severity_text(finding->severity), finding->message,
               finding->mend);
    }
    if (error == NULL)
        printf("Verdict: %s\n", verdict_text(report));
    return error;
}

static void write_findings(const struct report *report, struct json_writer *json)
{
    json_write_array(json, "findings");
    for (size_t i = 0; i < report->verdict.count; i++) {
        const struct csr_finding *finding = &report->verdict.items[i];

        json_write_object(json, NULL);
        json_write_string(json, "severity", csr_severity_text(finding->severity));
        json_write_string(json, "code", finding->code);
        json_write_string(json, "message", finding->message);
        json_write_string(json, "mend", finding->mend);
        json_write_object_end(json);
    }
    json_write_array_end(json);
}

static void write_names(const struct report *report, struct json_writer *json)
{
    json_write_array(json, "names");
    for (size_t i = 0; i < report->names.count; i++) {
        json_write_object(json, NULL);
        json_write_string(json, "type", name_type_text(report->names.items[i].type));
        json_write_string(json, "name", report->names.items[i].text);
        json_write_object_end(json);
    }
    json_write_array_end(json);
}

static struct error *print_json(const struct report *report)
{
    const struct options *options = report->options;
    struct json_writer json = {.comma = false};

    json_write_object(&json, NULL);
    json_write_boolean(&json, "good",
                       csr_verdict_good(&report->verdict, options->private_authority));
    json_write_string(&json, "profile", csr_profile_text(report->verdict.profile));
    json_write_string(&json, "key", report->key);
    json_write_string(&json, "subject", report->subject);
    write_names(report, &json);
    write_findings(report, &json);
    json_write_object_end(&json);
    return json_write_print(&json);
}

int check_command(int argc, char **argv)
{
    struct options options;
    struct report report = {.options = &options};
    int code = parse_options(argc, argv, &options);
    struct error *error;

    if (code >= 0)
        return code;
    error = make_report(&options, &report);
    if (error == NULL)
        error = options.json ? print_json(&report) : print_text(&report);
    if (error == NULL)
        code = csr_verdict_good(&report.verdict, options.private_authority) ? EXIT_CODE_SUCCESS
                                                                            : EXIT_CODE_VERDICT;
    clear_report(&report);
    return error == NULL ? code : command_fail(error, options.json);
}
