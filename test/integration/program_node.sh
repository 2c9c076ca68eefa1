#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Node with examples/server.js. NODE is one that uses the system's OpenSSL (CMake looks).
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

program_install
program_card
"$NODE" --openssl-shared-config --openssl-config="$OPENSSL_CONF" "$EXAMPLES/server.js" 8443 "$CERTS/$NAME.pem" \
    "$KEYS/$NAME.key" "$KEYS/$NAME.pin" &
NODE_PID=$!
wait_until 20 "Node to listen" program_listens 8443
tls_kinds 8443 ec
expect_signed 50 handshakes 8443 50 8
kill $NODE_PID
wait $NODE_PID || [[ $? == 143 ]] || fail "Node ended with $?"
