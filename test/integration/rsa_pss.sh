#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A certificate that keeps its RSA key for PSS (RFC 4055), on a card where it is all that tells of the
# key, and on one that tells itself.
source "$(dirname "$0")/lib.sh"
: "${CARD_TOOL:?must name the program card_tool}"

P=(-provider default -provider card)
KEY='card:slot=9a?pin-source=env:CARD_PIN'
PSS256=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32)
export CARD_PIN=$PIN
echo "text to sign" >text

# issue NAME ALGORITHM: a certificate NAME.pem for the card's key, of that AlgorithmIdentifier.
issue() {
    openssl pkey "${P[@]}" -pubin -in card:slot=9a -pubout -outform DER -out spki.der
    # The bits of a SubjectPublicKeyInfo for RSA begin after its AlgorithmIdentifier, 24 bytes in.
    {
        cat <<'END'
asn1 = SEQUENCE:spki
[spki]
algorithm = SEQUENCE:algorithm
key = FORMAT:HEX,BITSTRING:HEXKEY
[algorithm]
oid = OID:rsassaPss
[parameters]
hash = EXPLICIT:0,SEQUENCE:sha256
mask = EXPLICIT:1,SEQUENCE:mgf1
salt = EXPLICIT:2,INTEGER:32
[sha256]
oid = OID:sha256
null = NULL
[mgf1]
oid = OID:mgf1
hash = SEQUENCE:sha256
END
    } | sed "s/HEXKEY/$(tail -c +25 spki.der | od -An -v -tx1 | tr -d ' \n')/" >spki.cnf
    [[ $2 != restricted ]] || sed -i 's/^oid = OID:rsassaPss/&\nparameters = SEQUENCE:parameters/' spki.cnf
    openssl asn1parse -genconf spki.cnf -noout -out pss.der
    openssl pkey -pubin -inform DER -in pss.der -pubout -out "$1.pub"
    openssl req -new -newkey ed25519 -nodes -keyout unused.key -subj "/CN=$1" -out unused.csr
    openssl x509 -req -in unused.csr -force_pubkey "$1.pub" -CA ca.pem -CAkey ca.key -CAcreateserial -out "$1.pem"
}

openssl req -x509 -newkey ed25519 -nodes -keyout ca.key -subj /CN=ca -out ca.pem \
    -addext basicConstraints=critical,CA:TRUE # OpenSSL 3.5 takes no other for a CA
pcscd_start

# ---- the certificate is all that tells of the key ------------------------------------------------

card_insert --profile piv --key 9a=rsa2048 --certificate 9a=/CN=plain
issue unrestricted unrestricted
issue restricted restricted
for name in unrestricted restricted; do
    openssl x509 -in $name.pem -outform DER -out $name.der
    "$CARD_TOOL" store card:app=piv 9a "$MANAGEMENT_KEY" $name.der
    for order in "-provider default -provider card" "-provider card -provider default" \
        "-provider default -provider card -propquery ?provider=card"; do
        # shellcheck disable=SC2086 # the order is several words
        {
            openssl pkey $order -pubin -in card:slot=9a -pubout -out card.pub
            openssl dgst $order -sha256 -sign "$KEY" "${PSS256[@]}" -out signature text
            openssl dgst $order -sha256 -verify "card:slot=9a;type=public" "${PSS256[@]}" -signature signature text
            openssl req -new $order -key "$KEY" -subj /CN=x -out request.pem
        }
        cmp $name.pub card.pub || fail "$order: not the certificate's public key"
        openssl dgst -sha256 -verify $name.pub "${PSS256[@]}" -signature signature text
        openssl req -verify -noout -in request.pem 2>verdict
        openssl req -noout -text -in request.pem >request
        expect_in "Public Key Algorithm: rsassaPss" request
        expect_in "Signature Algorithm: rsassaPss" request
    done
    openssl pkey "${P[@]}" -in "$KEY" -out reference.pem
    openssl dgst "${P[@]}" -sha256 -sign reference.pem "${PSS256[@]}" -out signature text
    openssl dgst -sha256 -verify $name.pub "${PSS256[@]}" -signature signature text
    apdu_log_clear
    expect_failure openssl dgst "${P[@]}" -sha256 -sign "$KEY" -sigopt rsa_padding_mode:pkcs1 text
    expect_failure openssl pkeyutl "${P[@]}" -decrypt -inkey "$KEY" -in signature
    [[ $(apdu_list) != *87:* ]] || fail "the card was asked: $(apdu_list)"

    # TLS 1.3 with that certificate.
    rm -f server.log
    "${OPENSSL[@]}" s_server "${P[@]}" -accept 127.0.0.1:4433 -key "$KEY" -cert $name.pem -www >server.log 2>&1 &
    server=$!
    wait_until 20 "s_server to listen" grep -q ACCEPT server.log
    openssl s_client -connect 127.0.0.1:4433 -CAfile ca.pem -verify_return_error \
        -sigalgs rsa_pss_pss_sha256:ed25519 <<<Q >client.log 2>&1 || fail "$(<client.log)"
    expect_signature_type RSA-PSS rsa_pss_pss_sha256 client.log
    kill $server
    wait $server || true
done
for options in "-sha384 -sigopt rsa_pss_saltlen:48" "-sha256 -sigopt rsa_pss_saltlen:31"; do
    # shellcheck disable=SC2086
    expect_failure openssl dgst "${P[@]}" $options -sign "$KEY" -sigopt rsa_padding_mode:pss text
done
card_remove

# ---- the card tells itself -------------------------------------------------------------------------

rm "$WORK/card.state"
card_insert --profile yubikey --key 9a=rsa2048
issue unrestricted unrestricted
openssl x509 -in unrestricted.pem -outform DER -out unrestricted.der
"$CARD_TOOL" store card:app=piv 9a "$MANAGEMENT_KEY" unrestricted.der
openssl pkey "${P[@]}" -pubin -in card:slot=9a -noout -text >key
expect_in "Public-Key: (2048 bit)" key
openssl dgst "${P[@]}" -sha256 -sign "$KEY" -out signature text # it is for anything
openssl dgst "${P[@]}" -sha256 -verify "card:slot=9a;type=public" -signature signature text
