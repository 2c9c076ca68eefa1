#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Shows how curl fetches a page with a client certificate whose key is on a smart card:
#
#   examples/client-certificate.sh URL CA_FILE CERTIFICATE KEY [curl's options ...]
#
# KEY is a key reference that names where its PIN is. (With one that does not, give curl --pass PIN, which every user
# of the machine can see, or let it ask.) OPENSSL_CONF makes the provider known to curl.
export OPENSSL_CONF=${OPENSSL_CONF:-/etc/ssl/openssl-card.cnf}
exec /usr/bin/curl --fail --silent --show-error --cacert "$2" --cert "$3" --key "$4" "${@:5}" "$1"
