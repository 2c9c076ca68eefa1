/* SPDX-License-Identifier: BSD-2-Clause */
/* Authorizations and their challenges (RFC 8555, 7.1.4, 7.5, 8). */
#include "acme_internal.h"
#include "base64url.h"

#include <stdlib.h>
#include <string.h>

/* More kinds of challenges than there are. */
#define CHALLENGES_MAX 32

/* ---- parsing ----------------------------------------------------------------------------- */

/* The challenges that are met here; all of them have a token (RFC 8555, 8.3, 8.4; RFC 8737, 3). */
static bool is_known(const char *type)
{
    return strcmp(type, "http-01") == 0 || strcmp(type, "dns-01") == 0 ||
           strcmp(type, "tls-alpn-01") == 0;
}

/* It becomes a file's name and a part of what hooks are given: nothing but base64url passes. */
static struct error *parse_token(const struct json *document, struct acme_challenge *out)
{
    if (!is_known(out->type))
        return NULL;
    struct error *error = json_string(document, "token", &out->token);
    if (error == NULL && !base64url_is(out->token, ACME_TOKEN_MAX))
        error = error_new(ERROR_SERVER_ANSWER,
                          "the token of a challenge is not base64url, and is not used");
    return error;
}

static struct error *parse_challenge(const struct json *document, struct acme_challenge *out)
{
    struct error *error = json_string(document, "type", &out->type);
    if (error == NULL)
        error = acme_url_parse(document, "url", true, &out->url);
    if (error == NULL)
        error = acme_status_parse(document, &out->status);
    if (error == NULL)
        error = parse_token(document, out);
    return error != NULL ? error : acme_problem_member(document, &out->problem);
}

static struct error *parse_challenges(const struct json *document, struct acme_authorization *out)
{
    const struct json *array;
    struct error *error = json_array(document, "challenges", &array);
    if (error == NULL && json_count(array) > CHALLENGES_MAX)
        error = error_new(ERROR_SERVER_ANSWER, "an authorization with %zu challenges",
                          json_count(array));
    if (error != NULL)
        return error;
    out->challenges = calloc(json_count(array) + 1, sizeof(*out->challenges));
    if (out->challenges == NULL)
        return error_no_memory();
    for (const struct json *element = json_first(array); element != NULL && error == NULL;
         element = json_next(element))
        error = parse_challenge(element, &out->challenges[out->challenge_count++]);
    return error;
}

struct error *acme_authorization_parse(const struct json *document, struct acme_authorization *out)
{
    const struct json *identifier;
    struct error *error = acme_status_parse(document, &out->status);
    if (error == NULL)
        error = acme_time_member(document, "expires", &out->expires);
    if (error == NULL)
        error = json_boolean_optional(document, "wildcard", &out->wildcard);
    if (error == NULL)
        error = json_object(document, "identifier", &identifier);
    if (error == NULL)
        error = acme_identifier_parse(identifier, &out->identifier);
    return error != NULL ? error : parse_challenges(document, out);
}

void acme_authorization_clear(struct acme_authorization *authorization)
{
    for (size_t i = 0; i < authorization->challenge_count; i++)
        acme_problem_free(authorization->challenges[i].problem);
    free(authorization->challenges);
    json_free(authorization->document);
    *authorization = (struct acme_authorization){.retry_after = -1};
}

const struct acme_challenge *acme_challenge_find(const struct acme_authorization *authorization,
                                                 const char *type)
{
    for (size_t i = 0; i < authorization->challenge_count; i++) {
        if (strcmp(authorization->challenges[i].type, type) == 0)
            return &authorization->challenges[i];
    }
    return NULL;
}

/* ---- requests ---------------------------------------------------------------------------- */

static struct error *call_authorization(struct acme *acme, const struct acme_call *call,
                                        struct acme_authorization *out)
{
    struct http_response response;
    *out = (struct acme_authorization){.retry_after = -1};
    struct error *error = acme_call_json(acme, call, &response, &out->document);
    if (error == NULL)
        error = acme_authorization_parse(out->document, out);
    out->retry_after = response.retry_after;
    http_response_clear(&response);
    if (error != NULL)
        acme_authorization_clear(out);
    return error;
}

struct error *acme_authorization_get(struct acme *acme, const char *url,
                                     struct acme_authorization *out)
{
    struct acme_call call = {.what = "cannot look at the authorization", .url = url};
    return call_authorization(acme, &call, out);
}

struct error *acme_authorization_deactivate(struct acme *acme, const char *url,
                                            struct acme_authorization *out)
{
    struct acme_call call = {.what = "cannot give the authorization up",
                             .url = url,
                             .payload = "{\"status\":\"deactivated\"}"};
    return call_authorization(acme, &call, out);
}

struct error *acme_challenge_respond(struct acme *acme, const char *url)
{
    struct acme_call call = {
        .what = "cannot have the challenge validated", .url = url, .payload = "{}"};
    struct http_response response;
    struct error *error = acme_call(acme, &call, &response);
    http_response_clear(&response);
    return error;
}
