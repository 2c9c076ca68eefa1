/* SPDX-License-Identifier: BSD-2-Clause */
/* The Partner API's reissue, and the verification of domains that goes with it. */
#include "certum_internal.h"
#include "name_form.h"
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 200

/* ---- what is to be published ------------------------------------------------------------- */

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

void certum_challenge_clear(struct certum_challenge *challenge)
{
    free_names(challenge->names, challenge->count);
    free(challenge->email);
    *challenge = (struct certum_challenge){0};
}

/* A DNS name in lower case, without a wildcard: it goes to hooks, and to a person's terminal. */
static struct error *read_name(const char *text, char **out)
{
    const char *name = strncmp(text, "*.", 2) == 0 ? text + 2 : text;

    *out = NULL;
    if (name_dns_fault(name) != NULL || name[0] == '*')
        return error_new(ERROR_SERVER_ANSWER,
                         "Certum's answer makes no sense: what is to be verified is no domain");
    *out = strdup(name);
    for (char *at = *out; at != NULL && *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return *out == NULL ? error_no_memory() : NULL;
}

static struct error *add_name(struct certum_challenge *challenge, const char *text)
{
    char **names;
    char *name;
    struct error *error = read_name(text, &name);

    if (error != NULL)
        return error;
    for (size_t i = 0; i < challenge->count; i++)
        if (strcmp(challenge->names[i], name) == 0) { /* *.example.org and example.org */
            free(name);
            return NULL;
        }
    names = challenge->count == CERTUM_NAMES_MAX
                ? NULL
                : reallocarray(challenge->names, challenge->count + 1, sizeof(*names));
    if (names == NULL) {
        free(name);
        return error_new(ERROR_SERVER_ANSWER, "Certum wants too many domains to be verified");
    }
    challenge->names = names;
    challenge->names[challenge->count++] = name;
    return NULL;
}

/* It becomes a part of a DNS name, and the content of a file. */
static struct error *read_code(const struct xml *element, char out[CERTUM_CODE_SIZE])
{
    const char *code = xml_child_text(element, "code");

    out[0] = '\0';
    if (code == NULL || code[0] == '\0')
        return NULL;
    for (const char *at = code; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_')
            return error_new(ERROR_SERVER_ANSWER,
                             "Certum's answer makes no sense: the verification's code has "
                             "characters that no code has");
    if (strlen(code) >= CERTUM_CODE_SIZE)
        return error_new(ERROR_SERVER_ANSWER,
                         "Certum's answer makes no sense: the verification's code is too long");
    (void)snprintf(out, CERTUM_CODE_SIZE, "%s", code);
    return NULL;
}

static struct error *read_challenge(const struct certum_answer *answer,
                                    struct certum_challenge *out)
{
    const struct xml *element = xml_child(answer->content, "SANVerification");
    const struct xml *name = xml_child(xml_child(element, "FQDNs"), "FQDN");
    struct error *error;

    *out = (struct certum_challenge){0};
    if (element == NULL)
        return NULL;
    error = read_code(element, out->code);
    if (error == NULL)
        error = certum_parse_text(element, "approverEmail", &out->email);
    for (; error == NULL && name != NULL; name = xml_next(name))
        error = add_name(out, xml_text(name));
    if (error != NULL)
        certum_challenge_clear(out);
    return error;
}

/* ---- the reissue ------------------------------------------------------------------------- */

static void write_approver(struct xml_writer *writer, const struct certum_approver *approver)
{
    xml_write_open(writer, "SANApprover", NULL);
    xml_write_text(writer, "approverMethod", approver->method);
    xml_write_text(writer, "approverEmailPrefix", approver->prefix);
    xml_write_close(writer, "SANApprover");
}

static void write_names(struct xml_writer *writer, const char *const *names, size_t count)
{
    xml_write_open(writer, "SANEntries", NULL);
    for (size_t i = 0; i < count; i++) {
        xml_write_open(writer, "SANEntry", NULL);
        xml_write_text(writer, "DNSName", names[i]);
        xml_write_close(writer, "SANEntry");
    }
    xml_write_close(writer, "SANEntries");
}

/* In the schema's order. */
static void write_reissue(struct xml_writer *writer, const void *argument)
{
    const struct certum_reissue *wish = argument;

    xml_write_text(writer, "serialNumber", wish->serial);
    xml_write_text(writer, "CSR", wish->csr);
    if (wish->approver != NULL)
        write_approver(writer, wish->approver);
    if (wish->new_name_count > 0)
        write_names(writer, wish->new_names, wish->new_name_count);
}

struct error *certum_reissue(struct certum *certum, const struct certum_reissue *wish, char *id,
                             struct certum_challenge *challenge)
{
    const struct certum_call call = {.operation = "reissueCertificate",
                                     .what = "the reissue",
                                     .once = true,
                                     .write = write_reissue,
                                     .argument = wish};
    struct certum_answer answer;
    struct error *error = certum_call(certum, &call, &answer);

