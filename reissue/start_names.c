/* SPDX-License-Identifier: BSD-2-Clause */
/* What a certificate goes by here, and whom it is for. */
#include "csr.h"
#include "describe.h"
#include "fingerprint.h"
#include "names.h"
#include "start_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 100

/* ---- the name ---------------------------------------------------------------------------- */

/* A name becomes a directory's: what has another meaning there is left out of it. */
static bool is_name(const char *text)
{
    if (text[0] == '\0' || text[0] == '.' || text[0] == '-' || strlen(text) > NAME_MAX_LENGTH)
        return false;
    for (; *text != '\0'; text++)
        if (!isalnum((unsigned char)*text) && strchr(".-_@+", *text) == NULL)
            return false;
    return true;
}

struct error *start_check_name(const char *text)
{
    return is_name(text)
               ? NULL
               : error_new(ERROR_ARGUMENT,
                           "\"%s\" cannot be a certificate's name here: letters, digits and . - _ "
                           "@ + are allowed, at most %d",
                           text, NAME_MAX_LENGTH);
}

static struct error *take_text(void *argument, const char *const *row)
{
    char **out = argument;

    free(*out);
    *out = strdup(row[0]);
    return *out == NULL ? error_no_memory() : NULL;
}

/* What it is live under already; *out stays NULL where it is not, or under two names. */
static struct error *name_in_use(struct run *run, const X509 *certificate, char **out)
{
    char fingerprint[FINGERPRINT_SIZE];
    struct error *error = certificate_fingerprint(certificate, fingerprint);

    if (error != NULL)
        return error;
    return state_query(run->state,
                       "SELECT MIN(name) FROM lineage WHERE fingerprint = ?1"
                       " GROUP BY fingerprint HAVING COUNT(*) = 1",
                       STATE_VALUES(fingerprint), take_text, out);
}

/* Makes a name of the text (owned; NULL or empty: there is none), as far as it can be one. */
static struct error *name_from_text(char *text, char **out)
{
    *out = text;
    for (char *place = text; place != NULL && *place != '\0'; place++)
        if (!isalnum((unsigned char)*place) && strchr(".-_@+", *place) == NULL)
            *place = '_';
    if (text != NULL && (text[0] == '.' || text[0] == '-'))
        text[0] = '_';
    if (text != NULL && strlen(text) > NAME_MAX_LENGTH)
        text[NAME_MAX_LENGTH] = '\0';
    if (text != NULL && is_name(text))
        return NULL;
    free(text);
    *out = strdup("certificate");
    return *out == NULL ? error_no_memory() : NULL;
}

/* The common name, which CAs leave out more and more, or the first name that it is for. */
static struct error *name_from_certificate(const X509 *certificate, char **out)
{
    struct names names = {0};
    char *text = NULL;
    struct error *error = describe_common_name(X509_get_subject_name(certificate), &text);

    if (error == NULL && text[0] == '\0')
        error = names_of_certificate(certificate, &names);
    if (error == NULL && names.count > 0) {
        free(text);
        text = strdup(names.items[0].text);
    }
    names_clear(&names);
    if (error == NULL)
        return name_from_text(text, out);
    free(text);
    return error;
}

/* Of a first certificate: as its subject will be. */
static struct error *name_from_wish(const struct start_wish *wish, char **out)
{
    struct csr_template template = {0};
    char *text = NULL;
    struct error *error = wish->subject != NULL ? csr_template_set_subject(&template, wish->subject)
                                                : csr_template_set_names(&template, wish->names);

    if (error == NULL)
        error = describe_common_name(template.subject, &text);
    if (error == NULL)
        error = name_from_text(text, out);
    csr_template_clear(&template);
    return error;
}

struct error *start_usual_name(struct run *run, const X509 *predecessor,
                               const struct start_wish *wish, char **out)
{
    struct error *error = NULL;

    *out = NULL;
    if (predecessor != NULL)
        error = name_in_use(run, predecessor, out);
    if (error != NULL || *out != NULL)
        return error;
    if (predecessor != NULL)
        return name_from_certificate(predecessor, out);
    if (wish->subject != NULL || wish->names != NULL)
        return name_from_wish(wish, out);
    return error_new(ERROR_ARGUMENT, "say which name the certificate goes by here, with --name");
}

struct error *start_note_name(struct run *run, struct job *job, const struct start_wish *wish,
                              const X509 *predecessor)
{
    char *name = NULL;
    struct error *error = wish->name != NULL ? start_check_name(wish->name)
                                             : start_usual_name(run, predecessor, wish, &name);

    if (error == NULL)
        error = job_set(job, JOB_NAME, wish->name != NULL ? wish->name : name);
    free(name);
    return error;
}

/* ---- the names ---------------------------------------------------------------------------- */

struct error *start_check_names(const char *text)
{
    struct names names = {0};
    struct error *error = names_add_list(&names, text);

    if (error == NULL && names.count == 0)
        error = error_new(ERROR_ARGUMENT, "there is no name in \"%s\"", text);
    names_clear(&names);
    return error;
}

struct error *start_check_subject(const char *text)
{
    struct csr_template template = {0};
    struct error *error = csr_template_set_subject(&template, text);

    csr_template_clear(&template);
    return error;
}

struct error *start_common_name(const char *subject, char **out)
{
    struct csr_template template = {0};
    struct error *error = csr_template_set_subject(&template, subject), *no_name;

    *out = NULL;
    if (error == NULL)
        error = describe_common_name(template.subject, out);
    csr_template_clear(&template);
    if (error != NULL)
        return error;
    no_name = strchr(*out, '.') != NULL ? start_check_names(*out) : NULL;
    if (no_name != NULL || strchr(*out, '.') == NULL) {
        free(*out);
        *out = NULL;
    }
    error_free(no_name); /* a person's name, say */
    return NULL;
}

/* A first certificate is for its common name, where that is the name of a machine. */
static struct error *note_common_name(struct job *job, const char *subject)
{
    char *name = NULL;
    struct error *error = start_common_name(subject, &name);

    if (error == NULL && name != NULL)
        error = job_set(job, JOB_NAMES, name);
    free(name);
    return error;
}

/* Those of the predecessor are asked for again where no others are given. */
struct error *start_note_names(struct job *job, const struct start_wish *wish)
{
    bool given = wish->names != NULL || wish->subject != NULL;
    struct error *error = NULL;

    if (!given && wish->certificate == NULL && wish->csr == NULL)
        return error_new(ERROR_ARGUMENT,
                         "say which certificate is to have a successor: a file, a card: URI, or a "
                         "name that reissue list shows; or, for a first one, --subject or --names");
    if (given && wish->csr != NULL)
        return error_new(ERROR_ARGUMENT, "the request that is given says which names are asked "
                                         "for: others cannot be");
    if (wish->subject != NULL)
        error = start_check_subject(wish->subject);
    if (error == NULL && wish->subject != NULL)
        error = job_set(job, JOB_SUBJECT, wish->subject);
    if (error == NULL && wish->names != NULL)
        error = start_check_names(wish->names);
    if (error == NULL && wish->names != NULL)
        return job_set(job, JOB_NAMES, wish->names);
    return error != NULL || wish->subject == NULL || wish->certificate != NULL
               ? error
               : note_common_name(job, wish->subject);
}
