#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Keys of OpenPGP cards in use: requests, certificates, references, TLS, CMS, decryption, shared secrets.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)
ORDERS=("-provider default -provider card"
    "-provider card -provider default -propquery ?provider=card")
PORT=4433
export CARD_PIN=$PIN

key() {
    echo "card:app=openpgp;slot=$1?pin-source=env:CARD_PIN"
}

# signs SLOT [OPTION...]: a request and a certificate that verify; by a reference, too.
signs() {
    local slot=$1
    shift
    openssl req -new "${P[@]}" -key "$(key "$slot")" -subj "/CN=$slot" -out request.pem "$@"
    openssl req -verify -noout -in request.pem 2>verdict
    openssl pkey "${P[@]}" -in "$(key "$slot")" -out "$slot.ref"
    expect_in "BEGIN CARD KEY REFERENCE" "$slot.ref"
    openssl req -x509 "${P[@]}" -key "$slot.ref" -subj "/CN=$slot" -out "$slot.crt" "$@"
    openssl verify -CAfile "$slot.crt" "$slot.crt" >verdict
}

# decrypts SLOT: what was encrypted for it, and CMS.
decrypts() {
    local order
    openssl pkey "${P[@]}" -pubin -in "card:slot=$1" -pubout -out "$1.pub"
    openssl x509 "${P[@]}" -in "card:slot=$1" -out "$1.crt"
    for order in "${ORDERS[@]}"; do
        # shellcheck disable=SC2086 # several words
        {
            openssl cms -encrypt -in text -aes256 -out message.cms -recip "$1.crt"
            openssl cms -decrypt $order -in message.cms -recip "$1.crt" -inkey "$(key "$1")" -out plaintext
        }
        cmp <(tr -d '\r' <plaintext) text || fail "CMS, $1, $order"
    done
}

# agrees SLOT ALGORITHM [OPTION...]: the card and software derive the same secret from each other.
agrees() {
    local slot=$1
    shift
    openssl pkey "${P[@]}" -pubin -in "card:slot=$slot" -pubout -out "$slot.pub"
    openssl genpkey -algorithm "$@" -out peer.pem
    openssl pkey -in peer.pem -pubout -out peer.pub
    openssl pkeyutl -derive -inkey peer.pem -peerkey "$slot.pub" -out expected
    for order in "${ORDERS[@]}"; do
        # shellcheck disable=SC2086 # several words
        openssl pkeyutl -derive $order -inkey "$(key "$slot")" -peerkey peer.pub -out secret
        cmp expected secret || fail "not the same secret: $* $order"
    done
}

# handshake SLOT OPTION...: a server with that key, and a client with these options.
handshake() {
    local slot=$1 server
    shift
    rm -f server.log
    "${OPENSSL[@]}" s_server -accept 127.0.0.1:$PORT -www "${P[@]}" -key "$(key "$slot")" -cert "$slot.crt" \
        "${SERVER_OPTIONS[@]}" >server.log 2>&1 &
    server=$!
    wait_until 20 "s_server to listen" grep -q ACCEPT server.log
    openssl s_client -connect 127.0.0.1:$PORT -CAfile "$slot.crt" -verify_return_error "$@" \
        <<<$'GET / HTTP/1.0\r\n\r' >client.log 2>&1 || true
    kill "$server"
    wait "$server" 2>/dev/null || true
}

# connects SLOT OPTION...
connects() {
    handshake "$@"
    expect_in "Verification: OK" client.log
}

echo "a secret" >text
SERVER_OPTIONS=()
pcscd_start

# ---- RSA: the card pads, by PKCS #1 v1.5 ---------------------------------------------------------

card_insert --state rsa.state --profile yubikey --serial 1 --key sig=rsa2048 --key aut=rsa3072 --key dec=rsa2048 \
    --certificate dec=/CN=dec
for slot in sig aut; do
    for digest in sha256 sha384 sha512; do
        signs $slot -$digest
    done
    apdu_log_clear
    refused 'PSS.*TLS 1.2' openssl req -new "${P[@]}" -key "$(key $slot)" -subj /CN=x -sigopt rsa_padding_mode:pss
    [[ $(pins_sent) == 0 ]] || fail "a PIN was sent for what cannot be"
done
SERVER_OPTIONS=(-sigalgs RSA+SHA256 -tls1_2)
connects sig -tls1_2
expect_signature_type RSA rsa_pkcs1 client.log
SERVER_OPTIONS=()
apdu_log_clear
handshake aut -tls1_3
expect_in "makes no PSS signatures" server.log
[[ $(apdu_list) != *88:* ]] || fail "the card was asked to sign by PSS: $(apdu_list)"

