/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting a program that the application will not notice. */
#ifndef CARD_PKCS11_LAUNCH_H
#define CARD_PKCS11_LAUNCH_H

#include "error.h"

#include <sys/types.h>

/*
 * Starts `program` with two descriptors as its 3 and 4, nothing but /dev/null as 0 and 1 (with
 * CARD_TRACE, the application's standard error as 2), default signals, none blocked, and nothing
 * else that is open. It is not this process's child. ERROR_MODULE.
 */
struct error *pkcs11_launch(const char *program, char *const arguments[], char *const environment[],
                            const int descriptors[2], pid_t *process) MUST_CHECK;

#endif
