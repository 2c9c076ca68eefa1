#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# OpenSC's PKCS#11 module lists the card's keys, logs in, and signs with RSA and EC keys, in 9A (PIN once)
# and 9C (PIN always); openssl checks the signatures. On both profiles, over every kind of link.
source "$(dirname "$0")/lib.sh"

p11() {
    pkcs11-tool --module opensc-pkcs11.so --login --pin "$PIN" "$@" 2>>p11.err
}

# sign_and_verify ID MECHANISM [option ...]
sign_and_verify() {
    local id=$1 mechanism=$2
    shift 2
    p11 --sign --id "$id" --mechanism "$mechanism" "$@" --input-file data --output-file signature
    p11 --read-object --type cert --id "$id" --output-file cert.der >/dev/null
    openssl x509 -inform der -in cert.der -noout -pubkey >public.pem
    openssl dgst -sha256 -verify public.pem -signature signature data >verified
    expect_in "Verified OK" verified
}

judge() {
    card_insert "$@"
    p11 --list-objects >objects
    [[ $(grep -c '^Private Key Object' objects) == 4 ]] || fail "no four keys: $(cat objects)"
    [[ $(grep -c '^Certificate Object' objects) == 4 ]] || fail "no four certificates: $(cat objects)"
    expect_in "subject:    DN: CN=slot-9c" objects
    sign_and_verify 01 SHA256-RSA-PKCS
    sign_and_verify 02 ECDSA-SHA256 --signature-format openssl
    # A wrong PIN costs one try, no more, and opens nothing.
    expect_failure pkcs11-tool --module opensc-pkcs11.so --login --pin 999999 --list-objects
    apdu_send 00A4040005A000000308 00200080 >tries
    expect_in "SW1=0x63, SW2=0xC2" tries
    card_remove
}

echo "to be signed" >data
pcscd_start
for profile in yubikey piv; do
    "$SOFTCARD" --state "$profile.state" --profile "$profile" --init-only \
        --key 9a=rsa2048 --key 9c=p256 --key 9d=p384 --key 9e=rsa1024 --certificate 9a=/CN=slot-9a \
        --certificate 9c=/CN=slot-9c,gzip --certificate 9d=/CN=slot-9d --certificate 9e=/CN=slot-9e
    for link in "" --no-extended --t0; do
        cp "$profile.state" card.state
        judge ${link:+"$link"}
    done
    # The other way round: EC in 9A, RSA with PIN always in 9C.
    rm card.state
    card_insert --profile "$profile" --key 9a=p384 --key 9c=rsa2048 --certificate 9a=/CN=a \
        --certificate 9c=/CN=c
    sign_and_verify 01 ECDSA-SHA256 --signature-format openssl
    sign_and_verify 02 SHA256-RSA-PKCS
    card_remove
    rm card.state
done
