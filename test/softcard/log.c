/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include "apdu.h"
#include "hex.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLA_CHAINED      0x10
#define INS_PUT_DATA_ODD 0xDB

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
    log->secret_chain = false;
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

/* OpenPGP's PUT DATA of a reset code, a KDF (hashes of passwords) or keys (OpenPGP card 3.4.1,
 * 4.4.2). */
static bool object_is_secret(const uint8_t *command, size_t length)
{
    static const uint8_t tags[] = {0xD1, 0xD2, 0xD3, 0xD5, 0xF4, 0xF9};

    return length < 4 || (command[2] == 0x00 && memchr(tags, command[3], sizeof(tags)) != NULL);
}

/* The odd PUT DATA: PIV's starts with a tag list, and is shown; OpenPGP's import of a key does not,
 * nor do the other parts of a chain, of which nobody knows where they start. */
static bool import_is_secret(const struct soft_log *log, const uint8_t *command, size_t length)
{
    struct soft_apdu apdu;

    return log->secret_chain || !soft_apdu_parse(command, length, &apdu) || apdu.length == 0 ||
           apdu.data[0] != 0x5C;
}

/* VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, Yubico's import of a key and setting of the
 * management key, GENERAL AUTHENTICATE with the management key, and what OpenPGP's PUT DATA can
 * hold. */
static bool command_is_secret(const struct soft_log *log, const uint8_t *command, size_t length)
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
    case 0xDA:
        return object_is_secret(command, length);
    case INS_PUT_DATA_ODD:
        return import_is_secret(log, command, length);
    case 0x87:
        return length < 4 || command[3] == 0x9B;
    default:
        return false;
    }
}

/* How much of a secret command may be shown. Lc only where it is one: in a command that is
 * malformed the byte in its place could be the PIN's first. */
static size_t command_shown(const struct soft_log *log, const uint8_t *command, size_t length)
{
    struct soft_apdu apdu;

    if (!command_is_secret(log, command, length))
        return length;
    if (length <= 4 || !soft_apdu_parse(command, length, &apdu) || apdu.length == 0)
        return length < 4 ? length : 4;
    return apdu.extended ? 7 : 5;
}

void soft_log_command(struct soft_log *log, const uint8_t *command, size_t length,
                      const uint8_t *response, size_t response_length)
{
    size_t shown = command_shown(log, command, length);
    char *hex;

    log->count++;
    if (length >= 2 && command[1] == INS_PUT_DATA_ODD)
        log->secret_chain = (command[0] & CLA_CHAINED) != 0 && shown < length;
    if (log->file == NULL)
        return;
    hex = soft_hex_encode(command, shown);
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
