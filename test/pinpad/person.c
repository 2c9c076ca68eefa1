/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is at the keypad: files. */
#include "pad.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static FILE *open_file(const char *name, const char *mode)
{
    char path[4096];
    const char *directory = getenv("PIN_PAD");

    if (directory == NULL)
        return NULL;
    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    return fopen(path, mode);
}

/* Takes the first line out of "typed". */
static bool take_line(char *line, size_t size)
{
    char rest[1024];
    size_t length = 0;
    FILE *file = open_file("typed", "r+");
    bool there = file != NULL && fgets(line, (int)size, file) != NULL;

    if (there) {
        length = fread(rest, 1, sizeof(rest), file);
        line[strcspn(line, "\n")] = '\0';
        (void)fclose(file);
        file = open_file("typed", "w");
        if (file != NULL)
            (void)fwrite(rest, 1, length, file);
    }
    if (file != NULL)
        (void)fclose(file);
    return there;
}

static long patience(unsigned seconds)
{
    long milliseconds = 1000;
    FILE *file = open_file("patience", "r");

    if (file != NULL) {
        if (fscanf(file, "%ld", &milliseconds) != 1)
            milliseconds = 1000;
        (void)fclose(file);
    }
    return seconds > 0 && milliseconds > (long)seconds * 1000 ? (long)seconds * 1000 : milliseconds;
}

bool person_types(unsigned seconds, char *line, size_t size)
{
    const struct timespec pause = {.tv_nsec = 20000000};

    for (long left = patience(seconds); left > 0; left -= 20) {
        if (take_line(line, size))
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

void person_sees(const struct pad_order *order, uint16_t status)
{
    FILE *file = open_file("entries", "a");

    if (file == NULL)
        return;
    fprintf(file, "%s %02x%02x%02x%02x %s%s%s%u to %u digits, block %u, %u seconds: %04x\n",
            order->modify ? "modify" : "verify", order->command[0], order->command[1],
            order->command[2], order->command[3], order->present ? "present, " : "",
            order->fresh ? "new, " : "", order->confirmed ? "again, " : "", order->minimum,
            order->maximum, order->block, order->seconds, status);
    (void)fclose(file);
}

bool person_file(const char *name, uint8_t *out, size_t room, size_t *length)
{
    FILE *file = open_file(name, "r");
    unsigned byte;

    *length = 0;
    if (file == NULL)
        return false;
    while (*length < room && fscanf(file, "%2x", &byte) == 1)
        out[(*length)++] = (uint8_t)byte;
    (void)fclose(file);
    return true;
}
