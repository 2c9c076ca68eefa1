/* SPDX-License-Identifier: BSD-2-Clause */
/* The module's process: requests in, calls of the module, answers out. */
#ifndef CARD_PKCS11_HELPER_SERVE_H
#define CARD_PKCS11_HELPER_SERVE_H

/* Serves one module until the other side hangs up. Returns the exit code. */
int serve(int descriptor, const char *path);

#endif
