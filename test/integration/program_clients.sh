#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Mutual TLS, with the server's key and the client's on the card: Python, curl, s_server and s_client.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

S_SERVER_PID=

# `openssl s_server` asks for a client certificate and says who came.
s_server_start() {
    "${OPENSSL[@]}" s_server -accept 9443 -cert "$CERTS/$NAME.pem" -key "$KEYS/$NAME.key" \
        -pass "file:$KEYS/$NAME.pin" -dcert "$CERTS/$NAME.rsa.pem" -dkey "$KEYS/$NAME.rsa.key" \
        -dpass "pass:$PIN" -Verify 2 -verify_return_error -CAfile "$CA_FILE" -www >s_server.out 2>&1 &
    S_SERVER_PID=$!
    wait_until 10 "s_server to listen" program_listens 9443
}

s_client() {
    openssl s_client -connect 127.0.0.1:9443 -servername $NAME -ign_eof -verify_hostname $NAME -CAfile "$CA_FILE" \
        -verify_return_error -cert "$CERTS/client.pem" -key "$KEYS/client.key" -pass "file:$KEYS/$NAME.pin" "$@" \
        <<<$'GET / HTTP/1.0\r\n\r' >s_client.out 2>&1 || fail "s_client $*: $(tail -n 20 s_client.out)"
    expect_in "Verify return code: 0 (ok)" s_client.out
    expect_in "HTTP/1.0 200 ok" s_client.out
}

python_client() {
    /usr/bin/python3 "$EXAMPLES/client.py" "https://$NAME:8443/" "$CA_FILE" "$CERTS/client.pem" "$KEYS/client.key" \
        "$KEYS/$NAME.pin" >hello
    expect_in "Hello client" hello
}

curl_client() {
    "$EXAMPLES/client-certificate.sh" "https://$NAME:8443/" "$CA_FILE" "$CERTS/client.pem" "$@" >hello
    expect_in "Hello client" hello
}

program_install
program_card
program_reference_with_source client-source 82
/usr/bin/python3 "$EXAMPLES/server.py" 8443 "$CERTS/$NAME.pem" "$KEYS/$NAME.key" "$KEYS/$NAME.pin" "$CA_FILE" \
    2>server.log &
wait_until 10 "the Python server to listen" program_listens 8443

# One signature by the server's key and one by the client's: two in all.
expect_signed 2 python_client
expect_signed 2 curl_client "$KEYS/client-source.key"
expect_signed 2 curl_client "$KEYS/client.key" --pass $PIN
expect_signed 2 curl_client "$KEYS/client.key" --pass $PIN --tls-max 1.2
# By the engine, curl takes URIs, and gives it the PIN.
if [[ -n ${ENGINE_DIR-} ]]; then
    export OPENSSL_ENGINES=$ENGINE_DIR
    expect_signed 2 curl_client card:slot=82 --engine card --key-type ENG --pass $PIN
    unset OPENSSL_ENGINES
fi
# A wrong PIN spends one try, at most.
apdu_log_clear
expect_failure "$EXAMPLES/client-certificate.sh" "https://$NAME:8443/" "$CA_FILE" "$CERTS/client.pem" \
    "$KEYS/client.key" --pass 000000
[[ $(pins_sent) -le 1 ]] || fail "a wrong PIN was sent more than once"
expect_failure stranger /usr/bin/curl --fail --silent --cacert "$CA_FILE" "https://$NAME:8443/"

s_server_start
for option in "-tls1_3 -sigalgs ecdsa_secp256r1_sha256" "-tls1_3 -sigalgs rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256" \
    "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256" "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256" \
    "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256 -sigalgs RSA+SHA256:ECDSA+SHA256"; do
    # shellcheck disable=SC2086
    expect_signed 2 s_client $option
done
kill $S_SERVER_PID
wait $S_SERVER_PID || true
