/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls_load PORT HANDSHAKES THREADS CAFILE [OPTION=VALUE ...]: what many browsers do to a web
 * server. Each of the handshakes is a full one, on a connection of its own to 127.0.0.1, with the
 * server's certificate verified for www.example.org, then GET / and an answer that starts "HTTP/1.1
 * 200". The options are those of SSL_CONF_cmd(3), such as MaxProtocol=TLSv1.2. Fails at the first
 * that fails.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST "GET / HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n\r\n"

static SSL_CTX *context;
static uint16_t port;
static atomic_int left;

static void die(const char *what)
{
    perror(what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static int connect_to_server(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 20};
    int connection = socket(AF_INET, SOCK_STREAM, 0);

    if (connection < 0 ||
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
        connect(connection, (const struct sockaddr *)&address, sizeof(address)) != 0)
        die("connect");
    return connection;
}

static void request_page(SSL *tls)
{
    char answer[13];
    size_t length = 0;

    if (SSL_write(tls, REQUEST, (int)strlen(REQUEST)) <= 0)
        die("SSL_write");
    while (length < sizeof(answer) - 1) {
        int got = SSL_read(tls, answer + length, (int)(sizeof(answer) - 1 - length));
        if (got <= 0)
            die("SSL_read");
        length += (size_t)got;
    }
    answer[length] = '\0';
    if (strcmp(answer, "HTTP/1.1 200") != 0)
        die(answer);
}

static void visit(void)
{
    int connection = connect_to_server();
    SSL *tls = SSL_new(context);

    if (tls == NULL || SSL_set_fd(tls, connection) != 1 ||
        SSL_set_tlsext_host_name(tls, "www.example.org") != 1 ||
        SSL_set1_host(tls, "www.example.org") != 1 || SSL_connect(tls) != 1)
        die("SSL_connect");
    if (SSL_session_reused(tls))
        die("a session was resumed");
    request_page(tls);
    (void)SSL_shutdown(tls);
    SSL_free(tls);
    close(connection);
}

static void *work(void *unused)
{
    while (atomic_fetch_sub(&left, 1) > 0)
        visit();
    return unused;
}

static void set_option(char *option)
{
    SSL_CONF_CTX *configuration = SSL_CONF_CTX_new();
    char *value = strchr(option, '=');

    if (configuration == NULL || value == NULL)
        die(option);
    *value++ = '\0';
    SSL_CONF_CTX_set_flags(configuration, SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_CLIENT);
    SSL_CONF_CTX_set_ssl_ctx(configuration, context);
    if (SSL_CONF_cmd(configuration, option, value) != 2)
        die(option);
    SSL_CONF_CTX_free(configuration);
}

static void visit_in_threads(int count)
{
    pthread_t threads[64];

    for (int i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            die("pthread_create");
    }
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    int threads = argc >= 5 ? atoi(argv[3]) : 0;

    if (threads < 1 || threads > 64) {
        fprintf(stderr, "usage: tls_load PORT HANDSHAKES THREADS CAFILE [OPTION=VALUE ...]\n");
        return 2;
    }
    port = (uint16_t)atoi(argv[1]);
    atomic_init(&left, atoi(argv[2]));
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_load_verify_file(context, argv[4]) != 1)
        die(argv[4]);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    for (int i = 5; i < argc; i++)
        set_option(argv[i]);
    visit_in_threads(threads);
    SSL_CTX_free(context);
    printf("%s handshakes\n", argv[2]);
    return 0;
}
