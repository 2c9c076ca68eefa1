/* SPDX-License-Identifier: BSD-2-Clause */
#include "http.h"

#include "http_receive.h"
#include "http_url.h"
#include "text.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http {
    CURL *curl;
    char *ca_file;
    char *user_agent;
    EVP_PKEY *key;
    X509 *certificate;
    STACK_OF(X509) * chain;
    unsigned timeout;
    bool plain, unverified;
};

/* ---- opening and closing ----------------------------------------------------------------- */

static void initialise_curl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT); /* curl_easy_init() fails if this did */
}

static struct error *copy_text(const char *text, char **out)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text != NULL && *out == NULL ? error_no_memory() : NULL;
}

static struct error *copy_options(struct http *http, const struct http_options *options)
{
    http->timeout = options->timeout != 0 ? options->timeout : HTTP_TIMEOUT;
    http->plain = options->plain;
    http->unverified = options->unverified;
    if ((options->client_key == NULL) != (options->client_certificate == NULL))
        return error_new(ERROR_ARGUMENT,
                         "mutual TLS takes a key and its certificate, not one alone");
    if (options->client_key != NULL) {
        if (X509_check_private_key(options->client_certificate, options->client_key) != 1) {
            ERR_clear_error();
            return error_new(ERROR_ARGUMENT,
                             "the client certificate for mutual TLS does not fit its "
                             "key: give the one that belongs to it");
        }
        EVP_PKEY_up_ref(options->client_key);
        http->key = options->client_key;
        X509_up_ref(options->client_certificate);
        http->certificate = options->client_certificate;
    }
    if (options->client_chain != NULL &&
        (http->chain = X509_chain_up_ref(options->client_chain)) == NULL)
        return error_no_memory();
    struct error *error = copy_text(options->ca_file, &http->ca_file);
    return error != NULL ? error : copy_text(options->user_agent, &http->user_agent);
}

struct error *http_open(const struct http_options *options, struct http **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, initialise_curl);
    *out = NULL;
    struct http *http = calloc(1, sizeof(*http));
    if (http == NULL)
        return error_no_memory();
    struct error *error = copy_options(http, options);
    if (error == NULL && (http->curl = curl_easy_init()) == NULL)
        error = error_new(ERROR_INTERNAL, "libcurl cannot be initialised");
    if (error != NULL) {
        http_close(http);
        return error;
    }
    *out = http;
    return NULL;
}

void http_close(struct http *http)
{
    if (http == NULL)
        return;
    curl_easy_cleanup(http->curl);
    EVP_PKEY_free(http->key);
    X509_free(http->certificate);
    sk_X509_pop_free(http->chain, X509_free);
    free(http->ca_file);
    free(http->user_agent);
    free(http);
}

/* ---- mutual TLS -------------------------------------------------------------------------- */

/* libcurl takes keys from files and engines only; here is one of any provider. */
static CURLcode use_client_key(CURL *curl, void *context, void *data)
{
    SSL_CTX *tls = context;
    struct http *http = data;
    (void)curl;
    if (SSL_CTX_use_certificate(tls, http->certificate) == 1 &&
        SSL_CTX_use_PrivateKey(tls, http->key) == 1 &&
        (http->chain == NULL || SSL_CTX_set1_chain(tls, http->chain) == 1))
        return CURLE_OK;
    return CURLE_SSL_CERTPROBLEM;
}

/* ---- one exchange ------------------------------------------------------------------------ */

static bool set_method(CURL *curl, const struct http_request *request)
{
    if (request->method == HTTP_HEAD)
        return curl_easy_setopt(curl, CURLOPT_NOBODY, 1L) == CURLE_OK;
    if (request->method == HTTP_GET)
        return curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    /*
     * On a connection of its own: libcurl sends once more by itself what breaks off on one that was
     * kept, and the server may have carried it out.
     */
    long fresh = request->once ? 1 : 0;
    size_t length = request->body_length != 0 ? request->body_length : strlen(request->body);
    return curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, fresh) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body) == CURLE_OK;
}

/* What protects: each must succeed, or nothing is sent. */
static bool set_security(struct http *http)
{
    CURL *curl = http->curl;
    const char *protocols = http->plain ? "http,https" : "https";
    bool good =
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, http->unverified ? 0L : 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, http->unverified ? 0L : 2L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK;
    if (good && http->ca_file != NULL) /* that one alone, not the system's directory as well */
        good = curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca_file) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
    if (good && http->key != NULL)
        good = curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, use_client_key) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, http) == CURLE_OK;
    return good;
}

static bool set_limits(struct http *http, struct http_receiver *receiver, char *message)
{
    CURL *curl = http->curl;
    return curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)http->timeout) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)http->timeout) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, http_receive_header) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, receiver) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, http_receive_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, receiver) == CURLE_OK;
}

/* They go to the request's origin only: no redirect is followed. */
static bool set_credentials(CURL *curl, const struct http_request *request)
{
    if (request->user == NULL)
        return true;
    return curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)(CURLAUTH_BASIC | CURLAUTH_DIGEST)) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERNAME, request->user) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PASSWORD, request->password) == CURLE_OK;
}

