#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Requests like a predecessor, with keys on a card and in files: strangers verify them, `reissue check` finds
# nothing broken, and an authority makes the same certificate of them again.
source "$(dirname "$0")/lib.sh"
: "${REISSUE:?must name the program}" "${CSR_TOOL:?must name the program}"

unset OPENSSL_CONF
HOST=www.mydomain.pl
echo "$PIN" >pin
openssl req -x509 -newkey rsa:2048 -nodes -keyout old.key -subj "/C=PL/O=Company/CN=$HOST" -out old.pem \
    -addext "subjectAltName=DNS:$HOST,DNS:mydomain.pl,IP:192.0.2.1" -addext basicConstraints=critical,CA:FALSE \
    -addext keyUsage=critical,digitalSignature,keyEncipherment -addext extendedKeyUsage=serverAuth 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=ca -out ca.pem 2>/dev/null

# make_request KEY: leaves it in request.csr.
make_request() {
    rm -f request.csr
    "$CSR_TOOL" old.pem "$1" "file:$WORK/pin" request.csr 2>err || fail "$1: $(<err)"
}

# The names, subject and usages of a request or a certificate, in the words of openssl.
asked() {
    openssl "$@" -noout -text | grep -A1 -E "Subject Alternative Name|Extended Key Usage" | grep -v "X509v3" | tr -d ' '
    openssl "$@" -noout -subject
}

# judge ALGORITHM: strangers', and ours.
judge() {
    openssl req -in request.csr -verify -noout >verdict 2>&1 || fail "$(<verdict)"
    expect_in "OK" verdict
    certtool --crq-info --infile request.csr 2>&1 | grep -q "Self signature: verified" || fail "certtool finds it bad"
    openssl req -in request.csr -noout -text >request.text
    expect_in "Signature Algorithm: $1" request.text
    "$REISSUE" check --json --private-ca request.csr >out || fail "$(<out)"
    [[ $(asked req -in request.csr) == "$(asked x509 -in old.pem)" ]] || fail "$(asked req -in request.csr)"
    openssl x509 -req -in request.csr -CA ca.pem -CAkey ca.key -copy_extensions copyall -out new.pem 2>/dev/null
    [[ $(asked x509 -in new.pem) == "$(asked x509 -in old.pem)" ]] || fail "$(asked x509 -in new.pem)"
}

pcscd_start
card_insert --profile yubikey --key 9a=p256 --key 9c=rsa2048 --key 9d=p384
make_request card:slot=9a
judge ecdsa-with-SHA256
if grep -q "Key Encipherment" request.text; then
    fail "an EC key does not encipher"
fi
make_request card:slot=9d
judge ecdsa-with-SHA384
make_request card:slot=9c
judge sha256WithRSAEncryption
expect_in "Key Encipherment" request.text
make_request old.key
judge sha256WithRSAEncryption

# What goes wrong on the card is said in its words, and leaves no file.
rm request.csr
echo 000000 >pin
expect_failure "$CSR_TOOL" old.pem card:slot=9a "file:$WORK/pin" request.csr
expect_in "PIN" err
[[ ! -e request.csr ]] || fail "a request was written"
expect_failure "$CSR_TOOL" old.pem card:slot=9e "file:$WORK/pin" request.csr
