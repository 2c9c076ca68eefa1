#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Yubico's PKCS#11 module, which looks at readers called "Yubico" only (READER_NAME, see CMakeLists.txt):
# lists keys, signs with RSA and EC keys in 9A and 9C, generates and imports as administrator.
source "$(dirname "$0")/lib.sh"

p11() {
    pkcs11-tool --module libykcs11.so "$@" 2>>p11.err
}

# sign_and_verify ID MECHANISM [option ...]
sign_and_verify() {
    local id=$1 mechanism=$2
    shift 2
    p11 --login --pin "$PIN" --sign --id "$id" --mechanism "$mechanism" "$@" \
        --input-file data --output-file signature
    p11 --read-object --type cert --id "$id" --output-file cert.der >/dev/null
    openssl x509 -inform der -in cert.der -noout -pubkey >public.pem
    openssl dgst -sha256 -verify public.pem -signature signature data >verified
    expect_in "Verified OK" verified
}

export CARD_PIN=$PIN
echo "to be signed" >data
pcscd_start
for link in "" --no-extended; do
    rm -f card.state
    card_insert --profile yubikey --serial 24680 --management-algorithm 3des ${link:+"$link"} \
        --key 9a=rsa2048 --key 9c=p256 --certificate 9a=/CN=slot-9a --certificate 9c=/CN=slot-9c
    p11 --list-token-slots >slots
    expect_in "24680" slots
    p11 --login --pin "$PIN" --list-objects >objects
    expect_in "CN=slot-9a" objects
    sign_and_verify 01 SHA256-RSA-PKCS
    sign_and_verify 02 ECDSA-SHA256 --signature-format openssl
    # Key 03 is 9D. ykcs11 makes a certificate beside it, signed by the card's own attestation key.
    p11 --login --login-type so --so-pin "$MANAGEMENT_KEY" --keypairgen --id 03 --key-type EC:secp384r1 >made
    [[ $(jq -c '[.keys[] | select(.slot == 157) | .algorithm]' card.state) == "[20]" ]] ||
        fail "no P-384 key in 9D"
    # A key that Yubico's module made signs for the provider, and one that reissue made signs by that module.
    openssl req -new -provider default -provider card -key "card:slot=9d?pin-source=env:CARD_PIN" -subj /CN=9d -out request.pem
    openssl req -verify -noout -in request.pem 2>verdict || fail "9d: $(<verdict)"
    "$REISSUE" card generate card:slot=9d --algorithm RSA-2048 --overwrite-key --management-key-source factory >uri
    openssl req -x509 -provider default -provider card -key "card:slot=9d?pin-source=env:CARD_PIN" -subj /CN=9d -out 9d.crt
    "$REISSUE" card import-cert card:slot=9d --management-key-source factory 9d.crt >out
    sign_and_verify 03 SHA256-RSA-PKCS
    expect_failure pkcs11-tool --module libykcs11.so --login --pin 999999 --list-objects
    [[ $(jq .pin.tries card.state) == 2 ]] || fail "$(jq .pin.tries card.state) tries left"
    card_remove
done
