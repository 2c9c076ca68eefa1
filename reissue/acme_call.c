/* SPDX-License-Identifier: BSD-2-Clause */
/* Signed requests (RFC 8555, 6.2 to 6.7): the nonce, the signature, and what the answer's status
 * says. */
#include "acme_internal.h"
#include "jws.h"

#include <stdlib.h>
#include <string.h>

/* ---- exchanges --------------------------------------------------------------------------- */

struct error *acme_exchange(struct acme *acme, const struct http_request *request,
                            struct http_response *response)
{
    acme_problem_free(acme->problem);
    acme->problem = NULL;
    acme->counts.exchanges++;
    struct error *error = http_exchange(acme->http, request, response);
    acme->retry_after = error == NULL ? response->retry_after : -1;
    if (error == NULL && response->nonce != NULL) {
        free(acme->nonce);
        acme->nonce = response->nonce;
        response->nonce = NULL;
    }
    return error;
}

/* The problem document, if the answer has one that can be read. */
static struct error *take_problem(struct acme *acme, const struct http_response *response)
{
    struct json *document = NULL;
    struct error *error = json_parse(response->body.bytes, response->body.length, &document);
    if (error == NULL)
        error =
            acme_problem_parse(document, response->status, response->retry_after, &acme->problem);
    json_free(document);
    if (error != NULL && error_code(error) == ERROR_NO_MEMORY)
        return error;
    error_free(error);
    return NULL;
}

/* An error without a reason that can be read: some proxy's, perhaps. */
static struct error *bare_status(const char *what, const struct http_response *response)
{
    if (response->status == 429)
        return error_new(ERROR_RATE_LIMITED,
                         "%s: the CA wants to be asked less often: try again "
                         "later",
                         what);
    if (response->status >= 500)
        return error_new(ERROR_CA_TROUBLE,
                         "%s: the CA's server has a fault (HTTP status %ld): try again later", what,
                         response->status);
    if (response->status >= 400)
        return error_new(ERROR_CA_REFUSED,
                         "%s: the CA's server refuses without a reason (HTTP "
                         "status %ld): is the URL right?",
                         what, response->status);
    if (response->status >= 300)
        return error_new(ERROR_SERVER_ANSWER,
                         "%s: the server sends us elsewhere (HTTP status %ld), which is not "
                         "followed: give the URL that is meant",
                         what, response->status);
    return error_new(ERROR_SERVER_ANSWER, "%s: HTTP status %ld makes no sense here", what,
                     response->status);
}

struct error *acme_judge(struct acme *acme, const char *what, const struct http_response *response)
{
    if (response->status >= 200 && response->status < 300)
        return NULL;
    struct error *error = response->status >= 400 ? take_problem(acme, response) : NULL;
    if (error != NULL)
        return error;
    return acme->problem != NULL ? acme_problem_error(acme->problem, what)
                                 : bare_status(what, response);
}

static struct error *parse_body(const char *what, const struct http_response *response,
                                struct json **document)
{
    struct error *error = json_parse(response->body.bytes, response->body.length, document);
    if (error != NULL && error_code(error) == ERROR_SERVER_ANSWER)
        error =
            error_wrap(error, ERROR_SERVER_ANSWER, "%s: the server's answer is malformed", what);
    return error;
}

struct error *acme_fetch_json(struct acme *acme, const char *what, const char *url,
                              struct http_response *response, struct json **document)
{
    struct http_request request = {.method = HTTP_GET,
                                   .url = url,
                                   .allowed = acme->allowed,
                                   .allowed_count = acme->allowed_count,
                                   .accept = "application/json",
                                   .size_max = JSON_SIZE_MAX};
    *document = NULL;
    struct error *error = acme_exchange(acme, &request, response);
    if (error == NULL)
        error = acme_judge(acme, what, response);
    return error != NULL ? error : parse_body(what, response, document);
}

/* ---- signing ----------------------------------------------------------------------------- */

