/* SPDX-License-Identifier: BSD-2-Clause */
/* When a certificate is due, and the job that its configuration wants then. */
#ifndef REISSUE_RENEWAL_H
#define REISSUE_RENEWAL_H

#include "config.h"
#include "run.h"

/*
 * When the certificate that is live under that name is to be renewed: in the window that its CA
 * gives (RFC 9773; one moment in it is chosen once, and kept), or else when two thirds of its
 * lifetime are over; but no later than the configuration says. The CA is asked no more often than
 * it wants; what goes wrong then is told, and is no error. ERROR_NOT_FOUND where nothing is live
 * under the name.
 */
struct error *renewal_due(struct run *run, const struct config_certificate *config,
                          time_t *out) MUST_CHECK;

/* The same by the certificate's dates and the configuration alone, which ask nobody. */
struct error *renewal_by_dates(const struct config_certificate *config, const X509 *certificate,
                               time_t *out) MUST_CHECK;

#endif