    *challenge = (struct certum_challenge){0};
    if (error == NULL)
        error = certum_parse_id(answer.content, id);
    if (error == NULL)
        error = read_challenge(&answer, challenge);
    certum_answer_clear(&answer);
    return error;
}

/* ---- verification ------------------------------------------------------------------------ */

struct adding {
    const char *id;
    const struct certum_approver *approver;
};

static void write_adding(struct xml_writer *writer, const void *argument)
{
    const struct adding *adding = argument;

    certum_write_order(writer, adding->id);
    write_approver(writer, adding->approver);
}

struct error *certum_add_verification(struct certum *certum, const char *id,
                                      const struct certum_approver *approver,
                                      struct certum_challenge *challenge)
{
    const struct adding adding = {id, approver};
    const struct certum_call call = {.operation = "addSanVerification",
                                     .what = "another verification",
                                     .once = true,
                                     .write = write_adding,
                                     .argument = &adding};
    struct certum_answer answer;
    struct error *error = certum_call(certum, &call, &answer);

    *challenge = (struct certum_challenge){0};
    if (error == NULL)
        error = read_challenge(&answer, challenge);
    certum_answer_clear(&answer);
    return error;
}

static void write_code(struct xml_writer *writer, const void *code)
{
    xml_write_text(writer, "code", code);
}

/* Looking twice is the same as looking once. */
struct error *certum_perform_verification(struct certum *certum, const char *code)
{
    const struct certum_call call = {.operation = "performSanVerification",
                                     .what = "the verification",
                                     .write = write_code,
                                     .argument = code};

    return certum_call_plainly(certum, &call);
}

struct error *certum_add_email_verification(struct certum *certum, const char *id)
{
    const struct certum_call call = {.operation = "addEmailVerification",
                                     .what = "another mail",
                                     .once = true,
                                     .write = certum_write_order,
                                     .argument = id};

    return certum_call_plainly(certum, &call);
}

/* ---- name by name ------------------------------------------------------------------------ */

void certum_name_states_clear(struct certum_name_states *states)
{
    for (size_t i = 0; i < states->count; i++) {
        free(states->items[i].name);
        free(states->items[i].objection);
    }
    free(states->items);
    *states = (struct certum_name_states){0};
}

/* The first of the service's own checks that failed, and what it says of that. */
static struct error *read_objection(const struct xml *element, char **out)
{
    const char *method = xml_child_text(element, "method");
    const char *info = xml_child_text(element, "info");
    char text[TEXT_MAX * 2];

    *out = NULL;
    if (method == NULL || method[0] == '\0')
        return NULL;
    (void)snprintf(text, sizeof(text), "%s%s%s", method, info != NULL ? ": " : "",
                   info != NULL ? info : "");
    return text_clean(text, TEXT_MAX, out);
}

static struct error *read_name_state(const struct xml *element, struct certum_name_state *out)
{
    const struct xml *manual = xml_child(element, "manualVerification");
    const char *name = xml_child_text(element, "FQDN");
    int state = CERTUM_REQUIRED;
    struct error *error = read_name(name == NULL ? "" : name, &out->name);

    if (error == NULL)
        error = certum_parse_word(manual, "state", certum_verification_words, &state);
    if (error == NULL)
        error = read_objection(xml_child(element, "systemVerification"), &out->objection);
    out->state = (enum certum_verification_state)state;
    return error;
}

static struct error *read_name_states(const struct certum_answer *answer,
                                      struct certum_name_states *out)
{
    const struct xml *element =
        xml_child(xml_child(answer->content, "sanVerifications"), "sanVerification");
    struct error *error = NULL;

    for (; error == NULL && element != NULL; element = xml_next(element)) {
        struct certum_name_state *items =
            out->count == CERTUM_NAMES_MAX
                ? NULL
                : reallocarray(out->items, out->count + 1, sizeof(*items));

        if (items == NULL)
            return error_new(ERROR_SERVER_ANSWER, "Certum's answer has too many domains");
        out->items = items;
        items[out->count] = (struct certum_name_state){0};
        error = read_name_state(element, &items[out->count++]);
    }
    return error;
}

struct error *certum_name_states_get(struct certum *certum, const char *id,
                                     struct certum_name_states *out)
{
    const struct certum_call call = {.operation = "getSanVerificationState",
                                     .what = "the state of the domains",
                                     .write = certum_write_order,
                                     .argument = id};
    struct certum_answer answer;
    struct error *error = certum_call(certum, &call, &answer);

    *out = (struct certum_name_states){0};
    if (error == NULL)
        error = read_name_states(&answer, out);
    if (error != NULL)
        certum_name_states_clear(out);
    certum_answer_clear(&answer);
    return error;
}
