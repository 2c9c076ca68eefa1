/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue ca orders: what an account has with its CA. */
#ifndef REISSUE_COMMAND_CA_H
#define REISSUE_COMMAND_CA_H

#include "job_command.h"

/* As they were given, or NULL; at most one. */
struct ca_orders_options {
    const char *days, *expiring, *certificate;
};

/* Prints the orders with the CA `name`, or one's certificate. The caller closes the command. */
struct error *ca_orders(struct job_command *command, const char *name,
                        const struct ca_orders_options *wish) MUST_CHECK;

#endif
