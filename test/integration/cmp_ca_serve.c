/* SPDX-License-Identifier: BSD-2-Clause */
/* The HTTP side of the tests' CA: one exchange after another, and what can go wrong with them. */
#include "cmp_ca.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX 262144

/* The names of messages, by the tags of their bodies (RFC 9810, 5.1.2). */
static const char *name_of(int type)
{
    static const char *const names[] = {
        [0] = "ir",     [1] = "ip",        [2] = "cr",       [3] = "cp",      [4] = "p10cr",
        [7] = "kur",    [8] = "kup",       [11] = "rr",      [12] = "rp",     [19] = "pkiConf",
        [23] = "error", [24] = "certConf", [25] = "pollReq", [26] = "pollRep"};

    return type >= 0 && (size_t)type < sizeof(names) / sizeof(names[0]) && names[type] != NULL
               ? names[type]
               : "unknown";
}

/* ---- answers ----------------------------------------------------------------------------- */

static bool begins(int type)
{
    return type == 0 || type == 2 || type == 4 || type == 7 || type == 11;
}

OSSL_CMP_MSG *ca_answer(struct ca *ca, OSSL_CMP_MSG *request)
{
    int type = OSSL_CMP_MSG_get_bodytype(request);

    ca->has_issued = false;
    ca_log(ca, "got %s", name_of(type));
    /* What was begun before was given up; and a CA may forget what it was told a while ago. */
    if (begins(type) || ca_behaves(ca, "forget", NULL, 0))
        ca_open_server(ca);
    return OSSL_CMP_SRV_process_request(ca->server, request);
}

static size_t encode(OSSL_CMP_MSG *message, unsigned char *out, size_t size)
{
    BIO *bio = ca_need(BIO_new(BIO_s_mem()), "no memory");
    unsigned char *bytes = NULL;
    long length;

    (void)i2d_OSSL_CMP_MSG_bio(bio, message);
    length = BIO_get_mem_data(bio, (char **)&bytes);
    if (length < 0 || (size_t)length > size)
        ca_need(NULL, "an answer is too long");
    memcpy(out, bytes, (size_t)length);
    BIO_free(bio);
    return (size_t)length;
}

/* The last answer that had a certificate in it, to be played again. */
static unsigned char kept[REQUEST_MAX];
static size_t kept_length;

/* What becomes of an answer on its way; false: it is lost. */
static bool spoil(const struct ca *ca, int type, unsigned char *bytes, size_t *length, size_t size)
{
    static unsigned char before[REQUEST_MAX];
    size_t before_length = kept_length;
    char word[64];

    memcpy(before, kept, kept_length);
    if (type == 1 || type == 3 || type == 8) {
        memcpy(kept, bytes, *length);
        kept_length = *length;
    }
    (void)snprintf(word, sizeof(word), "lose-%s", name_of(type));
    if (ca_behaves(ca, word, NULL, 0) || (ca->has_issued && ca_behaves(ca, "lose-issued", NULL, 0)))
        return false;
    if (ca_behaves(ca, "truncate", NULL, 0))
        *length /= 2;
    if (ca_behaves(ca, "damage", NULL, 0))
        bytes[*length / 2] ^= 1;
    if (ca_behaves(ca, "nonsense", NULL, 0)) {
        memset(bytes, 0xFF, 100);
        *length = 100;
    }
    if (ca_behaves(ca, "replay", NULL, 0)) {
        memcpy(bytes, before, before_length);
        *length = before_length;
    }
    if (ca_behaves(ca, "append", NULL, 0) && *length < size)
        bytes[(*length)++] = 0;
    return true;
}

/* ---- HTTP -------------------------------------------------------------------------------- */

static void write_all(int connection, const void *bytes, size_t length)
{
    const char *cursor = bytes;

    while (length > 0) {
        ssize_t written = write(connection, cursor, length);

        if (written <= 0)
            return;
        cursor += written;
        length -= (size_t)written;
    }
}

/* A whole request; its body begins at *body. 0 where it breaks off. */
static size_t read_request(int connection, char *buffer, size_t size, char **body)
{
    size_t have = 0, wanted = 0;
    char *end = NULL;

    while (end == NULL || have < (size_t)(end + 4 - buffer) + wanted) {
        ssize_t got = have < size - 1 ? read(connection, buffer + have, size - 1 - have) : 0;
        const char *header;

        if (got <= 0)
            return 0;
        have += (size_t)got;
        buffer[have] = '\0';
        if (end == NULL && (end = strstr(buffer, "\r\n\r\n")) != NULL &&
            (header = strcasestr(buffer, "\r\nContent-Length:")) != NULL)
            wanted = strtoul(header + 17, NULL, 10);
    }
    *body = end + 4;
    return wanted;
}

static void send_answer(const struct ca *ca, int connection, const void *bytes, size_t length)
{
    char head[256], status[64] = "200 OK";
    bool huge = ca_behaves(ca, "huge", NULL, 0);

    (void)ca_behaves(ca, "status", status, sizeof(status));
    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                   "Connection: close\r\n\r\n",
                   status, ca_behaves(ca, "html", NULL, 0) ? "text/html" : "application/pkixcmp",
                   huge ? (size_t)1 << 30 : length);
    write_all(connection, head, strlen(head));
    for (int i = 0; huge && i < 64; i++)
        write_all(connection, kept, sizeof(kept));
    write_all(connection, bytes, length);
}

/* "hold-TYPE": keeps the answer back until the client is gone. */
static void hold(const struct ca *ca, int type, int connection)
{
    char word[64], byte;

    (void)snprintf(word, sizeof(word), "hold-%s", name_of(type));
    if (!ca_behaves(ca, word, NULL, 0))
        return;
    ca_log(ca, "held %s", name_of(type));
    while (read(connection, &byte, 1) > 0)
        ;
}

static void serve_one(struct ca *ca, int connection)
{
    static char buffer[REQUEST_MAX];
    static unsigned char out[REQUEST_MAX];
    char *body = NULL;
    size_t length = read_request(connection, buffer, sizeof(buffer), &body);
    BIO *in = length == 0 ? NULL : BIO_new_mem_buf(body, (int)length);
    OSSL_CMP_MSG *request = in == NULL ? NULL : d2i_OSSL_CMP_MSG_bio(in, NULL);
    OSSL_CMP_MSG *answer = request == NULL ? NULL : ca_answer(ca, request);

    if (answer != NULL) {
        int type = OSSL_CMP_MSG_get_bodytype(answer);
        size_t out_length = encode(answer, out, sizeof(out));

        if (type == 23)
            ERR_print_errors_fp(stderr);
        hold(ca, type, connection);
        if (spoil(ca, type, out, &out_length, sizeof(out))) {
            ca_log(ca, "sent %s", name_of(type));
            send_answer(ca, connection, out, out_length);
        } else {
            ca_log(ca, "lost %s", name_of(type));
        }
    }
    ERR_clear_error();
    OSSL_CMP_MSG_free(answer);
    OSSL_CMP_MSG_free(request);
    BIO_free(in);
}

void ca_serve(struct ca *ca, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

    (void)signal(SIGPIPE, SIG_IGN);
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, 16) != 0)
        ca_need(NULL, strerror(errno));
    for (;;) {
        int connection = accept(listener, NULL, NULL);

        if (connection >= 0) {
            serve_one(ca, connection);
            (void)close(connection);
        }
    }
}
