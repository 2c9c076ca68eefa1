/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include "apdu.h"
#include "hex.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

uint64_t soft_clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int soft_log_open(struct soft_log *log, const char *path)
{
    log->count = 0;
    log->start_us = soft_clock_us();
    log->file = NULL;
    if (path == NULL)
        return 0;
    log->file = fopen(path, "ae");
    return log->file == NULL ? -1 : 0;
}

static double log_ms(const struct soft_log *log)
{
    return (double)(soft_clock_us() - log->start_us) / 1000;
}

void soft_log_event(struct soft_log *log, const char *event)
{
    if (log->file == NULL)
        return;
    fprintf(log->file, "{\"event\":\"%s\",\"ms\":%.3f}\n", event, log_ms(log));
    fflush(log->file);
}

/* VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, Yubico's import of a key and setting of the
 * management key, and GENERAL AUTHENTICATE with the management key. */
static bool command_is_secret(const uint8_t *command, size_t length)
{
    if (length < 2)
        return false;
    switch (command[1]) {
    case 0x20:
    case 0x24:
    case 0x2C:
    case 0xFE:
    case 0xFF:
        return true;
    case 0x87:
        return length < 4 || command[3] == 0x9B;
    default:
        return false;
    }
}

/* How much of a secret command may be shown. Lc only where it is one: in a command that is
 * malformed the byte in its place could be the PIN's first. */
static size_t command_shown(const uint8_t *command, size_t length)
{
    struct soft_apdu apdu;

    if (!command_is_secret(command, length))
        return length;
    if (length <= 4 || !soft_apdu_parse(command, length, &apdu) || apdu.length == 0)
        return length < 4 ? length : 4;
    return apdu.extended ? 7 : 5;
}

void soft_log_command(struct soft_log *log, const uint8_t *command, size_t length,
                      const uint8_t *response, size_t response_length)
{
    char *hex;

    log->count++;
    if (log->file == NULL)
        return;
    hex = soft_hex_encode(command, command_shown(command, length));
    fprintf(log->file,
            "{\"n\":%" PRIu64 ",\"ms\":%.3f,\"command\":\"%s\",\"response_length\":%zu,"
            "\"sw\":\"%02x%02x\",\"ins\":\"%.2s\"}\n",
            log->count, log_ms(log), hex, response_length, response[response_length - 2],
            response[response_length - 1], length >= 2 ? hex + 2 : "");
    fflush(log->file);
    free(hex);
}

void soft_log_close(struct soft_log *log)
{
    if (log->file != NULL)
        fclose(log->file);
    log->file = NULL;
}
