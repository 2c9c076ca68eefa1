#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What the provider's section of OpenSSL's configuration can say: where PINs come from, when they are
# verified, and whether pkcs11: URIs are answered.
source "$(dirname "$0")/lib.sh"

pcscd_start
card_insert --profile yubikey --serial 12345678 --key 9a=p256 --key 9c=rsa2048 --key 9e=p256
echo "$PIN" >pin
echo 654321 >wrong-pin
export OPENSSL_CONF=$WORK/openssl.cnf

# pin-source; a URI's own comes first.
openssl_configuration "pin-source = file:$WORK/pin"
expect_apdus 5 openssl req -new -key card:slot=9a -subj /CN=x -out request.pem </dev/null
openssl req -verify -noout -in request.pem
refused '/nowhere' openssl req -new -key 'card:slot=9a?pin-source=file:/nowhere' -subj /CN=x

# verify = load: a wrong PIN is known when the key is loaded, and costs one try.
openssl pkey -in card:slot=9a -out reference.pem
openssl req -x509 -key reference.pem -subj /CN=x -out certificate.pem
cat reference.pem >>certificate.pem
openssl_configuration "pin-source = file:$WORK/wrong-pin"
expect_apdus 0 openssl pkey -in reference.pem -pubout
openssl_configuration "pin-source = file:$WORK/wrong-pin" "verify = load"
apdu_log_clear
refused 'refused the PIN' openssl req -new -key card:slot=9a -subj /CN=x
[[ $(pins_sent) == 1 ]] || fail "$(pins_sent) PINs sent, not 1"
[[ $(apdu_list) != *87:* ]] || fail "the card was asked to sign: $(apdu_list)"

# The same by a reference, whichever way the key is loaded, in the other order of providers, and also by an
# encrypted one.
restore_tries() {
    openssl_configuration "pin-source = file:$WORK/pin"
    openssl req -new -key card:slot=9a -subj /CN=x -out request.pem
}
restore_tries
openssl pkey -in reference.pem -aes256 -passout pass:secret -out encrypted.pem
for load in "$USE_KEY reference.pem 1" "$RELOAD_KEY reference.pem 111111" "openssl pkey -in reference.pem -pubout" \
    "openssl pkey -provider card -provider default -in reference.pem -pubout" \
    "openssl pkey -in encrypted.pem -passin pass:secret -pubout"; do
    openssl_configuration "pin-source = file:$WORK/wrong-pin" "verify = load"
    apdu_log_clear
    # shellcheck disable=SC2086
    refused 'refused the PIN' $load
    [[ $(pins_sent) == 1 ]] || fail "$load: $(pins_sent) PINs sent, not 1"
    [[ $(apdu_list) != *87:* ]] || fail "the card was asked to sign: $(apdu_list)"
    restore_tries
done
openssl_configuration "pin-source = file:$WORK/wrong-pin" "verify = load"
expect_apdus 0 openssl x509 -in certificate.pem -noout # beside a reference
openssl_configuration "verify = load"
refused 'no answer for PIV card 12345678' openssl pkey -in encrypted.pem -passin pass:secret -pubout
[[ $(pins_sent) == 0 ]] || fail "the passphrase was sent as a PIN"
openssl_configuration "pin-source = file:$WORK/pin" "verify = load"
expect_apdus 5 openssl req -new -key reference.pem -subj /CN=x -out request.pem
expect_apdus 0 openssl pkey -pubin -in reference.pem -pubout
card_remove
refused 'insert that card' openssl pkey -in reference.pem -pubout
card_insert
expect_apdus 5 openssl req -new -key card:slot=9a -subj /CN=x -out request.pem
openssl req -verify -noout -in request.pem
expect_apdus 3 openssl req -new -key card:slot=9e -subj /CN=x -out request.pem # no PIN, nothing to verify

# pkcs11-uris: not unless asked for.
openssl_configuration "pin-source = file:$WORK/pin"
expect_failure openssl req -new -key 'pkcs11:id=%01;type=private' -subj /CN=x
openssl_configuration "pin-source = file:$WORK/pin" "pkcs11-uris = yes"
for uri in 'pkcs11:id=%01;type=private' 'pkcs11:token=YubiKey%20PIV%20%2312345678;object=SIGN%20key;type=private'; do
    openssl req -new -key "$uri" -subj /CN=x -out request.pem
    openssl req -verify -noout -in request.pem
done
refused 'pkcs11 URI' openssl req -new -key 'pkcs11:id=%99;type=private' -subj /CN=x

# Nonsense is told by its name.
openssl_configuration "verify = maybe"
refused 'verify = maybe; it has to be load or use' openssl req -new -key card:slot=9a -subj /CN=x
openssl_configuration "pkcs11-uris = perhaps"
refused 'pkcs11-uris = perhaps; it has to be yes or no' openssl req -new -key card:slot=9a -subj /CN=x

# An unknown setting is told when a key is loaded, by its URI or from a reference, and when one is to be made; in a
# file that is included as well. libcrypto's own settings are known, and other sections none of our business.
openssl_configuration "pin_source = file:$WORK/pin"
for key in card:slot=9a reference.pem; do
    apdu_log_clear
    refused 'unknown setting "pin_source"; there are: generate, .*pkcs11-uris' openssl req -new -key $key -subj /CN=x
    [[ $(apdu_count) == 0 ]] || fail "the card was asked: $(apdu_list)"
done
refused 'unknown setting "pin_source"' openssl genpkey -propquery '?provider=card' -algorithm EC \
    -pkeyopt ec_paramgen_curve:P-256 -pkeyopt card-uri:card:slot=82 -pkeyopt management-key-source:factory
openssl version >version
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem # not a card's key
openssl req -new -key other.pem -subj /CN=x -out request.pem
openssl_configuration ".include $WORK/more.cnf"
echo "verfy = load" >more.cnf
refused 'unknown setting "verfy"' openssl req -new -key card:slot=9a -subj /CN=x
openssl_configuration "pin-source = file:$WORK/pin" "module = $PROVIDER_DIR/card.so" "identity = card" "soft_load = 1"
openssl req -new -key card:slot=9a -subj /CN=x -out request.pem
openssl_configuration "pin-source = file:$WORK/pin"
sed -i 's/^card = card_sect/card = card_sect\nother = other_sect/' openssl.cnf
printf '%s\n' "[other_sect]" "pin_source = x" "provider-name = x" "[nobody]" "verfy = x" >>openssl.cnf
openssl req -new -key card:slot=9a -subj /CN=x -out request.pem
# A file that is not there, with the provider loaded all the same.
OPENSSL_CONF=/nowhere openssl req -new -provider default -provider card -key "card:slot=9a?pin-source=file:pin" -subj /CN=x \
    -config openssl.cnf -out request.pem
