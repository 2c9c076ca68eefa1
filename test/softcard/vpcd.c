/* SPDX-License-Identifier: BSD-2-Clause */
/* The card's side of vpcd's protocol: both ways two bytes of length, most significant first, then
 * as many bytes. One byte is a control code, anything else an APDU. */
#include "vpcd.h"

#include "garbage.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_SECONDS 10
#define CONNECT_PAUSE   20 /* ms */

enum vpcd_control { VPCD_POWER_OFF = 0, VPCD_POWER_ON = 1, VPCD_RESET = 2, VPCD_ATR = 4 };

/* What one connection is served with. */
struct vpcd_session {
    int connection;
    const struct soft_vpcd_options *options;
    struct soft_card *card;
    struct soft_log *log;
    uint8_t message[65535];
};

static void pause_us(uint64_t us)
{
    struct timespec left = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};

    while (us > 0 && nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

static int address_connect(const struct addrinfo *addresses)
{
    for (const struct addrinfo *address = addresses; address != NULL; address = address->ai_next) {
        int connection = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, 0);

        if (connection < 0)
            return -1;
        if (connect(connection, address->ai_addr, address->ai_addrlen) == 0)
            return connection;
        close(connection);
    }
    return -1;
}

int soft_vpcd_connect(const struct soft_vpcd_options *options)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    uint64_t deadline = soft_clock_us() + CONNECT_SECONDS * 1000000;
    struct addrinfo *addresses;
    const int on = 1;
    int connection;

    errno = 0;
    if (getaddrinfo(options->host, options->port, &hints, &addresses) != 0)
        return -1;
    connection = address_connect(addresses);
    while (connection < 0 && errno == ECONNREFUSED && soft_clock_us() < deadline) {
        pause_us(CONNECT_PAUSE * 1000);
        connection = address_connect(addresses);
    }
    freeaddrinfo(addresses);
    if (connection >= 0)
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return connection;
}

/* Reads exactly `length` bytes. Returns 1, 0 when the connection was closed, -1 when it broke. */
static int bytes_read(int connection, uint8_t *data, size_t length)
{
    const int on = 1;

    while (length > 0) {
        ssize_t count = read(connection, data, length);

        if (count == 0 || (count < 0 && errno == ECONNRESET))
            return 0;
        if (count < 0 && errno != EINTR)
            return -1;
        /* vpcd writes length and payload apart, and waits for our acknowledgement in between; the
         * kernel turns the option off by itself. */
        setsockopt(connection, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
        if (count > 0) {
            data += count;
            length -= (size_t)count;
        }
    }
    return 1;
}

static int message_read(struct vpcd_session *session, size_t *length)
{
    uint8_t prefix[2];
    int result = bytes_read(session->connection, prefix, sizeof(prefix));

    if (result != 1)
        return result;
    *length = (size_t)prefix[0] << 8 | prefix[1];
    return bytes_read(session->connection, session->message, *length);
}

/* One write for both, or Nagle and delayed acknowledgements cost 40 ms. Returns like bytes_read().
 */
static int message_write(const struct vpcd_session *session, const struct soft_bytes *bytes)
{
    struct soft_bytes framed = {0};
    size_t sent = 0;
    int result = 1;

    soft_bytes_append_byte(&framed, (uint8_t)(bytes->length >> 8));
    soft_bytes_append_byte(&framed, (uint8_t)bytes->length);
    soft_bytes_append(&framed, bytes->data, bytes->length);
    while (result == 1 && sent < framed.length) {
        ssize_t count =
            send(session->connection, framed.data + sent, framed.length - sent, MSG_NOSIGNAL);

        if (count >= 0)
            sent += (size_t)count;
        else if (errno == EPIPE || errno == ECONNRESET)
            result = 0;
        else if (errno != EINTR)
            result = -1;
    }
    soft_bytes_free(&framed);
    return result;
}

static int control_serve(struct vpcd_session *session)
{
    struct soft_bytes atr = {0};
    int result = 1;

    switch (session->message[0]) {
    case VPCD_POWER_OFF:
        soft_log_event(session->log, "power-off");
        soft_card_reset(session->card);
        break;
    case VPCD_POWER_ON:
        soft_log_event(session->log, "power-on");
        soft_card_reset(session->card);
        break;
    case VPCD_RESET:
        soft_log_event(session->log, "reset");
        soft_card_reset(session->card);
        break;
    case VPCD_ATR:
        soft_card_atr(session->card, &atr);
        result = message_write(session, &atr);
        break;
    default:
        soft_log_event(session->log, "unknown-control");
        break;
    }
    soft_bytes_free(&atr);
    return result;
}

static int command_serve(struct vpcd_session *session, size_t length)
{
    const struct soft_vpcd_options *options = session->options;
    const uint8_t *command = session->message;
    int ins = length >= 2 ? command[1] : -1;
    unsigned verifies = session->card->dummy_verifies;
    struct soft_bytes response = {0};
    int result;

    if (ins >= 0 && ins == options->remove_at_ins) {
        soft_log_event(session->log, "removed");
        return 0;
    }
    if (ins >= 0 && ins == options->garbage_at_ins)
        soft_garbage_answer(&response);
    else
        soft_card_transmit(session->card, command, length, &response);
    pause_us((uint64_t)options->latency_ms * 1000 +
             (uint64_t)options->byte_us * (length + response.length));
    soft_log_command(session->log, command, length, response.data, response.length);
    if (session->card->dummy_verifies != verifies)
        soft_log_event(session->log, "dummy-verify");
    result = message_write(session, &response);
    soft_bytes_free(&response);
    return result;
}

int soft_vpcd_serve(int connection, const struct soft_vpcd_options *options, struct soft_card *card,
                    struct soft_log *log)
{
    struct vpcd_session session = {
        .connection = connection, .options = options, .card = card, .log = log};
    size_t length = 0;
    int result = 1;

    soft_log_event(log, "connect");
    while (result == 1) {
        result = message_read(&session, &length);
        if (result == 1 && length == 1)
            result = control_serve(&session);
        else if (result == 1 && length > 1)
            result = command_serve(&session, length);
    }
    soft_log_event(log, "disconnect");
    return result;
}
