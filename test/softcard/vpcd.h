/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SOFTCARD_VPCD_H
#define SOFTCARD_VPCD_H

#include "card.h"
#include "log.h"

/* Where the virtual reader is, and how the card answers it. */
struct soft_vpcd_options {
    const char *host;
    const char *port;
    unsigned latency_ms; /* before each response */
    unsigned byte_us;    /* and for each byte of command and response */
    int remove_at_ins;   /* the card is pulled when this instruction arrives; -1: never */
    int garbage_at_ins;  /* this instruction is answered with nonsense; -1: none */
};

/*
 * Connects to vpcd, trying for ten seconds, since pcscd may still be starting. Returns a socket, or
 * -1 with errno set (0 when the name is not known).
 */
int soft_vpcd_connect(const struct soft_vpcd_options *options);

/*
 * Serves the card over that socket until the other side closes it or the card is pulled. Returns 0,
 * or -1 with errno set when the connection breaks.
 */
int soft_vpcd_serve(int connection, const struct soft_vpcd_options *options, struct soft_card *card,
                    struct soft_log *log);

#endif
