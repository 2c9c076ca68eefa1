/* SPDX-License-Identifier: BSD-2-Clause */
#include "certum_error.h"
#include "certum_internal.h"
#include "file_load.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define SPACE "http://webservice.api.muc.unizeto.pl/"

#define PASSWORD_MAX 255 /* error 1090 */

/* What the service says of a call as a whole. */
enum success_code {
    SUCCESS = 0,
    NOT_AUTHENTICATED = 2, /* its English and its Polish texts have 2 and 3 */
    NOT_AUTHENTICATED_TOO = 3,
};

/* ---- opening and closing ----------------------------------------------------------------- */

static struct error *keep_password(const struct buffer *text, const char *path, struct secret **out)
{
    size_t length = text->length;

    while (length > 0 && (text->bytes[length - 1] == '\n' || text->bytes[length - 1] == '\r'))
        length--;
    if (length == 0 || length > PASSWORD_MAX || memchr(text->bytes, '\0', length) != NULL)
        return error_new(ERROR_CONFIG, "%s has to hold the password, of 1 to %d bytes in one line",
                         path, PASSWORD_MAX);
    struct error *error = secret_new(NULL, length + 1, out);
    if (error == NULL)
        memcpy(secret_bytes(*out), text->bytes, length);
    return error;
}

static struct error *read_password(const char *path, struct secret **out)
{
    struct buffer text = {0};
    struct error *error = file_load_secret(path, 2 * PASSWORD_MAX, &text);

    if (error == NULL)
        error = keep_password(&text, path, out);
    else
        error = error_wrap(error, error_code(error), "cannot read Certum's password");
    buffer_clear(&text);
    return error;
}

struct error *certum_open(const struct certum_options *options, struct certum **out)
{
    const struct soap_options soap = {
        .url = options->url != NULL ? options->url : CERTUM_URL,
        .space = SPACE,
        .service = "Certum",
        .http = {.ca_file = options->ca_file},
    };
    struct certum *certum = calloc(1, sizeof(*certum));
    struct error *error;

    *out = NULL;
    if (certum == NULL)
        return error_no_memory();
    certum->user = options->user;
    error = read_password(options->password_file, &certum->password);
    if (error == NULL)
        error = soap_open(&soap, &certum->soap);
    if (error != NULL) {
        certum_close(certum);
        return error;
    }
    *out = certum;
    return NULL;
}

void certum_close(struct certum *certum)
{
    if (certum == NULL)
        return;
    soap_close(certum->soap);
    secret_free(certum->password);
    free(certum);
}

int certum_last_code(const struct certum *certum)
{
    return certum->last_code;
}

/* ---- the request ------------------------------------------------------------------------- */

struct writing {
    const struct certum *certum;
    const struct certum_call *call;
};

/* The password comes first: the schema's order. */
static void write_call(struct xml_writer *writer, const void *argument)
{
    const struct writing *writing = argument;

    xml_write_open(writer, "requestHeader", NULL);
    xml_write_open(writer, "authToken", NULL);
    xml_write_text(writer, "password", (const char *)secret_bytes(writing->certum->password));
    xml_write_text(writer, "userName", writing->certum->user);
    xml_write_close(writer, "authToken");
    xml_write_close(writer, "requestHeader");
    if (writing->call->write != NULL)
        writing->call->write(writer, writing->call->argument);
}

void certum_write_order(struct xml_writer *writer, const void *id)
{
    xml_write_text(writer, "orderID", id);
}

/* ---- the answer -------------------------------------------------------------------------- */

/* The first of its reasons: the others mostly follow from that. */
static struct error *refusal(struct certum *certum, const struct certum_call *call,
                             const struct xml *header, long success)
{
    const struct xml *reason = xml_child(xml_child(header, "errors"), "Error");
    long code = 0;
    struct error *error = NULL;

    if (reason != NULL)
        error = certum_parse_number(reason, "errorCode", -1, &code);
    if (error != NULL)
        return error;
    if (code != 0) {
        certum->last_code = (int)code;
        return certum_error_new((int)code, call->what, xml_child_text(reason, "value"));
    }
    if (success == NOT_AUTHENTICATED || success == NOT_AUTHENTICATED_TOO)
        return error_new(ERROR_CA_REFUSED,
                         "Certum does not accept the user %s with the password in password-file: "
                         "are both those of the Partner API?",
                         certum->user);
    return error_new(ERROR_CA_TROUBLE,
                     "Certum failed at %s, and gives no reason: try again later, and ask Certum if "
                     "that goes on",
                     call->what);
}

static struct error *read_header(struct certum *certum, const struct certum_call *call,
                                 struct certum_answer *answer)
{
    const struct xml *header = xml_child(answer->content, "responseHeader");
    long success;
    struct error *error;

    if (header == NULL)
        return error_new(ERROR_SERVER_ANSWER, "Certum's answer to %s has no header",
                         call->operation);
    error = certum_parse_number(header, "successCode", -1, &success);
    if (error == NULL && success != SUCCESS)
        error = refusal(certum, call, header, success);
    if (error == NULL)
        error = certum_parse_number(header, "currentPage", 1, &answer->page);
    if (error == NULL)
        error = certum_parse_number(header, "pagesCount", 1, &answer->pages);
    return error;
}

/* A service that repeats what it was sent has the password in its words: they are not passed on. */
static struct error *without_password(const struct certum *certum, const struct certum_call *call,
                                      struct error *error)
{
    char *text = error == NULL ? NULL : error_describe(error);
    enum error_code code;

    if (text == NULL || strstr(text, (const char *)secret_bytes(certum->password)) == NULL) {
        free(text);
        return error;
    }
    OPENSSL_cleanse(text, strlen(text));
    free(text);
    code = error_code(error);
    error_free(error);
    return error_new(code,
                     "Certum refuses %s, in words that have the password in them: they are "
                     "not shown",
                     call->what);
}

struct error *certum_call(struct certum *certum, const struct certum_call *call,
                          struct certum_answer *out)
{
    const struct writing writing = {certum, call};
    const struct soap_call soap = {
        .operation = call->operation,
        .once = call->once,
        .write = write_call,
        .argument = &writing,
    };
    struct error *error;

    *out = (struct certum_answer){0};
    certum->last_code = 0;
    error = soap_call(certum->soap, &soap, &out->document, &out->content);
    if (error == NULL)
        error = read_header(certum, call, out);
    return without_password(certum, call, error);
}

struct error *certum_call_plainly(struct certum *certum, const struct certum_call *call)
{
    struct certum_answer answer;
    struct error *error = certum_call(certum, call, &answer);

    certum_answer_clear(&answer);
    return error;
}

void certum_answer_clear(struct certum_answer *answer)
{
    xml_free(answer->document);
    *answer = (struct certum_answer){0};
}
