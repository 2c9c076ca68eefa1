#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The provider is there, first even, or preferred by a property query, and keys that are not on the card
# are what they were: made, loaded, used and served with, and the card hears nothing of it.
source "$(dirname "$0")/lib.sh"

PORT=4433

server_options=()

# handshake KEY CERTIFICATE OPTION...: one over loopback, both sides with $providers, the options for
# the client; the server has its $server_options.
handshake() {
    local key=$1 certificate=$2 server
    shift 2
    rm -f server.log # or the last one's would be read
    # shellcheck disable=SC2086 # $providers is several words
    "${OPENSSL[@]}" s_server $providers -accept 127.0.0.1:$PORT -key "$key" -cert "$certificate" -naccept 1 \
        -www "${server_options[@]}" >server.log 2>&1 &
    server=$!
    wait_until 10 "s_server to listen" grep -q ACCEPT server.log
    # shellcheck disable=SC2086
    openssl s_client $providers -connect 127.0.0.1:$PORT -CAfile "$certificate" -verify_return_error \
        "$@" <<<$'GET / HTTP/1.0\r\n\r' >client.log 2>&1 || fail "$providers $*: $(tail -n 20 client.log)"
    kill "$server" 2>/dev/null || true
    wait "$server" || true
    expect_in "Verification: OK" client.log
}

# sign OPTION..., verify OPTION...: the file text with $key.
sign() {
    if [[ $key == ed25519 ]]; then
        openssl pkeyutl "$@" -sign -rawin -inkey $key.pem -in text -out signature
    else
        openssl dgst "$@" -sha256 -sign $key.pem -out signature text
    fi
}
verify() {
    if [[ $key == ed25519 ]]; then
        openssl pkeyutl "$@" -verify -rawin -pubin -inkey $key.pub -in text -sigfile signature >verdict
    else
        openssl dgst "$@" -sha256 -verify $key.pub -signature signature text >verdict
    fi
}

pcscd_start
card_insert --profile yubikey --key 9a=rsa2048 --key 9c=p256
apdu_log_clear
echo "text to sign" >text
for providers in "-provider card -provider default" "-provider default -provider card" \
    "-provider card -provider default -propquery ?provider=card" \
    "-provider default -provider card -propquery ?provider=card"; do
    # shellcheck disable=SC2086
    {
        openssl genpkey $providers -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>dots
        openssl genpkey $providers -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
        openssl ecparam $providers -name P-384 -out group.pem
        openssl genpkey $providers -paramfile group.pem -out ec384.pem
        openssl genpkey $providers -algorithm ED25519 -out ed25519.pem
        openssl genpkey $providers -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsapss.pem 2>dots
        openssl genpkey $providers -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha256 \
            -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32 -out rsapss256.pem 2>dots
    }
    for key in rsa ec ec384 ed25519 rsapss rsapss256; do
        openssl pkey -in $key.pem -check -noout >check # by the default provider alone
        # shellcheck disable=SC2086
        {
            openssl pkey $providers -in $key.pem -check -noout >check
            openssl pkey $providers -in $key.pem -pubout -out $key.pub
            sign $providers
            verify $providers
            openssl req -x509 $providers -key $key.pem -subj /CN=localhost -out $key.crt
        }
        openssl pkey -in $key.pem -pubout | cmp - $key.pub || fail "$providers: another public key"
        verify
        openssl verify -CAfile $key.crt $key.crt >verdict
        cp text right && echo "another text" >text
        expect_failure verify
        mv right text
    done
    for padding in pkcs1 oaep; do
        # shellcheck disable=SC2086
        {
            openssl pkeyutl $providers -encrypt -pubin -inkey rsa.pub -in text -out ciphertext -pkeyopt rsa_padding_mode:$padding
            openssl pkeyutl $providers -decrypt -inkey rsa.pem -in ciphertext -out plaintext -pkeyopt rsa_padding_mode:$padding
        }
        cmp text plaintext || fail "$providers: RSA decryption, $padding"
    done
    for key in rsa ec ec384; do
        # shellcheck disable=SC2086
        {
            openssl cms -encrypt $providers -binary -in text -aes-128-cbc -out message.cms -recip $key.crt
            openssl cms -decrypt $providers -in message.cms -recip $key.crt -inkey $key.pem -out plaintext
        }
        cmp text plaintext || fail "$providers: CMS with $key"
        openssl cms -decrypt -in message.cms -recip $key.crt -inkey $key.pem -out plaintext
        cmp text plaintext || fail "$providers: CMS with $key, read without"
    done
    for version in -tls1_2 -tls1_3; do
        handshake rsa.pem rsa.crt $version
        handshake ec.pem ec.crt $version
        handshake ec.pem ec.crt $version -groups P-256
        handshake ec.pem ec.crt $version -groups P-521:P-256
        handshake rsa.pem rsa.crt $version -groups X25519
        handshake rsa.pem rsa.crt $version -groups X448
        handshake ed25519.pem ed25519.crt $version
        handshake rsapss.pem rsapss.crt $version
        handshake rsapss256.pem rsapss256.crt $version
    done
    handshake rsa.pem rsa.crt -tls1_2 -cipher AES128-SHA256
    # From 3.5 on: halves of these are X25519 and EC keys, which libcrypto fetches by name.
    if openssl_at_least 3.5; then
        handshake ec.pem ec.crt -tls1_3 # what is chosen where nobody chooses
        expect_in "Negotiated TLS1.3 group: X25519MLKEM768" client.log
        for group in X25519MLKEM768 SecP256r1MLKEM768 SecP384r1MLKEM1024 MLKEM768; do
            server_options=(-groups "$group") # not all are among the server's own choice
            handshake ec.pem ec.crt -tls1_3 -groups $group
            expect_in "Negotiated TLS1.3 group: $group" client.log
            server_options=()
        done
    fi
done
[[ $(apdu_count) == 0 ]] || fail "the card was asked: $(apdu_list)"