/* RFC 8555, 7.2. */
static struct error *fetch_nonce(struct acme *acme)
{
    struct http_request request = {.method = HTTP_HEAD,
                                   .url = acme->directory.new_nonce,
                                   .allowed = acme->allowed,
                                   .allowed_count = acme->allowed_count};
    struct http_response response;
    struct error *error = acme_exchange(acme, &request, &response);
    if (error == NULL)
        error = acme_judge(acme, "cannot get a nonce", &response);
    http_response_clear(&response);
    if (error == NULL && acme->nonce == NULL)
        error = error_new(ERROR_SERVER_ANSWER, "cannot get a nonce: %s gives none",
                          acme->directory.new_nonce);
    return error;
}

/* The protected header (RFC 8555, 6.2): "jwk" where the key is not yet known, else "kid". */
static struct error *make_header(struct acme *acme, const struct acme_call *call, EVP_PKEY *key,
                                 char **out)
{
    struct json_writer writer = {0};
    const char *algorithm;
    char *jwk = NULL;
    struct error *error = jws_algorithm(key, &algorithm);
    if (error == NULL && call->key != NULL)
        error = jws_jwk(key, &jwk);
    if (error != NULL)
        return error;
    json_write_object(&writer, NULL);
    json_write_string(&writer, "alg", algorithm);
    if (jwk != NULL)
        json_write_raw(&writer, "jwk", jwk);
    else
        json_write_string(&writer, "kid", acme->account_url);
    json_write_string(&writer, "nonce", acme->nonce);
    json_write_string(&writer, "url", call->url);
    json_write_object_end(&writer);
    free(jwk);
    return json_write_end(&writer, out);
}

/* Signs with the nonce that we have, which is used up. */
static struct error *sign_call(struct acme *acme, const struct acme_call *call, char **body)
{
    EVP_PKEY *key = call->key != NULL ? call->key : acme->key;
    char *header = NULL;
    struct error *error = make_header(acme, call, key, &header);
    if (error == NULL)
        error = jws_sign(key, header, call->payload, body);
    free(header);
    free(acme->nonce);
    acme->nonce = NULL;
    return error;
}

static struct error *send_call(struct acme *acme, const struct acme_call *call,
                               struct http_response *response)
{
    char *body = NULL;
    struct error *error = acme->nonce == NULL ? fetch_nonce(acme) : NULL;
    if (error == NULL)
        error = sign_call(acme, call, &body);
    if (error != NULL)
        return error;
    struct http_request request = {.method = HTTP_POST,
                                   .url = call->url,
                                   .allowed = acme->allowed,
                                   .allowed_count = acme->allowed_count,
                                   .accept =
                                       call->accept != NULL ? call->accept : "application/json",
                                   .content_type = "application/jose+json",
                                   .body = body,
                                   .once = call->payload != NULL,
                                   .size_max = JSON_SIZE_MAX};
    error = acme_exchange(acme, &request, response);
    free(body);
    return error != NULL ? error : acme_judge(acme, call->what, response);
}

static bool nonce_rejected(struct acme *acme, const struct error *error)
{
    if (error == NULL || acme->problem == NULL || acme->problem->type != ACME_PROBLEM_BAD_NONCE)
        return false;
    acme->counts.nonces_rejected++;
    return true;
}

struct error *acme_call(struct acme *acme, const struct acme_call *call,
                        struct http_response *response)
{
    const struct acme_directory *directory;
    *response = (struct http_response){.retry_after = -1};
    if (call->key == NULL && (acme->key == NULL || acme->account_url == NULL))
        return error_new(ERROR_ARGUMENT, "%s: there is no account yet", call->what);
    struct error *error = acme_directory(acme, &directory);
    if (error != NULL)
        return error;
    for (int tries = 1;; tries++) {
        error = send_call(acme, call, response);
        if (!nonce_rejected(acme, error) || tries == ACME_NONCE_TRIES)
            return error;
        error_free(error);
        http_response_clear(response);
    }
}

struct error *acme_call_json(struct acme *acme, const struct acme_call *call,
                             struct http_response *response, struct json **document)
{
    *document = NULL;
    struct error *error = acme_call(acme, call, response);
    return error != NULL ? error : parse_body(call->what, response, document);
}
