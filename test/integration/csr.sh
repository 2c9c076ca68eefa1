#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `openssl req -new` with a key on the card: each kind of key, whatever the order of the providers, and
# from a configuration file. OpenSSL and GnuTLS both accept the request.
source "$(dirname "$0")/lib.sh"

openssl_configuration

# check_request FILE: it is signed by the key that it names.
check_request() {
    openssl req -verify -noout -in "$1" 2>verdict || fail "openssl does not verify $1: $(<verdict)"
    certtool --crq-info --infile "$1" >info 2>&1 || fail "certtool does not read $1: $(<info)"
    expect_in "Self signature: verified" info
}

pcscd_start
card_insert --profile yubikey --key 9a=rsa2048 --key 9c=rsa3072 --key 9d=p256 --key 9e=p384
export CARD_PIN=$PIN
ORDERS=("-provider default -provider card"
    "-provider card -provider default"
    "-provider default -provider card -propquery ?provider=card"
    "-provider card -provider default -propquery ?provider=card")

for slot in 9a 9c 9d 9e; do
    key="card:slot=$slot?pin-source=env:CARD_PIN"
    for order in "${ORDERS[@]}"; do
        # shellcheck disable=SC2086 # the order is several words
        openssl req -new $order -key "$key" -subj /CN=x -out request.pem
        check_request request.pem
    done
    OPENSSL_CONF=openssl.cnf openssl req -new -key "$key" -subj /CN=x -out request.pem
    check_request request.pem
    openssl req -in request.pem -noout -text >"text.$slot"
done
expect_in "Public-Key: (2048 bit)" text.9a
expect_in "Public-Key: (3072 bit)" text.9c
expect_in "ASN1 OID: prime256v1" text.9d
expect_in "ASN1 OID: secp384r1" text.9e
if grep -l "Field Type" text.*; then
    fail "explicit curve parameters"
fi

# PSS, with each way to say how long the salt is, and another hash.
for order in "${ORDERS[@]}"; do
    for salt in digest max auto 20; do
        # shellcheck disable=SC2086
        openssl req -new $order -key 'card:slot=9a?pin-source=env:CARD_PIN' -subj /CN=x -sha384 \
            -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:$salt -out request.pem
        openssl req -verify -noout -in request.pem 2>verdict || fail "PSS, salt $salt: $(<verdict)"
        openssl req -in request.pem -noout -text >text
        expect_in "Signature Algorithm: rsassaPss" text
        expect_in "Hash Algorithm: sha384" text
    done
done

# The certificate of the same key fits its public key.
openssl req -new -provider default -provider card -key 'card:slot=9d?pin-source=env:CARD_PIN' \
    -subj /CN=x -out request.pem
openssl req -in request.pem -noout -pubkey >from-request
openssl pkey -provider default -provider card -pubin -in card:slot=9d -pubout >from-card
cmp from-request from-card || fail "the request has another key"
