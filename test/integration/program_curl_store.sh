#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# curl with a client certificate whose key, and which itself, is named by URI. curl loads the provider by itself then, into
# a library context of its own, which knows nothing of the configuration file's settings.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

# What docs/servers.md says to type.
fetch() {
    curl --fail --silent --show-error --cacert "$CA_FILE" --engine card --key-type PROV "$@" \
        "https://$NAME:8443/" >hello 2>err || fail "curl $*: $(<err)"
    expect_in "Hello client" hello
}

# refused WORD OPTION...: no page, and curl tells our reason.
refused() {
    expect_failure curl --fail --silent --show-error --cacert "$CA_FILE" --engine card --cert "$CERTS/client.pem" \
        --key-type PROV --key "$2" "https://$NAME:8443/" </dev/null
    grep -Eq "error:[0-9A-F]*:card::$1" err || fail "not '$1': $(<err)"
}

program_install
program_card --management-algorithm 3des # Debian 12's yubico-piv-tool knows no other
/usr/bin/python3 "$EXAMPLES/server.py" 8443 "$CERTS/$NAME.pem" "$KEYS/$NAME.key" "$KEYS/$NAME.pin" "$CA_FILE" \
    2>server.log &
wait_until 10 "the Python server to listen" program_listens 8443
yubico-piv-tool --reader "$READER" --action import-certificate --slot 82 --input "$CERTS/client.pem" >import.out 2>&1 ||
    fail "yubico-piv-tool: $(<import.out)"

# One signature by the server's key and one by the client's: two in all.
KEY="card:slot=82?pin-source=file:$KEYS/$NAME.pin"
expect_signed 2 fetch --cert "$CERTS/client.pem" --key "$KEY"
expect_signed 2 fetch --cert "$CERTS/client.pem" --key "$KEY" --tls-max 1.2
# In a certificate's name curl takes what comes after a colon for its password.
expect_signed 2 fetch --cert-type PROV --cert 'card\:slot=82;type=cert' --key "$KEY"

# What can be wrong.
refused "not found on card" "${KEY/82/9d}"
refused "no PIN" "card:slot=82" # --pass is for files
