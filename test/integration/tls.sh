#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# TLS with keys on the card, on loopback: as a server's, with every key exchange that involves them, and
# as a client's.
source "$(dirname "$0")/lib.sh"

PORT=4433
ORDERS=("-provider default -provider card"
    "-provider card -provider default"
    "-provider default -provider card -propquery ?provider=card")
export CARD_PIN=$PIN

key() {
    echo "card:slot=$1?pin-source=env:CARD_PIN"
}

# start_server OPTION...: s_server, until stop_server.
start_server() {
    rm -f server.log
    "${OPENSSL[@]}" s_server -accept 127.0.0.1:$PORT -www "$@" >server.log 2>&1 &
    SERVER=$!
    wait_until 20 "s_server to listen" grep -q ACCEPT server.log
}

stop_server() {
    kill "$SERVER" 2>/dev/null || true
    wait "$SERVER" || true
}

# connect CAFILE OPTION...: one handshake, which must succeed; what the client says is in client.log.
connect() {
    local ca=$1
    shift
    openssl s_client -connect 127.0.0.1:$PORT -CAfile "$ca" -verify_return_error "$@" \
        <<<$'GET / HTTP/1.0\r\n\r' >client.log 2>&1 || fail "$*: $(tail -n 25 client.log) $(<server.log)"
    expect_in "Verification: OK" client.log
}

# asked NUMBER: the card was asked that often to use a key since apdu_log_clear.
asked() {
    [[ $(apdu_log | jq -r 'select(.ins == "87") | .sw' | grep -c 9000) == "$1" ]] ||
        fail "not $1 uses of the key: $(apdu_list)"
}

pcscd_start
card_insert --profile yubikey --key 9a=rsa2048 --key 9c=p256:once --key 9d=ed25519 --key 9e=p384
for slot in 9a 9c 9d 9e; do
    openssl req -x509 -provider default -provider card -key "$(key $slot)" -subj /CN=$slot -out $slot.crt
done

for order in "${ORDERS[@]}"; do
    # Each handshake uses the key once, and all but the first need no other command.
    for slot in 9a 9c 9d 9e; do
        # shellcheck disable=SC2086 # the order is several words
        start_server $order -key "$(key $slot)" -cert $slot.crt
        for version in -tls1_2 -tls1_3; do
            apdu_log_clear
            connect $slot.crt $version
            asked 1
            apdu_log_clear
            connect $slot.crt $version
            [[ $(apdu_count) == 1 ]] || fail "$order $slot $version: $(apdu_count) commands: $(apdu_list)"
        done
        case $slot in
        9a)
            # RSA key exchange: the card decrypts the premaster secret.
            for cipher in AES128-SHA256 AES256-GCM-SHA384 AES128-SHA; do
                apdu_log_clear
                connect $slot.crt -tls1_2 -cipher $cipher
                expect_in "Cipher is $cipher" client.log
                [[ $(apdu_count) == 1 ]] || fail "$order $cipher: $(apdu_count) commands: $(apdu_list)"
            done
            connect $slot.crt -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256
            connect $slot.crt -tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256
            for sigalg in RSA-PSS+SHA256 RSA-PSS+SHA384 RSA-PSS+SHA512; do
                connect $slot.crt -tls1_3 -sigalgs $sigalg
                expect_signature_type RSA-PSS rsa_pss_rsae_sha${sigalg#*SHA} client.log
            done
            ;;
        9d) expect_in "Peer signature type: ed25519" client.log ;;
        *) expect_signature_type ECDSA ecdsa_secp client.log ;;
        esac
        for group in X25519 P-256 P-384 P-521 X448; do
            connect $slot.crt -tls1_3 -groups $group
        done
        stop_server
    done
done

# ---- client certificates -------------------------------------------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -subj /CN=localhost -out server.crt 2>dots
cat 9a.crt 9c.crt 9d.crt 9e.crt >clients.crt
start_server -key server.key -cert server.crt -CAfile clients.crt -Verify 1 -verify_return_error
for order in "${ORDERS[@]}"; do
    for slot in 9a 9c 9d 9e; do
        for version in -tls1_2 -tls1_3; do
            apdu_log_clear
            # shellcheck disable=SC2086
            connect server.crt -ign_eof $order -key "$(key $slot)" -cert $slot.crt $version
            asked 1
            grep -q "HTTP/1.0 200 ok" client.log || fail "$order $slot $version: no page: $(<server.log)"
        done
    done
done
expect_failure openssl s_client -connect 127.0.0.1:$PORT -CAfile server.crt -verify_return_error -tls1_2 </dev/null
stop_server
