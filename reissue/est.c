/* SPDX-License-Identifier: BSD-2-Clause */
#include "est.h"

#include "certificate_file.h"
#include "csr.h"
#include "text.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest answer that is taken, in bytes, and the longest text of a CA's that is passed on. */
#define ANSWER_MAX ((size_t)256 * 1024)
#define WORDS_MAX  600

/* How long to wait where the server does not say, in seconds. */
#define PAUSE 60

/* ---- base64 ------------------------------------------------------------------------------ */

static bool is_blank(uint8_t character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

/* Four characters that are none of a line's end; at the last four, up to two are padding. */
static struct error *decode_group(const uint8_t *group, struct buffer *out, bool *last)
{
    unsigned char bytes[3];
    size_t padding = (size_t)(group[3] == '=') + (size_t)(group[3] == '=' && group[2] == '=');

    if (*last || memchr(group, '=', 4 - padding) != NULL || EVP_DecodeBlock(bytes, group, 4) != 3)
        return error_new(ERROR_SERVER_ANSWER, "the server's answer is not in base64");
    *last = padding > 0;
    return buffer_append(out, bytes, 3 - padding);
}

struct error *est_base64_decode(const struct buffer *text, struct buffer *out)
{
    uint8_t group[4];
    size_t count = 0;
    size_t length = text->length;
    bool last = false;
    struct error *error = NULL;

    if (length > 0 && text->bytes[length - 1] == '\0')
        length--; /* libest sends the end of its string as well */
    for (size_t i = 0; error == NULL && i < length; i++) {
        if (is_blank(text->bytes[i]))
            continue;
        group[count++] = text->bytes[i];
        if (count == 4) {
            error = decode_group(group, out, &last);
            count = 0;
        }
    }
    if (error == NULL && count != 0)
        error = error_new(ERROR_SERVER_ANSWER, "the server's answer in base64 breaks off");
    return error;
}

/* In lines: there are servers that read nothing else. */
static struct error *encode(const unsigned char *der, size_t length, char **out)
{
    EVP_ENCODE_CTX *context = EVP_ENCODE_CTX_new();
    int written = 0, rest = 0;

    *out = malloc(length / 48 * 65 + 68);
    if (context == NULL || *out == NULL) {
        EVP_ENCODE_CTX_free(context);
        return error_no_memory();
    }
    EVP_EncodeInit(context);
    (void)EVP_EncodeUpdate(context, (unsigned char *)*out, &written, der, (int)length);
    EVP_EncodeFinal(context, (unsigned char *)*out + written, &rest);
    (*out)[written + rest] = '\0';
    EVP_ENCODE_CTX_free(context);
    return NULL;
}

/* ---- exchanges --------------------------------------------------------------------------- */

static struct error *url_of(const struct est *est, const char *operation, char **out)
{
    size_t length = strlen(est->url);

    while (length > 0 && est->url[length - 1] == '/')
        length--;
    if (asprintf(out, "%.*s/.well-known/est%s%s/%s", (int)length, est->url,
                 est->label != NULL ? "/" : "", est->label != NULL ? est->label : "",
                 operation) >= 0)
        return NULL;
    *out = NULL;
    return error_no_memory();
}

/* `body` NULL: a GET. The caller clears the response, also after an error. */
static struct error *exchange(const struct est *est, const char *operation, const char *body,
                              struct http_response *response)
{
    struct http_request request = {
        .method = body == NULL ? HTTP_GET : HTTP_POST,
        .allowed = &est->url,
        .allowed_count = 1,
        .content_type = "application/pkcs10",
        .body = body,
        .user = est->user,
        .password = est->password,
        .once = true,
        .size_max = ANSWER_MAX,
    };
    char *url;
    struct error *error = url_of(est, operation, &url);

    *response = (struct http_response){.retry_after = -1};
    if (error != NULL)
        return error;
    request.url = url;
    error = http_exchange(est->http, &request, response);
    free(url);
    return error;
}

/* What the server says in its body, where that is a text, for free(). */
static struct error *words_of(const struct http_response *response, char **out)
{
    bool text = response->content_type != NULL &&
                strncmp(response->content_type, "text/plain", strlen("text/plain")) == 0;
    char *copy =
        strndup(text && response->body.length > 0 ? (const char *)response->body.bytes : "",
                text ? response->body.length : 0);
    struct error *error = copy == NULL ? error_no_memory() : text_clean(copy, WORDS_MAX, out);

    free(copy);
    return error;
}

static const struct {
    long status;
    enum error_code code;
    const char *meaning;
} statuses[] = {
    {400, ERROR_CA_REFUSED, "it does not take the request: look at it with reissue check"},
    {401, ERROR_CA_REFUSED,
     "it does not know who asks: the configuration has user and password-file, or a "
     "client-certificate, for that"},
    {403, ERROR_CA_REFUSED, "who asks may not have this"},
    {404, ERROR_SERVER_ANSWER, "there is no EST here: are url and label right?"},
    {429, ERROR_RATE_LIMITED, "it wants to be asked less often: try again later"},
};

static struct error *refusal(const struct http_response *response, const char *what)
{
    enum error_code code = response->status >= 500 ? ERROR_CA_TROUBLE : ERROR_CA_REFUSED;
    const char *meaning = response->status >= 500 ? "try again later" : "it refuses";
    char *words;
    struct error *error = words_of(response, &words);

    if (error != NULL)
        return error;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i].status == response->status) {
            code = statuses[i].code;
            meaning = statuses[i].meaning;
        }
    error = error_new(code, "%s: the CA answers with the HTTP status %ld%s%s: %s", what,
                      response->status, words[0] != '\0' ? " and says: " : "", words, meaning);
    free(words);
    return error;
}

