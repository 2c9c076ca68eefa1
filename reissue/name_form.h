/* SPDX-License-Identifier: BSD-2-Clause */
/* The forms of names: DNS (RFC 1035, RFC 1123, RFC 5890), IP addresses, mail addresses. */
#ifndef REISSUE_NAME_FORM_H
#define REISSUE_NAME_FORM_H

#include <stdbool.h>
#include <stddef.h>

/* RFC 1035 section 2.3.4; a name without the final dot. */
#define NAME_LABEL_MAX 63
#define NAME_DNS_MAX   253

/* RFC 5321 section 4.5.3.1.1. */
#define NAME_LOCAL_PART_MAX 64

/* What is wrong with it as a DNS name, with or without a wildcard, as words after "it"; or NULL. */
const char *name_dns_fault(const char *name);

/* The same for a mail address, in ASCII: the usual characters, no quotes. */
const char *name_email_fault(const char *address);

/* An address' bytes (room for 16): 4 or 16, or 0 where it is none. */
size_t name_ip_bytes(const char *text, unsigned char *out);

/* The other way; `out` has room for INET6_ADDRSTRLEN characters. */
bool name_ip_text(const unsigned char *bytes, size_t length, char *out);

/* Why no public authority knows such a DNS name (RFC 6761, RFC 8375, ICANN's "internal"), or NULL.
 */
const char *name_dns_internal(const char *name);

/* Why nobody owns such an address in the internet (RFC 6890 and IANA's registries), or NULL. */
const char *name_ip_internal(const unsigned char *bytes, size_t length);

#endif