# TLS with RSA key exchange, where the card decrypts. (Its certificate is its own.)
decrypts dec
SERVER_OPTIONS=(-cipher kRSA:@SECLEVEL=0 -tls1_2)
connects dec -tls1_2 -cipher kRSA
openssl pkeyutl -encrypt -pubin -inkey dec.pub -in text -out ciphertext
openssl pkeyutl -decrypt "${P[@]}" -inkey "$(key dec)" -in ciphertext -out plaintext
cmp text plaintext
: >empty
openssl pkeyutl -encrypt -pubin -inkey dec.pub -in empty -out nothing
openssl pkeyutl -decrypt "${P[@]}" -inkey "$(key dec)" -in nothing -out plaintext
[[ ! -s plaintext ]] || fail "an empty text is not empty"
head -c 245 /dev/urandom >longest
openssl pkeyutl -encrypt -pubin -inkey dec.pub -in longest -out ciphertext
openssl pkeyutl -decrypt "${P[@]}" -inkey "$(key dec)" -in ciphertext -out plaintext
cmp longest plaintext
for mode in oaep none; do
    apdu_log_clear
    refused 'PKCS #1 v1.5 only' openssl pkeyutl -decrypt "${P[@]}" -inkey "$(key dec)" -in ciphertext \
        -pkeyopt rsa_padding_mode:$mode
    [[ $(apdu_list) != *2a:* ]] || fail "the card was asked: $(apdu_list)"
done
# Implicit rejection: what the card refuses is a message like any other, and the card is asked once for it.
for _ in 1 2 3 4; do
    head -c 256 /dev/urandom >ciphertext
    printf '\0' | dd of=ciphertext conv=notrunc status=none
    apdu_log_clear
    openssl pkeyutl -decrypt "${P[@]}" -inkey "$(key dec)" -in ciphertext -out plaintext ||
        fail "bad padding was told"
    [[ $(apdu_list) == *" 2a:6a80" && $(apdu_list) != *2a:*2a:* ]] || fail "not refused once: $(apdu_list)"
    sha256sum <plaintext >>messages
done
[[ $(sort -u messages | wc -l) == 4 ]] || fail "the messages for bad paddings are the same"
refused damaged openssl pkeyutl -decrypt "${P[@]}" -inkey "$(key dec)" -in ciphertext -pkeyopt implicit-rejection:0
head -c 256 /dev/zero | tr '\0' '\377' >ciphertext
refused 'greater than the key.s modulus' openssl pkeyutl -decrypt "${P[@]}" -inkey "$(key dec)" -in ciphertext
refused 'slot dec cannot sign' openssl req -new "${P[@]}" -key "$(key dec)" -subj /CN=x
card_remove

# ---- curves ---------------------------------------------------------------------------------------

card_insert --state nist.state --profile openpgp --serial 2 --key sig=p384 --key aut=p256 --key dec=p256 \
    --certificate dec=/CN=dec
for digest in sha1 sha256 sha512; do
    signs sig -$digest
    signs aut -$digest
done
for slot in sig aut; do
    connects $slot -tls1_2
    connects $slot -tls1_3
done
openssl cms -sign "${P[@]}" -in text -signer aut.crt -inkey "$(key aut)" -nodetach -out signed.cms
openssl cms -verify -in signed.cms -CAfile aut.crt -purpose any -out plaintext 2>verdict
decrypts dec
agrees dec EC -pkeyopt ec_paramgen_curve:P-256
card_remove

card_insert --state other.state --profile openpgp --serial 3 --key sig=brainpool512 --key aut=secp256k1 --key dec=p521
signs sig -sha256
signs aut -sha512
agrees dec EC -pkeyopt ec_paramgen_curve:P-521
card_remove

card_insert --state edwards.state --profile yubikey --serial 4 --key sig=ed25519 --key aut=p521 --key dec=x25519 \
    --no-extended
signs sig
signs aut -sha512
connects sig -tls1_3
connects aut -tls1_2
agrees dec X25519
head -c 4000 /dev/urandom >long
openssl pkeyutl -sign "${P[@]}" -rawin -inkey "$(key sig)" -in text -out signature
openssl pkeyutl -verify -rawin -pubin -inkey <(openssl pkey "${P[@]}" -pubin -in card:slot=sig -pubout) \
    -sigfile signature -in text
card_remove

# With extended length the card says how much it takes, which is less than some messages that Ed25519 signs.
card_insert --state edwards.state
refused 'too long for this card' openssl pkeyutl -sign "${P[@]}" -rawin -inkey "$(key sig)" -in long -out signature
[[ $(apdu_list) != *2a:* ]] || fail "the card was asked: $(apdu_list)"