static bool append_header(struct curl_slist **headers, const char *line)
{
    struct curl_slist *grown = curl_slist_append(*headers, line);
    *headers = grown != NULL ? grown : *headers;
    return grown != NULL;
}

static bool add_header(struct curl_slist **headers, const char *name, const char *value)
{
    char line[256];
    if (value == NULL)
        return true;
    if ((size_t)snprintf(line, sizeof(line), "%s: %s", name, value) >= sizeof(line))
        return false;
    return append_header(headers, line);
}

static bool add_headers(struct curl_slist **headers, const struct http_request *request)
{
    bool good = true;
    for (size_t i = 0; good && i < request->header_count; i++)
        good = append_header(headers, request->headers[i]);
    return good;
}

static bool set_headers(struct http *http, const struct http_request *request,
                        struct curl_slist **headers)
{
    const char *type = request->method == HTTP_POST ? request->content_type : NULL;
    return add_header(headers, "Accept", request->accept) &&
           add_header(headers, "Content-Type", type) && add_headers(headers, request) &&
           curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, *headers) == CURLE_OK &&
           curl_easy_setopt(http->curl, CURLOPT_USERAGENT,
                            http->user_agent != NULL ? http->user_agent : "reissue") == CURLE_OK &&
           curl_easy_setopt(http->curl, CURLOPT_URL, request->url) == CURLE_OK;
}

/* What libcurl's code means to people. */
static struct error *explain(const struct http *http, const char *url, CURLcode code,
                             const char *why)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return error_new(ERROR_SERVER_IDENTITY,
                         "%s cannot show that it is that server, and was sent nothing (%s): for a "
                         "private CA, name the file with its root certificate",
                         url, why);
    case CURLE_SSL_CACERT_BADFILE:
        return error_new(ERROR_FILE, "the file with the CAs to trust cannot be read (%s): %s",
                         http->ca_file != NULL ? http->ca_file : "the system's", why);
    case CURLE_OPERATION_TIMEDOUT:
        return error_new(ERROR_NETWORK, "%s did not answer within %u seconds (%s): try again later",
                         url, http->timeout, why);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        return error_new(ERROR_NETWORK,
                         "%s cannot be reached (%s): is the network up, and the address right?",
                         url, why);
    default:
        return error_new(ERROR_NETWORK, "the exchange with %s broke off (%s): try again", url, why);
    }
}

/* libcurl's words may have some of the server's in them, such as names in its certificate. */
static struct error *failure(const struct http *http, const char *url, CURLcode code,
                             const char *message)
{
    char *why;
    struct error *error =
        text_clean(message[0] != '\0' ? message : curl_easy_strerror(code), 300, &why);
    if (error != NULL)
        return error;
    error = explain(http, url, code, why);
    free(why);
    return error;
}

static struct error *perform(struct http *http, const struct http_request *request,
                             struct http_receiver *receiver)
{
    char message[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = NULL;
    CURLcode code = CURLE_OK;
    curl_easy_reset(http->curl);
    bool ready = set_security(http) && set_limits(http, receiver, message) &&
                 set_method(http->curl, request) && set_credentials(http->curl, request) &&
                 set_headers(http, request, &headers);
    if (ready)
        code = curl_easy_perform(http->curl);
    struct error *error = NULL;
    if (!ready)
        error = error_new(ERROR_INTERNAL, "libcurl does not take a request's options");
    else if (receiver->error != NULL)
        error = error_wrap(receiver->error, error_code(receiver->error), "%s", request->url);
    else if (code != CURLE_OK)
        error = failure(http, request->url, code, message);
    (void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &receiver->response->status);
    curl_slist_free_all(headers);
    return error;
}

struct error *http_exchange(struct http *http, const struct http_request *request,
                            struct http_response *response)
{
    struct http_receiver receiver = {.response = response, .size_max = request->size_max};
    *response = (struct http_response){.retry_after = -1};
    struct error *error =
        http->plain ? http_url_allowed_plain(request->url, request->allowed, request->allowed_count)
                    : http_url_allowed(request->url, request->allowed, request->allowed_count);
    if (error == NULL && http->unverified &&
        (request->method != HTTP_GET || request->user != NULL || http->key != NULL))
        error = error_new(ERROR_ARGUMENT, "nothing is told to a server that is not verified");
    if (error == NULL)
        error = perform(http, request, &receiver);
    if (error == NULL)
        error = http_receive_end(&receiver, request->url);
    return error;
}

void http_response_clear(struct http_response *response)
{
    buffer_clear(&response->body);
    free(response->content_type);
    free(response->nonce);
    free(response->location);
    http_links_clear(&response->links);
    *response = (struct http_response){.retry_after = -1};
}

const char *http_response_link(const struct http_response *response, const char *relation,
                               size_t index)
{
    for (size_t i = 0; i < response->links.count; i++) {
        if (strcmp(response->links.links[i].relation, relation) == 0 && index-- == 0)
            return response->links.links[i].target;
    }
    return NULL;
}
