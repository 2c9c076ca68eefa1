#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A Certum card in use: listed, requests, certificates, references, TLS; what it cannot do, and the cards of
# that make that are not supported. Commands are counted: docs/certum.md has the numbers.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)
PORT=4433
export CARD_PIN=$PIN

key() {
    echo "card:slot=$1?pin-source=env:CARD_PIN"
}

# signs SLOT [OPTION...]: a request and a certificate that verify; by a reference, too.
signs() {
    local slot=$1
    shift
    openssl req -new "${P[@]}" -key "$(key "$slot")" -subj "/CN=$slot" -out request.pem "$@"
    openssl req -verify -noout -in request.pem 2>verdict || fail "$slot $*: $(<verdict)"
    openssl pkey "${P[@]}" -in "$(key "$slot")" -out "$slot.ref"
    openssl req -x509 "${P[@]}" -key "$slot.ref" -subj "/CN=$slot" -out "$slot.crt" "$@"
    openssl verify -CAfile "$slot.crt" "$slot.crt" >verdict || fail "$slot $*: $(<verdict)"
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

# expect_commands EXPECTED: exactly these.
expect_commands() {
    [[ $(apdu_list) == "$1" ]] || fail "not '$1' but: $(apdu_list)"
}

pcscd_start
card_insert --profile certum --serial 12345678 --key rsa1=rsa2048 --key rsa3=rsa3072 --key ec2=p256 --key ec15=p521 \
    --key ec4=p384 --certificate rsa1=/CN=one --certificate ec2=/CN=two --certificate ec15=/CN=fifteen

# ---- listed -----------------------------------------------------------------------------------------

openssl storeutl "${P[@]}" -noout -text card: >list 2>&1
openssl storeutl "${P[@]}" -noout -text "card:type=private" >keys 2>&1
for slot in rsa1 rsa3 ec2 ec15; do
    expect_in "slot=$slot" keys
done
# ec4 has no certificate, and the card shows a curve's public keys nowhere else.
if grep -q slot=ec4 keys; then fail "a key whose public half nobody can know is listed: $(<keys)"; fi
refused 'slot ec4 holds a key whose public half cannot be read.*certificate' \
    openssl pkey "${P[@]}" -pubin -in card:slot=ec4 -pubout
refused 'slot rsa2 is empty' openssl pkey "${P[@]}" -pubin -in card:slot=rsa2 -pubout
for slot in rsa1=one ec2=two ec15=fifteen; do
    openssl x509 "${P[@]}" -in "card:slot=${slot%=*};type=cert" -noout -subject -nameopt RFC2253 >subject
    expect_in "subject=CN=${slot#*=}" subject
done
"$CARD_TOOL" card card: >serial
[[ $(<serial) == 0000360012345678 ]] || fail "serial number $(<serial)"
openssl pkey "${P[@]}" -pubin -in "card:app=certum;serial=0000360012345678;slot=RSA1" -pubout >/dev/null

# ---- signatures -------------------------------------------------------------------------------------

for digest in sha256 sha384 sha512; do
    signs rsa1 -$digest
    signs ec2 -$digest
done
signs rsa3
signs ec15 -sha512
signs ec15 -sha1
signs ec2
signs rsa1
SERVER_OPTIONS=(-sigalgs RSA+SHA256 -tls1_2)
handshake rsa1 -tls1_2
expect_in "Verification: OK" client.log
expect_signature_type RSA rsa_pkcs1 client.log
SERVER_OPTIONS=()
handshake ec2 -tls1_3
expect_in "Verification: OK" client.log

# What the card cannot do costs no PIN.
apdu_log_clear
refused 'PSS.*TLS 1.2' openssl req -new "${P[@]}" -key "$(key rsa1)" -subj /CN=x -sigopt rsa_padding_mode:pss
refused 'SHA-256, SHA-384 or SHA-512' openssl req -new "${P[@]}" -key "$(key rsa1)" -subj /CN=x -sha1
head -c 40 /dev/urandom >bytes
refused 'SHA-256, SHA-384 or SHA-512' openssl pkeyutl -sign "${P[@]}" -inkey "$(key rsa1)" -in bytes -out signature
handshake rsa1 -tls1_3
expect_in "makes no PSS signatures" server.log
openssl pkeyutl -encrypt -pubin -inkey <(openssl x509 -in rsa1.crt -noout -pubkey) -in serial -out ciphertext
refused 'cannot|padding' openssl pkeyutl -decrypt "${P[@]}" -inkey "$(key rsa1)" -in ciphertext -out plaintext
[[ $(pins_sent) == 0 ]] || fail "a PIN was sent for what cannot be: $(apdu_list)"
expect_failure "$CARD_TOOL" generate card: ec5 P-256 "$MANAGEMENT_KEY"
expect_in "makes no keys here: use Certum's PKCS#11 module" err
apdu_log_clear
expect_failure "$REISSUE" card generate --slot ec5 --algorithm P-256
expect_in "makes no keys here: use Certum's PKCS#11 module" err
NEW=1234 expect_failure "$REISSUE" card pin --pin-source env:CARD_PIN --new-pin-source env:NEW
expect_in "changes no PIN here: use Certum's PKCS#11 module" err
# Said before anybody is asked for a PIN.
for command in pin puk unblock init; do
    expect_failure "$REISSUE" card $command
    expect_in "changes no PIN here: use Certum's PKCS#11 module" err
done
expect_failure "$REISSUE" card reset
expect_in "cannot be reset here: use Certum's PKCS#11 module" err
[[ $(pins_sent) == 0 ]] || fail "a PIN was sent for what cannot be: $(apdu_list)"
"$REISSUE" card show >shown
expect_in "cryptoCertum 3.6" shown
expect_in "3 tries left" shown
openssl x509 -in rsa1.crt -outform DER -out rsa1.der
expect_failure "$CARD_TOOL" store card: rsa1 "$MANAGEMENT_KEY" rsa1.der
expect_in "takes no certificates here: use Certum's PKCS#11 module" err

# ---- commands ---------------------------------------------------------------------------------------

SOURCE="pin-source=file:$WORK/pin"
echo $PIN >pin
# T=0: an answer to a command with data is fetched (c0), a wrong length corrected (b0:6cxx).
apdu_log_clear
"$CARD_TOOL" sign "card:slot=ec2?$SOURCE" 3 >out
# SELECT; directory; the key's label; two certificates, of which the second is for it; tries; then for each
# signature VERIFY, the key, the hash, the signature.
first=$(apdu_list)
[[ $first == "a4:6104 c0:9000 a4:9000 "*" 20:63c3 20:9000 22:9000 2a:9000 2a:9000 20:9000 22:9000 2a:9000 2a:9000 20:9000 22:9000 2a:9000 2a:9000" ]] ||
    fail "EC: $first"
apdu_log_clear
openssl req -new "${P[@]}" -key "card:slot=rsa1?$SOURCE" -subj /CN=x -out request.pem
expect_commands "a4:6104 c0:9000 cb:6100 c0:6113 c0:9000 20:63c3 20:9000 22:9000 2a:9000 2a:9000"
apdu_log_clear
openssl req -new "${P[@]}" -key rsa1.ref -passin pass:$PIN -subj /CN=x -out request.pem
expect_commands "a4:6104 c0:9000 cb:6100 c0:6113 c0:9000 20:63c3 20:9000 22:9000 2a:9000 2a:9000"
# Another program selected something else, or the card was reset, in between.
OTHER="opensc-tool --reader 0 --card-driver default --reset >/dev/null"
"$CARD_TOOL" sign "card:slot=ec2?$SOURCE" 2 "$OTHER" >out
[[ $(grep -c signed out) == 2 ]] || fail "after a reset: $(<out)"

# ---- the PIN ----------------------------------------------------------------------------------------

printf 654321 >wrong
printf 123 >short
apdu_log_clear
expect_failure "$CARD_TOOL" sign "card:slot=ec2?pin-source=file:$WORK/short"
expect_in "4 to 16" err
[[ $(pins_sent) == 0 ]] || fail "a PIN that cannot be right was sent"
expect_failure "$CARD_TOOL" sign "card:slot=ec2?pin-source=file:$WORK/wrong" 5
expect_in "tries left: 2" err
[[ $(pins_sent) == 1 ]] || fail "a wrong PIN was sent $(pins_sent) times"
"$CARD_TOOL" sign "card:slot=ec2?$SOURCE" # all tries are back
for left in 2 1; do
    expect_failure "$CARD_TOOL" sign "card:slot=ec2?pin-source=file:$WORK/wrong"
    expect_in "tries left: $left" err
done
apdu_log_clear
expect_failure "$CARD_TOOL" sign "card:slot=ec2?$SOURCE"
expect_in "use-last-try=yes" err
[[ $(pins_sent) == 0 ]] || fail "the last try was spent"
"$CARD_TOOL" sign "card:slot=ec2?$SOURCE&use-last-try=yes"
if grep -q 313233343536 card.log; then fail "the PIN is in the log"; fi
card_remove

# ---- what is not supported says what to do ------------------------------------------------------------

card_insert --state 35.state --profile certum --certum 3.5
for uri in card: card:app=certum card:slot=rsa1; do
    refused '3\.5.*sc30pkcs11.*not cryptoCertum3PKCS' openssl pkey "${P[@]}" -in "$uri"
done
card_remove
card_insert --state secure.state --profile certum --certum secure
for uri in card: card:slot=ec1; do
    refused 'no Common profile, only the Secure one.*cryptoCertum3PKCS' openssl pkey "${P[@]}" -in "$uri"
done
card_remove
card_insert --state new.state --profile certum --uninitialised
for uri in card: card:slot=rsa1 card:slot=ec1; do
    refused 'not initialised.*proCertum CardManager.*PIN and a PUK' openssl pkey "${P[@]}" -in "$uri"
done
"$REISSUE" card show >shown
grep -q "profile: *not initialised: .*Certum's PKCS#11 module" shown || fail "$(<shown)"
card_remove
card_insert --state one.state --profile certum --key ec1=p256 --certificate ec1=/CN=one
apdu_log_clear
"$CARD_TOOL" sign "card:slot=ec1?$SOURCE" >out
[[ $(apdu_count) == 17 ]] || fail "not 17 commands: $(apdu_list)"
card_remove
card_insert --state empty.state --profile certum
refused 'has no key' openssl pkey "${P[@]}" -in card:
card_remove

# Others pay for it with one command that fails, and with none where the slot says whose it is.
card_insert --state piv.state --profile piv --key 9a=p256 --certificate 9a=/CN=x
apdu_log_clear
openssl pkey "${P[@]}" -pubin -in card: -pubout >/dev/null
[[ $(apdu_list | grep -o a4: | wc -l) == 3 ]] || fail "not PIV and two others: $(apdu_list)"
[[ $(apdu_log | jq -r 'select(.ins == "a4") | .command' | grep -ci a000000167) == 1 ]] || fail "$(apdu_log)"
apdu_log_clear
openssl pkey "${P[@]}" -pubin -in card:slot=9a -pubout >/dev/null
[[ $(apdu_list | grep -o a4: | wc -l) == 1 ]] || fail "$(apdu_list)"
card_remove
