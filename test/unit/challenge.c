/* SPDX-License-Identifier: BSD-2-Clause */
/* Challenges: files below a hostile web root, and listeners that strangers speak to. */
#include "reissue/challenge.h"
#include "expect.h"
#include "reissue/challenge_certificate.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- dns-01 ------------------------------------------------------------------------------ */

static void computes_dns_values(void **state)
{
    (void)state;
    char *text;
    /* SHA-256 of nothing and of "abc" (FIPS 180-2, B.1), in base64url. */
    expect_good(challenge_dns_value("", &text));
    assert_string_equal(text, "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    free(text);
    expect_good(challenge_dns_value("abc", &text));
    assert_string_equal(text, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    free(text);
    expect_good(challenge_dns_name("*.example.org", &text));
    assert_string_equal(text, "_acme-challenge.example.org");
    free(text);
}

/* ---- the web root ------------------------------------------------------------------------ */

static char root[] = "/tmp/challenge-test.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(root) != NULL && chdir(root) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[64];
    (void)snprintf(command, sizeof(command), "rm -r %s", root);
    return system(command);
}

static void publishes_files(void **state)
{
    (void)state;
    struct stat status;
    char text[16] = "";
    mode_t mask = umask(0077);
    for (int i = 0; i < 2; i++) /* twice is as good as once */
        expect_good(challenge_webroot_publish(root, "to-k_en", "to-k_en.abc"));
    umask(mask);
    assert_int_equal(stat(".well-known/acme-challenge/to-k_en", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    assert_int_equal(stat(".well-known/acme-challenge", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0755);
    int file = open(".well-known/acme-challenge/to-k_en", O_RDONLY);
    assert_int_equal(read(file, text, sizeof(text)), 11);
    close(file);
    assert_string_equal(text, "to-k_en.abc");
    for (int i = 0; i < 2; i++)
        expect_good(challenge_webroot_remove(root, "to-k_en"));
    assert_int_equal(rmdir(".well-known/acme-challenge"), 0); /* nothing else was left in it */
    expect_good(challenge_webroot_remove(root, "to-k_en"));
}

static void refuses_paths(void **state)
{
    (void)state;
    static const char *const tokens[] = {"../x", "a/b", ".", "..", "", "a.b", "a b"};
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        expect_error(challenge_webroot_publish(root, tokens[i], "x"), ERROR_SERVER_ANSWER, "token");
        expect_error(challenge_webroot_remove(root, tokens[i]), ERROR_SERVER_ANSWER, "token");
    }
    expect_error(challenge_webroot_publish("/nowhere", "token", "x"), ERROR_FILE,
                 "is that the web server's root?");
}

/* Whoever may write to the web root does not get to choose where we write. */
static void follows_no_links(void **state)
{
    (void)state;
    assert_int_equal(mkdir("elsewhere", 0755), 0);
    (void)rmdir(".well-known");
    assert_int_equal(symlink("elsewhere", ".well-known"), 0);
    expect_error(challenge_webroot_publish(root, "token", "x"), ERROR_FILE, "links below");
    assert_int_equal(unlink(".well-known"), 0);
    assert_int_equal(rmdir("elsewhere"), 0); /* still empty */
    assert_int_equal(mkdir(".well-known", 0755), 0);
    assert_int_equal(mkdir(".well-known/acme-challenge", 0755), 0);
    assert_int_equal(symlink("../../target", ".well-known/acme-challenge/token"), 0);
    expect_good(challenge_webroot_publish(root, "token", "x")); /* in the link's place */
    assert_int_equal(access("target", F_OK), -1);
    expect_good(challenge_webroot_remove(root, "token"));
}

/* ---- listeners --------------------------------------------------------------------------- */

static const struct challenge_answer answers[] = {
    {"a.example.org", "token-a", "token-a.thumbprint"},
    {"192.0.2.1", "token-b", "token-b.thumbprint"},
};

static int connected(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    return descriptor;
}

/* What comes back for a request, up to the end of the connection. */
static void ask(unsigned port, const char *request, char *answer, size_t size)
{
    int descriptor = connected(port);
    size_t length = 0;
    ssize_t count;
    assert_int_equal(write(descriptor, request, strlen(request)), strlen(request));
    while ((count = read(descriptor, answer + length, size - 1 - length)) > 0)
        length += (size_t)count;
    answer[length] = '\0';
    close(descriptor);
}

/* A port that is free; listening there may fail if another program was quicker. */
static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
    close(descriptor);
    return ntohs(address.sin_port);
}

static void serves_http(void **state)
{
    (void)state;
    unsigned port = free_port();
    struct challenge_listener *listener, *second;
    char answer[1024];
    expect_good(challenge_http_listen("127.0.0.1", port, answers, 2, &listener));
    ask(port, "GET /.well-known/acme-challenge/token-b HTTP/1.1\r\nHost: x\r\n\r\n", answer, 1024);
    assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\ntoken-b.thumbprint");
    static const char *const others[] = {
        "GET /.well-known/acme-challenge/token HTTP/1.1\r\n\r\n",
        "GET /.well-known/acme-challenge/token-aa HTTP/1.1\r\n\r\n",
        "GET /.well-known/acme-challenge/ HTTP/1.1\r\n\r\n",
        "GET /.well-known/acme-challenge/../../etc/passwd HTTP/1.1\r\n\r\n",
        "POST /.well-known/acme-challenge/token-a HTTP/1.1\r\n\r\n",
        "\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ask(port, others[i], answer, sizeof(answer));
        assert_non_null(strstr(answer, "HTTP/1.1 404 Not Found\r\n"));
    }
    expect_error(challenge_http_listen("127.0.0.1", port, answers, 2, &second), ERROR_NETWORK,
                 "another program has it");
    expect_error(challenge_http_listen("localhost", port, answers, 2, &second), ERROR_ARGUMENT,
                 "no address");
    challenge_listener_close(listener);
    expect_good(challenge_http_listen("127.0.0.1", port, answers, 2, &listener)); /* free again */
    challenge_listener_close(listener);
}

/* Some say nothing, one says too much; the next is served all the same, and closing takes no time.
 */
static void survives_strangers(void **state)
{
    (void)state;
    unsigned port = free_port();
    struct challenge_listener *listener;
    char answer[1024];
    int silent[8];
    expect_good(challenge_http_listen("127.0.0.1", port, answers, 2, &listener));
    for (size_t i = 0; i < 8; i++) {
        silent[i] = connected(port);
        assert_int_equal(write(silent[i], "GET /", 5), 5);
    }
    int loud = connected(port);
    char noise[4096];
    memset(noise, 'x', sizeof(noise));
    for (int i = 0; i < 4; i++) /* it is closed to us before that */
        (void)!send(loud, noise, sizeof(noise), MSG_NOSIGNAL);
    close(loud);
    ask(port, "GET /.well-known/acme-challenge/token-a HTTP/1.0\r\n\r\n", answer, sizeof(answer));
    assert_non_null(strstr(answer, "token-a.thumbprint"));
    challenge_listener_close(listener);
    for (size_t i = 0; i < 8; i++)
        close(silent[i]);
}

/* ---- tls-alpn-01 ------------------------------------------------------------------------- */

/* The certificate that is shown for a name and a protocol; NULL if the handshake fails. */
static X509 *shown(unsigned port, const char *name, const char *protocol)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *tls = SSL_new(context);
    int descriptor = connected(port);
    unsigned char list[64] = {(unsigned char)strlen(protocol)};
    memcpy(list + 1, protocol, strlen(protocol));
    if (protocol[0] != '\0')
        assert_int_equal(SSL_set_alpn_protos(tls, list, list[0] + 1U), 0);
    if (name != NULL)
        assert_int_equal(SSL_set_tlsext_host_name(tls, name), 1);
    SSL_set_fd(tls, descriptor);
    bool done = SSL_connect(tls) == 1;
    X509 *certificate = done ? SSL_get1_peer_certificate(tls) : NULL;
    const unsigned char *chosen = NULL;
    unsigned length = 0;
    SSL_get0_alpn_selected(tls, &chosen, &length);
    if (done && protocol[0] != '\0')
        assert_int_equal(length, strlen(protocol));
    SSL_free(tls);
    SSL_CTX_free(context);
    close(descriptor);
    return certificate;
}

/* RFC 8737, 3: one name, and the hash in a critical extension. */
static void expect_certificate(X509 *certificate, const char *name, const char *key_authorization)
{
    unsigned char hash[34] = {0x04, 0x20};
    assert_non_null(certificate);
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    assert_int_equal(sk_GENERAL_NAME_num(names), 1);
    GENERAL_NAMES_free(names);
    assert_true(X509_check_host(certificate, name, 0, 0, NULL) == 1 ||
                X509_check_ip_asc(certificate, name, 0) == 1);
    ASN1_OBJECT *identifier = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    int index = X509_get_ext_by_OBJ(certificate, identifier, -1);
    ASN1_OBJECT_free(identifier);
    assert_true(index >= 0);
    X509_EXTENSION *extension = X509_get_ext(certificate, index);
    assert_int_equal(X509_EXTENSION_get_critical(extension), 1);
    assert_int_equal(EVP_Digest(key_authorization, strlen(key_authorization), hash + 2, NULL,
                                EVP_sha256(), NULL),
                     1);
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
    assert_int_equal(ASN1_STRING_length(value), sizeof(hash));
    assert_memory_equal(ASN1_STRING_get0_data(value), hash, sizeof(hash));
    X509_free(certificate);
}

static void serves_tls_alpn(void **state)
{
    (void)state;
    unsigned port = free_port();
    struct challenge_listener *listener;
    expect_good(challenge_tls_alpn_listen("127.0.0.1", port, answers, 2, &listener));
    int silent = connected(port);
    expect_certificate(shown(port, "A.example.org", "acme-tls/1"), "a.example.org",
                       "token-a.thumbprint");
    expect_certificate(shown(port, "1.2.0.192.in-addr.arpa", "acme-tls/1"), "192.0.2.1",
                       "token-b.thumbprint");
    assert_null(shown(port, "b.example.org", "acme-tls/1"));
    assert_null(shown(port, NULL, "acme-tls/1"));
    assert_null(shown(port, "a.example.org", "h2"));
    assert_null(shown(port, "a.example.org", "acme-tls/2"));
    assert_null(shown(port, "a.example.org", ""));
    challenge_listener_close(listener);
    close(silent);
}

static void names_addresses_in_the_reverse_tree(void **state)
{
    (void)state;
    char *name;
    expect_good(challenge_server_name("2001:db8::1", &name));
    assert_string_equal(name, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
                              "ip6.arpa");
    free(name);
    expect_good(challenge_server_name("a.example.org", &name));
    assert_string_equal(name, "a.example.org");
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_dns_values),
        cmocka_unit_test(publishes_files),
        cmocka_unit_test(refuses_paths),
        cmocka_unit_test(follows_no_links),
        cmocka_unit_test(serves_http),
        cmocka_unit_test(survives_strangers),
        cmocka_unit_test(serves_tls_alpn),
        cmocka_unit_test(names_addresses_in_the_reverse_tree),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