static struct error *parse_certificates(const struct http_response *response, const char *what,
                                        STACK_OF(X509) * *out)
{
    struct buffer der = {0};
    struct error *error = est_base64_decode(&response->body, &der);

    if (error == NULL)
        error = certificates_parse(der.bytes, der.length, "the answer", out);
    if (error != NULL)
        error = error_wrap(error, ERROR_SERVER_ANSWER, "%s", what);
    buffer_clear(&der);
    return error;
}

/* ---- operations -------------------------------------------------------------------------- */

struct error *est_cacerts(const struct est *est, STACK_OF(X509) * *out)
{
    static const char what[] = "cannot get the CA's own certificates";
    struct http_response response;
    struct error *error = exchange(est, "cacerts", NULL, &response);

    *out = NULL;
    if (error == NULL)
        error = response.status == 200 ? parse_certificates(&response, what, out)
                                       : refusal(&response, what);
    http_response_clear(&response);
    return error;
}

struct error *est_csrattrs(const struct est *est, struct buffer *out)
{
    struct http_response response;
    struct error *error = exchange(est, "csrattrs", NULL, &response);

    if (error == NULL && response.status == 200)
        error = est_base64_decode(&response.body, out);
    else if (error == NULL && response.status != 204 && response.status != 404)
        error = refusal(&response, "cannot ask what the CA wants in requests");
    http_response_clear(&response);
    return error;
}

struct error *est_enroll(const struct est *est, bool again, const X509_REQ *request,
                         STACK_OF(X509) * *out, long *seconds)
{
    static const char what[] = "cannot get the certificate";
    struct http_response response = {.retry_after = -1};
    unsigned char *der = NULL;
    size_t length = 0;
    char *body = NULL;
    struct error *error = csr_der(request, &der, &length);

    *out = NULL;
    if (error == NULL)
        error = encode(der, length, &body);
    if (error == NULL)
        error = exchange(est, again ? "simplereenroll" : "simpleenroll", body, &response);
    if (error == NULL && response.status == 202)
        *seconds = response.retry_after >= 0 ? response.retry_after : PAUSE;
    else if (error == NULL && response.status == 200)
        error = parse_certificates(&response, what, out);
    else if (error == NULL)
        error = refusal(&response, what);
    http_response_clear(&response);
    free(body);
    free(der);
    return error;
}
