/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls-alpn-01 (RFC 8737) by a listener of our own. It speaks to validators only: whoever does not
 * ask for the protocol acme-tls/1 and for a name that is being validated gets an alert.
 *
 * All of it is in a library context of its own, with the default provider alone: its key is for one
 * validation, and must not be made on a card, whatever the configuration says of new keys.
 */
#include "challenge_certificate.h"
#include "challenge_listener.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct tls_answer {
    char *server_name;
    X509 *certificate;
};

struct tls_context {
    OSSL_LIB_CTX *library;
    OSSL_PROVIDER *provider;
    EVP_PKEY *key;
    SSL_CTX *tls;
    struct tls_answer *answers;
    size_t count;
};

static void context_free(void *data)
{
    struct tls_context *context = data;
    for (size_t i = 0; context->answers != NULL && i < context->count; i++) {
        free(context->answers[i].server_name);
        X509_free(context->answers[i].certificate);
    }
    free(context->answers);
    SSL_CTX_free(context->tls);
    EVP_PKEY_free(context->key);
    if (context->provider != NULL)
        OSSL_PROVIDER_unload(context->provider);
    OSSL_LIB_CTX_free(context->library);
    free(context);
}

/* ---- the handshake ----------------------------------------------------------------------- */

/* RFC 8737, 4: exactly this protocol. */
static int choose_protocol(SSL *tls, const unsigned char **out, unsigned char *out_length,
                           const unsigned char *in, unsigned in_length, void *data)
{
    static const unsigned char wanted[] = "acme-tls/1";
    (void)tls;
    (void)data;
    for (unsigned i = 0; i < in_length; i += 1U + in[i]) {
        if (in[i] == sizeof(wanted) - 1 && i + in[i] < in_length &&
            memcmp(in + i + 1, wanted, sizeof(wanted) - 1) == 0) {
            *out = in + i + 1;
            *out_length = sizeof(wanted) - 1;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int choose_certificate(SSL *tls, void *data)
{
    struct tls_context *context = data;
    const char *name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
    for (size_t i = 0; name != NULL && i < context->count; i++) {
        if (strcasecmp(name, context->answers[i].server_name) == 0)
            return SSL_use_certificate(tls, context->answers[i].certificate) == 1 &&
                   SSL_use_PrivateKey(tls, context->key) == 1;
    }
    return 0; /* ends the handshake with an alert */
}

/* The handshake is all that there is: then the connection is closed (RFC 8737, 4). */
static void serve(struct challenge_connection *connection, void *data)
{
    struct tls_context *context = data;
    SSL *tls = SSL_new(context->tls);
    ERR_clear_error();
    if (tls == NULL || SSL_set_fd(tls, connection->socket) != 1) {
        SSL_free(tls);
        return;
    }
    for (;;) {
        int result = SSL_accept(tls);
        int reason = result == 1 ? SSL_ERROR_NONE : SSL_get_error(tls, result);
        short events = reason == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
        bool waits = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
        if (!waits || challenge_connection_wait(connection, events) != 0)
            break;
    }
    if (SSL_is_init_finished(tls))
        (void)SSL_shutdown(tls);
    SSL_free(tls);
    ERR_clear_error();
}

/* ---- opening ----------------------------------------------------------------------------- */

static bool make_tls(struct tls_context *context)
{
    context->library = OSSL_LIB_CTX_new();
    context->provider =
        context->library != NULL ? OSSL_PROVIDER_load(context->library, "default") : NULL;
    if (context->provider == NULL)
        return false;
    context->key = EVP_PKEY_Q_keygen(context->library, NULL, "EC", "P-256");
    context->tls = SSL_CTX_new_ex(context->library, NULL, TLS_server_method());
    if (context->key == NULL || context->tls == NULL ||
        SSL_CTX_set_min_proto_version(context->tls, TLS1_2_VERSION) != 1)
        return false;
    (void)SSL_CTX_set_session_cache_mode(context->tls, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(context->tls, 0);
    SSL_CTX_set_alpn_select_cb(context->tls, choose_protocol, NULL);
    SSL_CTX_set_cert_cb(context->tls, choose_certificate, context);
    return true;
}

static struct error *make_answers(struct tls_context *context,
                                  const struct challenge_answer *answers, size_t count)
{
    struct error *error = NULL;
    context->answers = calloc(count + 1, sizeof(*context->answers));
    if (context->answers == NULL)
        return error_no_memory();
    context->count = count;
    for (size_t i = 0; i < count && error == NULL; i++) {
        struct tls_answer *answer = &context->answers[i];
        error = challenge_server_name(answers[i].identifier, &answer->server_name);
        if (error == NULL)
            error = challenge_certificate(context->library, context->key, answers[i].identifier,
                                          answers[i].key_authorization, &answer->certificate);
    }
    return error;
}

struct error *challenge_tls_alpn_listen(const char *address, unsigned port,
                                        const struct challenge_answer *answers, size_t count,
                                        struct challenge_listener **out)
{
    *out = NULL;
    struct tls_context *context = calloc(1, sizeof(*context));
    if (context == NULL)
        return error_no_memory();
    struct error *error = make_tls(context)
                              ? make_answers(context, answers, count)
                              : error_new(ERROR_INTERNAL, "cannot start TLS for tls-alpn-01");
    if (error != NULL) {
        context_free(context);
        ERR_clear_error();
        return error;
    }
    return challenge_listener_open(address, port, serve, context, context_free, out);
}
