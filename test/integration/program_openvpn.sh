#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# OpenVPN, a server that drops root and a client, with the keys of both on the card. `--dev null` is a tunnel that leads
# nowhere: what counts is that both say that it is there.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

VPN=(/usr/sbin/openvpn --dev null --ifconfig-noexec --verb 3 --ca "$CA_FILE" --user nobody --persist-key)

# tunnel SERVER-KEY CLIENT-KEY: stands, and has cost a signature for each.
tunnel() {
    apdu_log_clear
    "${VPN[@]}" --tls-server --dh none --cert "$CERTS/$NAME.pem" --key "$1" --local 127.0.0.1 --port 1194 >server.out 2>&1 &
    local server=$!
    wait_until 10 "the OpenVPN server" grep -q "UDPv4 link remote" server.out
    "${VPN[@]}" --tls-client --remote 127.0.0.1 1194 --nobind --verify-x509-name $NAME name \
        --cert "$CERTS/client.pem" --key "$2" >client.out 2>&1 &
    local client=$!
    for side in server client; do
        wait_until 20 "the $side's tunnel" grep -q "Initialization Sequence Completed" $side.out
    done
    expect_in "[client] Peer Connection Initiated" server.out
    [[ $(signatures) == 2 ]] || fail "$(signatures) signatures, not 2: $(apdu_list)"
    kill $client $server
    wait $client $server || fail "OpenVPN ended with $?: $(tail -n 5 server.out client.out)"
}

program_install
program_card
program_reference_with_source $NAME 9a
program_reference_with_source client 82
tunnel "$KEYS/$NAME.key" "$KEYS/client.key"

# URIs, from 2.7 on.
if at_least 2.7 "$(/usr/sbin/openvpn --version | sed -n 's/^OpenVPN \([0-9.]*\).*/\1/p')"; then
    SOURCE="pin-source=file:$KEYS/$NAME.pin"
    tunnel "card:slot=9a?$SOURCE" "card:slot=82?$SOURCE"
fi
