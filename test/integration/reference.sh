#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Key references: writing a card key out gives one, and it is loaded wherever a key file is.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)

pcscd_start
card_insert --profile yubikey --serial 12345678 --key 9a=p256 --key 9c=rsa2048 --key 9e=p384:never
echo "$PIN" >pin
for slot in 9a 9c 9e; do
    openssl pkey "${P[@]}" -in "card:slot=$slot?pin-source=file:pin" -out $slot.pem
    expect_in "-----BEGIN CARD KEY REFERENCE-----" $slot.pem
done
openssl pkey "${P[@]}" -in "card:slot=9a" -passin pass:$PIN -out prompted.pem
openssl asn1parse -in 9a.pem >fields
expect_in "card:serial=12345678;app=piv;slot=9a?pin-source=file:pin" fields
if grep -aq $PIN ./*.pem; then
    fail "the PIN is in a reference"
fi

# Loading costs nothing, the first signature five.
expect_apdus 0 openssl pkey "${P[@]}" -in 9a.pem -pubout
expect_apdus 0 openssl rsa "${P[@]}" -in 9c.pem -modulus -noout
expect_apdus 0 openssl rsa "${P[@]}" -in 9c.pem -check -noout
expect_apdus 0 openssl ec "${P[@]}" -in 9a.pem -pubout
expect_apdus 5 openssl req -new "${P[@]}" -key 9a.pem -subj /CN=x -out request.pem
openssl req -verify -noout -in request.pem
expect_apdus 5 openssl req -new "${P[@]}" -key prompted.pem -passin pass:$PIN -subj /CN=x -out request.pem
expect_apdus 5 openssl req -new "${P[@]}" -key 9c.pem -subj /CN=x -out request.pem
openssl req -verify -noout -in request.pem
expect_apdus 3 openssl req -new "${P[@]}" -key 9e.pem -subj /CN=x -out request.pem </dev/null

# In both orders, and beside certificates.
for order in "-provider card -provider default" "-provider card -provider default -propquery ?provider=card"; do
    # shellcheck disable=SC2086
    openssl req -x509 $order -key 9a.pem -subj /CN=x -out 9a.crt
    openssl verify -CAfile 9a.crt 9a.crt
done
cat 9a.crt 9a.pem >bundle.pem
openssl storeutl "${P[@]}" -noout bundle.pem >objects
expect_in "Total found: 2" objects
openssl req -new "${P[@]}" -key bundle.pem -subj /CN=x -out request.pem
openssl req -verify -noout -in request.pem

# Written again, by each subcommand, it is a reference again.
openssl ec "${P[@]}" -in 9a.pem -out again.pem
cmp 9a.pem again.pem
openssl rsa "${P[@]}" -in 9c.pem -out again.pem
cmp 9c.pem again.pem
openssl rsa "${P[@]}" -in 9c.pem -traditional -out again.pem
cmp 9c.pem again.pem

# Encrypted: the passphrase opens it, and is not sent to the card as a PIN.
openssl pkey "${P[@]}" -in 9a.pem -aes256 -passout pass:654321 -out encrypted.pem
expect_in "-----BEGIN ENCRYPTED CARD KEY REFERENCE-----" encrypted.pem
expect_apdus 5 openssl req -new "${P[@]}" -key encrypted.pem -passin pass:654321 -subj /CN=x -out request.pem
openssl pkey "${P[@]}" -in prompted.pem -passin pass:$PIN -aes256 -passout pass:654321 -out encrypted.pem
apdu_log_clear
refused 'pin-source' openssl req -new "${P[@]}" -key encrypted.pem -passin pass:654321 -subj /CN=x
refused 'passphrase is wrong' openssl req -new "${P[@]}" -key encrypted.pem -passin pass:$PIN -subj /CN=x
[[ $(pins_sent) == 0 ]] || fail "a passphrase was sent as a PIN"

# Damaged, of another time, or for another card.
openssl asn1parse -in 9a.pem -out 9a.der -noout
der_to_pem() {
    echo "-----BEGIN CARD KEY REFERENCE-----"
    base64
    echo "-----END CARD KEY REFERENCE-----"
}
head -c 60 9a.der | der_to_pem >damaged.pem
refused 'damaged' openssl req -new "${P[@]}" -key damaged.pem -subj /CN=x
{ cat 9a.der; echo more; } | der_to_pem >damaged.pem
refused 'damaged' openssl req -new "${P[@]}" -key damaged.pem -subj /CN=x
sed 's/\x02\x01\x00/\x02\x01\x07/' 9a.der | der_to_pem >damaged.pem
refused 'version 7' openssl req -new "${P[@]}" -key damaged.pem -subj /CN=x
card_remove
refused '12345678' openssl req -new "${P[@]}" -key 9a.pem -subj /CN=x
card_insert --state "$WORK/other.state" --serial 999 --key 9a=p256
refused 'PIV card 12345678.*insert' openssl req -new "${P[@]}" -key 9a.pem -subj /CN=x
[[ $(pins_sent) == 0 ]] || fail "a PIN was sent to another card"
