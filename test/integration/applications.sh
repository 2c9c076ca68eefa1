#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The same for a key of every application (PIV, OpenPGP, Certum, PKCS #11): certificates, mutual TLS 1.2 and 1.3,
# CMS signed, and decrypted where the application does that.
source "$(dirname "$0")/lib.sh"
source "$HERE/pkcs11.sh"

P=(-provider default -provider card)
PORT=4433
# Cards that pad by themselves make no PSS: TLS 1.3 is beyond their RSA keys, and 1.2 has to be told.
NO_PSS=(-sigalgs RSA+SHA256 -client_sigalgs RSA+SHA256)

# mutual CERTIFICATE KEY OPTION...: a handshake in which server and client prove themselves with that key, each in
# a process of its own.
mutual() {
    local certificate=$1 key=$2 server
    shift 2
    rm -f server.log
    "${OPENSSL[@]}" s_server "${P[@]}" -accept 127.0.0.1:$PORT -naccept 1 -www -key "$key" -cert "$certificate" \
        -CAfile "$certificate" -Verify 1 -verify_return_error "$@" >server.log 2>&1 &
    server=$!
    wait_until 20 "s_server to listen" grep -q ACCEPT server.log
    openssl s_client "${P[@]}" -connect 127.0.0.1:$PORT -ign_eof -key "$key" -cert "$certificate" -CAfile "$certificate" \
        -verify_return_error "$@" <<<$'GET / HTTP/1.0\r\n\r' >client.log 2>&1 ||
        fail "$key $*: $(tail -n 25 client.log) $(<server.log)"
    expect_in "Verification: OK" client.log
    expect_in "HTTP/1.0 200 ok" client.log
    wait $server
}

# signs NAME KEY [OPTION...]: certificate NAME.crt, TLS in each version (only in 1.2 with options), CMS.
signs() {
    local name=$1 key=$2
    shift 2
    openssl req -x509 "${P[@]}" -key "$key" -sha256 -subj "/CN=$name" -out "$name.crt"
    openssl verify -CAfile "$name.crt" "$name.crt" >verdict || fail "$name: $(<verdict)"
    mutual "$name.crt" "$key" -tls1_2 "$@"
    (($# > 0)) || mutual "$name.crt" "$key" -tls1_3
    openssl cms -sign "${P[@]}" -in message -md sha256 -signer "$name.crt" -inkey "$key" -nodetach -out signed.cms
    openssl cms -verify -in signed.cms -CAfile "$name.crt" -purpose any -out verified 2>verdict || fail "$name: $(<verdict)"
    cmp <(tr -d '\r' <verified) message
}

# decrypts NAME KEY CA CAKEY: what was encrypted for the key, by a certificate that another one signed.
decrypts() {
    local name=$1 key=$2
    openssl pkey "${P[@]}" -pubin -in "$key" -pubout -out "$name.pub"
    openssl x509 -new "${P[@]}" -subj "/CN=$name" -force_pubkey "$name.pub" -CA "$3" -CAkey "$4" -sha256 -out "$name.crt"
    openssl cms -encrypt -aes-128-cbc -in message -recip "$name.crt" -out encrypted.cms
    openssl cms -decrypt "${P[@]}" -in encrypted.cms -recip "$name.crt" -inkey "$key" -out decrypted
    cmp <(tr -d '\r' <decrypted) message
}

pcscd_start
echo "text to sign, and to encrypt" >message

card_insert --state piv.state --profile yubikey --key 9a=rsa2048 --key 9c=p256 --key 9d=p384 --key 82=ed25519
signs piv-rsa "card:slot=9a?$SOURCE"
signs piv-ec "card:slot=9c?$SOURCE"
signs piv-p384 "card:slot=9d?$SOURCE"
ED25519="card:slot=82?$SOURCE"
openssl req -x509 "${P[@]}" -key "$ED25519" -subj /CN=ed25519 -out ed25519.crt
mutual ed25519.crt "$ED25519" -tls1_3
decrypts piv-rsa-2 "card:slot=9a?$SOURCE" piv-ec.crt "card:slot=9c?$SOURCE"
decrypts piv-ec-2 "card:slot=9d?$SOURCE" piv-ec.crt "card:slot=9c?$SOURCE"
card_remove

for dec in rsa2048 p256; do
    card_insert --state openpgp.$dec --profile openpgp --key sig=p256 --key aut=rsa2048 --key dec=$dec
    if [[ $dec == rsa2048 ]]; then
        signs openpgp-rsa "card:slot=aut?$SOURCE" "${NO_PSS[@]}"
    fi
    signs openpgp-ec "card:slot=sig?$SOURCE"
    decrypts openpgp-dec "card:slot=dec?$SOURCE" openpgp-ec.crt "card:slot=sig?$SOURCE"
    card_remove
done

card_insert --state certum.state --profile certum --key rsa1=rsa2048 --key ec2=p256 --certificate ec2=/CN=two
signs certum-rsa "card:slot=rsa1?$SOURCE" "${NO_PSS[@]}"
signs certum-ec "card:slot=ec2?$SOURCE"
card_remove

token_new one
softhsm_tool --keypairgen --key-type rsa:2048 --id 01 --label rsa >/dev/null
softhsm_tool --keypairgen --key-type EC:prime256v1 --id 02 --label ec --usage-sign --usage-derive >/dev/null
RSA="card:slot=01?module-path=$SOFTHSM&$SOURCE"
EC="card:slot=02?module-path=$SOFTHSM&$SOURCE"
signs pkcs11-rsa "$RSA"
signs pkcs11-ec "$EC"
decrypts pkcs11-rsa-2 "$RSA" pkcs11-ec.crt "$EC"
decrypts pkcs11-ec-2 "$EC" pkcs11-rsa.crt "$RSA"
wait_until 10 "no module's process to be left" no_helpers
