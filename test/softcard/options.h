/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_OPTIONS_H
#define SOFTCARD_OPTIONS_H

#include "vpcd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of the program, as its help and its manual page list them. */
#define EXIT_GOOD       0
#define EXIT_USAGE      2
#define EXIT_STATE      3
#define EXIT_CONNECTION 4

#define LIST_MOST 32

/* What the command line says. Strings and lists point into it. */
struct settings {
    struct soft_card_options card;
    struct soft_vpcd_options vpcd;
    const char *state;
    const char *log;
    enum soft_profile profile; /* the default where it is not given */
    bool profile_given;
    uint32_t serial;
    bool serial_given;
    const char *attestation_root;
    const char *management;
    const char *keys[LIST_MOST];
    const char *certificates[LIST_MOST];
    const char *objects[LIST_MOST];
    size_t key_count;
    size_t certificate_count;
    size_t object_count;
    bool init_only;
};

/* Reads the command line. Where it is wrong, or asks for help, this says so and ends the program.
 */
void settings_read(struct settings *settings, int argc, char **argv);

#endif
