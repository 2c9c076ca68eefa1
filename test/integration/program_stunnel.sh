#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# stunnel with examples/stunnel.conf: threads of one process, as its own user.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

program_install
program_card
program_reference_with_source $NAME 9a
install -m 644 "$EXAMPLES/stunnel.conf" /etc/stunnel/$NAME.conf
# Releases after Debian 13 have renamed the user.
getent passwd stunnel4 >/dev/null || sed -i 's/^\(set[ug]id\) = stunnel4$/\1 = stunnel/' /etc/stunnel/$NAME.conf
program_web_server
stunnel_start() {
    /usr/bin/stunnel4 /etc/stunnel/$NAME.conf 2>>stunnel.err &
    STUNNEL_PID=$!
    wait_until 10 "stunnel to listen" program_listens 443
}

stunnel_stop() {
    kill -TERM "$STUNNEL_PID"
    wait "$STUNNEL_PID" || fail "stunnel ended with $?: $(<stunnel.err)"
}

apdu_log_clear
stunnel_start
[[ $(apdu_count) == 0 ]] || fail "starting cost $(apdu_list)"
tls_kinds 443 ec
expect_signed 100 handshakes 443 100 8
stunnel_stop
stunnel_start
expect_signed 20 handshakes 443 20 4
stunnel_stop

# The key by its URI, from 5.75 on.
if at_least 5.75 "$(/usr/bin/stunnel4 -version 2>&1 | sed -n 's/^stunnel \([0-9.]*\).*/\1/p')"; then
    sed -i "s|^key = .*|key = card:slot=9a?pin-source=file:$KEYS/$NAME.pin|" /etc/stunnel/$NAME.conf
    stunnel_start
    expect_signed 20 handshakes 443 20 4
    stunnel_stop
fi
