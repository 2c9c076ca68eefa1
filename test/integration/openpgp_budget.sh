#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# How many commands an OpenPGP card is sent, and what happens when others use the card in between: SELECT
# and the card's own description (6E) are a fresh start. Where the card may have a KDF it is asked for that.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)
SOURCE="pin-source=file:$WORK/pin"
OTHER_APPLICATION="opensc-tool --reader 0 --card-driver default --send-apdu 00A4040005F000000001 >/dev/null"
RESET="opensc-tool --reader 0 --card-driver default --reset >/dev/null"

# sign URI COUNT [COMMAND]: by the card layer, in one process, with the command in between.
sign() {
    apdu_log_clear
    "$CARD_TOOL" sign "$@" >out 2>err || fail "$*: $(<err)"
}

# commands: what was sent to the OpenPGP application, SELECT of others and what comes with it left out.
commands() {
    apdu_list
}

# expect_commands EXPECTED: exactly these.
expect_commands() {
    [[ $(commands) == "$1" ]] || fail "not '$1' but: $(commands)"
}

pcscd_start
echo $PIN >pin
# A YubiKey's signature key wants its PIN once, an OpenPGP card's each time.
card_insert --profile yubikey --serial 12345678 --key sig=p256 --key aut=rsa2048 --key dec=p256 --certificate aut=/CN=x
for slot in sig aut dec; do
    openssl pkey "${P[@]}" -in "card:slot=$slot?$SOURCE" -out $slot.ref
done
expect_apdus 0 openssl pkey "${P[@]}" -in sig.ref -pubout

# From a reference, which names the serial number: no public key is read.
expect_apdus 5 openssl req -new "${P[@]}" -key sig.ref -subj /CN=x -out request.pem
expect_commands "a4:9000 ca:9000 ca:9000 20:9000 2a:9000"
openssl req -verify -noout -in request.pem
expect_apdus 5 openssl req -new "${P[@]}" -key aut.ref -subj /CN=x -out request.pem
expect_commands "a4:9000 ca:9000 ca:9000 20:9000 88:9000"
# A shared secret cannot be checked: the public key is compared first.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out peer.pem
openssl pkey -in peer.pem -pubout -out peer.pub
expect_apdus 6 openssl pkeyutl -derive "${P[@]}" -inkey dec.ref -peerkey peer.pub -out secret
expect_commands "a4:9000 ca:9000 ca:9000 20:9000 47:9000 2a:9000"

# From a URI the public key is needed; each further signature takes one command.
sign "card:slot=sig?$SOURCE" 5
expect_commands "a4:9000 ca:9000 47:9000 ca:9000 20:9000 2a:9000 2a:9000 2a:9000 2a:9000 2a:9000"
# Certificates are read only when they are asked for, with two commands more.
expect_apdus 4 openssl x509 "${P[@]}" -in "card:slot=aut" -noout
# Empty slots cost nothing, a search through the slots a command for each key.
expect_apdus 7 openssl storeutl "${P[@]}" -noout "card:app=openpgp;type=private"

# Another application was selected, or the card was reset: one attempt in vain, and a fresh start.
sign "card:slot=sig?$SOURCE" 2 "$OTHER_APPLICATION"
expect_commands "a4:9000 ca:9000 47:9000 ca:9000 20:9000 2a:9000 a4:9000 2a:6d00 a4:9000 ca:9000 ca:9000 20:9000 2a:9000"
sign "card:slot=aut?$SOURCE" 2 "$RESET"
expect_commands "a4:9000 ca:9000 47:9000 ca:9000 20:9000 88:9000 a4:9000 ca:9000 ca:9000 20:9000 88:9000"
card_remove

# An OpenPGP card, whose signature key wants its PIN each time, and which speaks in short commands.
card_insert --state "$WORK/card2.state" --profile openpgp --serial 12345678 --key sig=p256 --key aut=p256
sign "card:slot=sig?$SOURCE" 3
expect_commands "a4:9000 ca:9000 47:9000 ca:9000 20:9000 2a:9000 20:9000 2a:9000 20:9000 2a:9000"
sign "card:slot=aut?$SOURCE" 3
expect_commands "a4:9000 ca:9000 47:9000 ca:9000 20:9000 88:9000 88:9000 88:9000"
card_remove

# A card whose capabilities name no KDF: four from a reference, and one after each (two where the PIN is wanted
# each time).
card_insert --state "$WORK/card3.state" --profile openpgp --no-kdf --serial 3 --key sig=p256 --key aut=rsa2048
for slot in sig aut; do
    openssl pkey "${P[@]}" -in "card:slot=$slot?$SOURCE" -out $slot.ref
done
expect_apdus 4 openssl req -new "${P[@]}" -key sig.ref -subj /CN=x -out request.pem
expect_commands "a4:9000 ca:9000 20:9000 2a:9000"
expect_apdus 4 openssl req -new "${P[@]}" -key aut.ref -subj /CN=x -out request.pem
expect_commands "a4:9000 ca:9000 20:9000 88:9000"
card_remove

# PIV and OpenPGP on one card, alternately, in one process.
card_insert --state "$WORK/both.state" --profile yubikey --serial 7 --key 9a=p256 --key aut=p256 --key sig=rsa2048
cat >openssl.cnf <<CONFIGURATION
openssl_conf = init
[init]
providers = providers
[providers]
default = active
card = active
[active]
activate = 1
CONFIGURATION
for slot in 9a aut sig; do
    OPENSSL_CONF=openssl.cnf openssl pkey -in "card:slot=$slot?$SOURCE" -out "both_$slot.ref"
    OPENSSL_CONF=openssl.cnf openssl req -x509 -key "both_$slot.ref" -subj /CN=$slot -out "both_$slot.crt"
done
# One program with all three keys, and the first one again.
OPENSSL_CONF=openssl.cnf openssl req -x509 -key both_9a.ref -subj /CN=again -out both_again.crt
echo "to sign" >text
apdu_log_clear
OPENSSL_CONF=openssl.cnf openssl cms -sign -in text -nodetach -out signed.cms \
    -signer both_9a.crt -inkey both_9a.ref -signer both_aut.crt -inkey both_aut.ref \
    -signer both_sig.crt -inkey both_sig.ref -signer both_again.crt -inkey both_9a.ref
cat both_*.crt >all.crt
openssl cms -verify -in signed.cms -CAfile all.crt -purpose any -out plaintext 2>verdict
cmp <(tr -d '\r' <plaintext) text
[[ $(apdu_log | jq -r 'select(.ins == "20" and .sw != "9000" and .sw != "63c3") | .sw') == "" ]] ||
    fail "a PIN was refused: $(apdu_list)"
