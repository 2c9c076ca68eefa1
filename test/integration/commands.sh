#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The other subcommands of `openssl` that meet a key on the card.
source "$(dirname "$0")/lib.sh"

P=(-provider default -provider card)

key() {
    echo "card:slot=$1?pin-source=env:CARD_PIN"
}

pcscd_start
card_insert --profile yubikey --serial 12345678 --key 9a=rsa2048 --key 9c=p256 --key 9d=p384 \
    --certificate 9a=/CN=on-card-rsa --certificate 9c=/CN=on-card-ec,gzip
export CARD_PIN=$PIN
echo "text to sign" >text

# A CA on the card: a certificate for itself, and one for a request.
openssl req -x509 "${P[@]}" -key "$(key 9a)" -subj /CN=ca -days 30 -out ca.pem \
    -addext basicConstraints=critical,CA:TRUE
openssl verify -CAfile ca.pem ca.pem
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -subj /CN=leaf -out leaf.csr
openssl x509 -req "${P[@]}" -in leaf.csr -CA ca.pem -CAkey "$(key 9a)" -CAcreateserial -days 3 -out leaf.pem
openssl verify -CAfile ca.pem leaf.pem
openssl x509 "${P[@]}" -in 'card:slot=9a' -noout -subject -nameopt RFC2253 >subject
expect_in "subject=CN=on-card-rsa" subject

# Signatures over a text and over a hash; verified with the card's public half and with a file's.
for slot in 9a 9c 9d; do
    openssl pkey "${P[@]}" -pubin -in "card:slot=$slot" -pubout -out public.pem
    for digest in sha1 sha256 sha384 sha512 sha3-256; do
        openssl dgst "${P[@]}" -$digest -sign "$(key $slot)" -out signature text
        openssl dgst -$digest -verify public.pem -signature signature text
        openssl dgst "${P[@]}" -$digest -verify "card:slot=$slot;type=public" -signature signature text
        openssl dgst -$digest -binary -out hash text
        openssl pkeyutl "${P[@]}" -sign -inkey "$(key $slot)" -in hash -pkeyopt digest:$digest -out signature
        openssl pkeyutl -verify -pubin -inkey public.pem -in hash -pkeyopt digest:$digest -sigfile signature
    done
done
openssl pkey "${P[@]}" -pubin -in "card:slot=9a" -pubout -out public.pem
openssl dgst -sha256 -binary -out hash text
openssl pkeyutl "${P[@]}" -sign -inkey "$(key 9a)" -in hash -pkeyopt digest:sha256 \
    -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:max -out signature
openssl pkeyutl -verify -pubin -inkey public.pem -in hash -pkeyopt digest:sha256 \
    -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:max -sigfile signature
openssl pkeyutl "${P[@]}" -sign -inkey "$(key 9a)" -in text -out signature # no digest: the bytes as they are
openssl pkeyutl -verifyrecover -pubin -inkey public.pem -in signature | cmp - text
openssl pkeyutl "${P[@]}" -sign -rawin -digest sha256 -inkey "$(key 9c)" -in text -out signature
openssl pkey "${P[@]}" -pubin -in "card:slot=9c" -pubout -out public.pem
openssl dgst -sha256 -verify public.pem -signature signature text

# storeutl: names for all that is there, and each name leads to its object.
openssl storeutl "${P[@]}" card: >list
[[ $(grep -c ': Name: card:' list) == 5 ]] || fail "not three keys and two certificates: $(<list)"
expect_in "card:serial=12345678;app=piv;slot=9a;type=private" list
expect_in "card:serial=12345678;app=piv;slot=9c;type=cert" list
expect_in "Total found: 5" list
openssl storeutl "${P[@]}" -r -noout 'card:?pin-source=env:CARD_PIN' >followed
[[ $(grep -c ': Pkey$' followed) == 3 ]] || fail "not three keys: $(<followed)"
[[ $(grep -c ': Certificate$' followed) == 2 ]] || fail "not two certificates: $(<followed)"
openssl storeutl "${P[@]}" -certs -out certificates card: >list
[[ $(grep -c 'BEGIN CERTIFICATE' certificates) == 2 ]] || fail "not two certificates: $(<certificates)"
openssl storeutl "${P[@]}" -noout -keys "$(key 9c)" >list
expect_in "0: Pkey" list
sed -n 's/^[0-9]*: Name: //p' followed | while read -r uri; do
    openssl storeutl "${P[@]}" -noout "$uri" >one
    expect_in "Total found: 1" one
done
