/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PKCS #11 module in a process of its own, which may crash, exit, hang and talk nonsense: that
 * ends the process, and gives an error that says what happened.
 *
 * The process is nobody's child: no SIGCHLD comes, and no wait() of the application's finds it.
 * For one thread at a time.
 */
#ifndef CARD_PKCS11_PROCESS_H
#define CARD_PKCS11_PROCESS_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pkcs11_process;

/*
 * Starts a process with the module `path`, an absolute path; the module is not loaded yet. It has
 * `seconds` for an ordinary call. What is in `hidden` (names that NULL ends) is left out of its
 * environment. ERROR_MODULE.
 */
struct error *pkcs11_process_start(const char *path, unsigned seconds, const char *const *hidden,
                                   struct pkcs11_process **out) MUST_CHECK;

/* ERROR_MODULE, and how it ended, where it has ended since. */
struct error *pkcs11_process_check(struct pkcs11_process *process) MUST_CHECK;

/*
 * Sends a frame and waits for the answer, for the time that the call may take. In:
 * *response_length is the room in `response`; out: the bytes received. ERROR_MODULE: the process
 * is gone, and has to be stopped.
 */
struct error *pkcs11_process_exchange(struct pkcs11_process *process, const uint8_t *request,
                                      size_t length, uint8_t *response,
                                      size_t *response_length) MUST_CHECK;

/* Ends the process, if this one started it, and frees. In a forked child it only frees. */
void pkcs11_process_stop(struct pkcs11_process *process);

#endif
